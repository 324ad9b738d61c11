"""NN-descent: an approximate k-NN graph, as neighbours of neighbours are likely to be neighbours.

Dong, Charikar, Li: Efficient k-Nearest Neighbor Graph Construction for Generic Similarity Measures (WWW 2011), with the
sampling of the authors' KGraph. Every item keeps a pool of the nearest that it has met. In a round, an item meets the
neighbours of its neighbours, along two edges of which one at least is new; both are edges of a sample, taken in both
directions. Each item reads the sample of all and changes its own pool only, so that the rounds run in parallel and come
out the same for any number of threads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.beam import new_scratch
from algorithms.kernels.graph import Csr
from algorithms.kernels.heap import NO_KEY, admit, key_id, make_key, sort_max
from algorithms.kernels.policy import FASTMATH
from algorithms.kernels.space import distance, distances, target
from algorithms.kernels.workers import Workers

CONTROLS = 100
ENOUGH = 0.8
"""The rounds end when the pools of so many items hold this share of their true neighbours (KGraph)."""

_PAIRS = 1 << 20
"""How many pairs are introduced before any is taken."""

_OLD, _NEW, _SAMPLED = range(3)
_GOLDEN = 0.6180339887498949


class Pools(NamedTuple):
    """The nearest that each item has met.

    Attributes:
        keys: int64[n, L], ascending, `NO_KEY` where there are fewer.
        states: uint8[n, L]: whether an entry has been in a sample before, never, or is in that of this round.
        reach: int64[n], the sample is drawn from so many entries.
    """

    keys: NDArray[np.int64]
    states: NDArray[np.uint8]
    reach: NDArray[np.int64]


class Sample(NamedTuple):
    """The edges of a round in both directions: those sampled for the first time, and the others."""

    new: Csr
    old: Csr


def nn_descent(
    space: Any, n: int, pool: int, samples: int, reverse: int, rounds: int, seed: int, threads: int
) -> NDArray[np.int64]:
    """Return int64[n, min(pool, n - 1)]: the keys of each item's neighbours, ascending, `NO_KEY` where there are fewer.

    Args:
        space: the items, see `distance`; their distance must be symmetric.
        n: how many items.
        pool: how many neighbours (L).
        samples: how many new edges an item samples in a round (S).
        reverse: how many of the new edges that end at an item it takes at most (R), and twice as many old ones.
        rounds: how many rounds at most.
        seed: decides the first neighbours and the sample.
        threads: how many threads.
    """
    width = min(pool, n - 1)
    pools = Pools(np.full((n, width), NO_KEY), np.full((n, width), _NEW, np.uint8), np.zeros(n, np.int64))
    if width == 0:
        return pools.keys
    rng = np.random.default_rng(seed)
    starts, step = rng.integers(0, n, n), stride(n)
    controls = np.sort(rng.choice(n, min(CONTROLS, n), replace=False))
    shares = 2 * threads  # each reads all pairs, so few
    with Workers([new_scratch(n, width + 4 * reverse) for _ in range(threads)]) as workers:
        truth = np.empty((len(controls), width), np.int64)
        workers.run(_find_nearest, len(controls), space, controls, truth)
        workers.run(_draw_first, n, space, pools, starts, step, min(2 * samples, width))
        for _ in range(rounds):
            workers.run(_draw_sample, n, pools, samples)
            sample = Sample(
                Csr(*_both_ways(pools, _SAMPLED, reverse, rng.integers(2**31))),
                Csr(*_both_ways(pools, _OLD, 2 * reverse, rng.integers(2**31))),
            )
            for start, stop, begins in _batches(sample):
                hosts, guests = np.empty(begins[-1], np.int32), np.empty(begins[-1], np.int64)
                workers.run(_introduce, stop - start, space, pools, sample, start, begins, hosts, guests)
                workers.run(_take, shares, pools, hosts, guests, shares)
            if _recall(pools.keys[controls], truth) >= ENOUGH:
                break
    return pools.keys


def stride(n: int) -> int:
    """Return a step near the golden section of n that has no divisor in common with it.

    From anywhere, steps of it modulo n reach all of n items before any twice, and any few of them lie far apart.
    """
    step = max(1, round(n * _GOLDEN))
    while np.gcd(step, n) > 1:
        step += 1
    return step


def _recall(keys: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    """Return the share of the true neighbours' ids, by row, that are among the keys."""
    ids, true = keys & 0x7FFFFFFF, truth & 0x7FFFFFFF
    return float(np.mean([np.isin(b, a).mean() for a, b in zip(ids, true, strict=True)]))


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _find_nearest(start: Any, stop: Any, scratch: Any, space: Any, items: Any, keys: Any) -> None:
    """Find the nearest of all by measuring all."""
    for i in range(start, stop):
        point = target(space, items[i])
        heap, found = scratch.results, 0
        for other in range(len(scratch.stamps)):
            if other != items[i] and admit(heap, found, keys.shape[1], make_key(distance(point, other), other)):
                found = min(keys.shape[1], found + 1)
        sort_max(heap, found)
        keys[i] = heap[:found]


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _draw_first(
    start: Any, stop: Any, scratch: Any, space: Any, pools: Any, starts: Any, step: Any, count: Any
) -> None:
    """Give every item `count` others to begin with."""
    n = len(starts)
    for item in range(start, stop):
        other, met = starts[item], 0
        while met < count:
            other = (other + step) % n
            if other != item:
                scratch.items[met] = other
                met += 1
        distances(target(space, item), scratch.items, count, scratch.lengths)
        for i in range(count):
            pools.keys[item, i] = make_key(scratch.lengths[i], scratch.items[i])
        pools.keys[item, :count].sort()


@nb.njit(cache=True, nogil=True)
def _draw_sample(start: Any, stop: Any, scratch: Any, pools: Any, samples: Any) -> None:
    """Let every item sample its nearest entries: as many more as before that `samples` are new, if it can."""
    for item in range(start, stop):
        keys, states = pools.keys[item], pools.states[item]
        most = min(pools.reach[item] + samples, len(keys))
        reach = fresh = 0
        while reach < most and keys[reach] != NO_KEY and fresh < samples:
            if states[reach] == _SAMPLED:
                states[reach] = _OLD
            elif states[reach] == _NEW:
                states[reach] = _SAMPLED
                fresh += 1
            reach += 1
        pools.reach[item] = reach
        for i in range(reach, len(keys)):
            if states[i] == _SAMPLED:
                states[i] = _OLD


@nb.njit(cache=True, nogil=True)
def _both_ways(pools: Any, state: Any, reverse: Any, seed: Any) -> Any:
    """Return the sampled edges of a state as the arrays of a `Csr`: each item's own, then those that end at it.

    Of the latter it takes at most `reverse`, any of them with equal chance, and none from an item in its own sample.
    """
    n = len(pools.reach)
    own, ending = np.zeros(n, np.int64), np.zeros(n, np.int64)
    for item in range(n):
        for i in range(pools.reach[item]):
            if pools.states[item, i] == state:
                own[item] += 1
                key = pools.keys[item, i]
                ending[key_id(key)] += not _samples(pools, key_id(key), item)
    starts = np.zeros(n + 1, np.int64)
    for item in range(n):
        starts[item + 1] = starts[item] + own[item] + min(ending[item], reverse)
    ids = np.empty(starts[n], np.int32)
    written, offered = np.zeros(n, np.int64), np.zeros(n, np.int64)
    random = np.uint64(seed)
    for item in range(n):
        for i in range(pools.reach[item]):
            if pools.states[item, i] != state:
                continue
            key = pools.keys[item, i]
            other = key_id(key)
            ids[starts[item] + written[item]] = other
            written[item] += 1
            if not _samples(pools, other, item):
                place = offered[other]
                if place >= reverse:
                    random = random * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
                    place = np.int64((random >> np.uint64(33)) % np.uint64(offered[other] + 1))
                if place < reverse:
                    ids[starts[other] + own[other] + place] = item
                offered[other] += 1
    return starts, ids


@nb.njit(cache=True, nogil=True)
def _samples(pools: Any, item: Any, other: Any) -> Any:
    """Return whether an item samples its edge to another."""
    return _has(pools.keys[item, : pools.reach[item]], other)


def _batches(sample: Sample) -> Iterator[tuple[int, int, NDArray[np.int64]]]:
    """Yield bounds of items with few enough pairs to introduce, and int64: where those of each begin, and the end."""
    new, old = np.diff(sample.new.starts), np.diff(sample.old.starts)
    ends = np.cumsum(new * (new - 1) + 2 * new * old)
    start, before = 0, 0
    while start < len(ends):
        stop = max(start + 1, int(np.searchsorted(ends, before + _PAIRS, "right")))
        yield start, stop, np.append(before, ends[start:stop]) - before
        start, before = stop, int(ends[stop - 1])


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _introduce(
    start: Any, stop: Any, scratch: Any, space: Any, pools: Any, sample: Any, first: Any, begins: Any, hosts: Any,
    guests: Any,
) -> None:  # fmt: skip
    """Introduce an item's neighbours to each other: write whom an item should take into its pool.

    Args:
        start: the first item, counted from `first`.
        stop: the item after the last.
        scratch: this thread's memory.
        space: the items.
        pools: what is known.
        sample: the edges.
        first: the item that 0 stands for.
        begins: int64[*], where the pairs of each item begin.
        hosts: int32[*], who should take; -1 where nobody should.
        guests: int64[*], the key of whom.
    """
    new, old = sample
    items = scratch.items
    for at in range(start, stop):
        item, pair = first + at, begins[at]
        for i in range(new.starts[item], new.starts[item + 1]):
            host, count = new.ids[i], 0
            for j in range(i + 1, new.starts[item + 1]):
                items[count] = new.ids[j]
                count += 1
            for j in range(old.starts[item], old.starts[item + 1]):
                items[count] = old.ids[j]
                count += 1
            distances(target(space, host), items, count, scratch.lengths)
            for j in range(count):
                _propose(pools, host, make_key(scratch.lengths[j], items[j]), hosts, guests, pair)
                _propose(pools, items[j], make_key(scratch.lengths[j], host), hosts, guests, pair + 1)
                pair += 2


@nb.njit(cache=True, nogil=True, inline="always")
def _propose(pools: Any, host: Any, key: Any, hosts: Any, guests: Any, place: Any) -> None:
    hosts[place] = host if key < pools.keys[host, -1] else -1
    guests[place] = key


@nb.njit(cache=True, nogil=True)
def _take(start: Any, stop: Any, scratch: Any, pools: Any, hosts: Any, guests: Any, shares: Any) -> None:
    """Let the hosts in some of equal shares of all take their guests, without repeats; the farthest fall out."""
    first, end = start * len(pools.keys) // shares, stop * len(pools.keys) // shares
    for place in range(len(hosts)):
        host = hosts[place]
        if host < first or host >= end:
            continue
        keys, states, key = pools.keys[host], pools.states[host], guests[place]
        last = len(keys) - 1
        if key >= keys[last] or _has(keys, key_id(key)):
            continue
        while last > 0 and keys[last - 1] > key:
            keys[last], states[last] = keys[last - 1], states[last - 1]
            last -= 1
        keys[last], states[last] = key, _NEW


@nb.njit(cache=True, nogil=True)
def _has(keys: Any, item: Any) -> Any:
    """Return whether an item is among keys; whatever its distance, which rounding makes differ between two ways."""
    found = False
    for i in range(len(keys)):
        found |= key_id(keys[i]) == item
    return found
