"""The pools of NN-descent, and the sample of their entries that a round works on.

The sampling is that of the authors' KGraph: every item samples its nearest entries, as far as S of them are new, and
at most R of the items that sample it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.beam import Scratch
from algorithms.kernels.csr import Csr, offsets
from algorithms.kernels.heap import NO_KEY, key_id, make_key, sort
from algorithms.kernels.jit import kernel, part
from algorithms.kernels.space import distances, target
from algorithms.kernels.types import Item, Key, Keys, Space
from algorithms.kernels.workers import Workers

_OLD, _NEW, _SAMPLED = range(3)


class Pools(NamedTuple):
    """The pool of every item: the nearest others that it has met.

    Attributes:
        keys: int64[n, L], ascending, `NO_KEY` where there are fewer.
        states: uint8[n, L], whether each entry was in the sample of an earlier round (`_OLD`), of none yet (`_NEW`), or
            is for the first time in that of this round (`_SAMPLED`). These are the flags of the paper.
        reach: int64[n], on how many entries of each pool, from the nearest on, the round works (M in KGraph).
    """

    keys: NDArray[np.int64]
    states: NDArray[np.uint8]
    reach: NDArray[np.int64]


class Sample(NamedTuple):
    """The edges that a round works on, in both directions.

    Attributes:
        new: those sampled for the first time; in KGraph nn_new and rnn_new.
        old: the others; in KGraph nn_old and rnn_old.
    """

    new: Csr
    old: Csr


def new_pools(n: int, L: int) -> Pools:
    """Return n empty pools that hold up to L entries."""
    return Pools(np.full((n, L), NO_KEY), np.full((n, L), _NEW, np.uint8), np.zeros(n, np.int64))


def draw_sample(workers: Workers, pools: Pools, S: int, R: int, rng: np.random.Generator) -> Sample:
    """Draw the sample of a round.

    Args:
        workers: the threads.
        pools: the pools; what is in the sample is marked there.
        S: how many new entries an item samples at most.
        R: how many of the new edges that lead to an item it takes at most, and twice as many old ones.
        rng: decides which of them it takes.
    """
    workers.run(_mark_sample, len(pools.keys), pools, S)
    new = _sampled_edges(pools, _SAMPLED, R, int(rng.integers(2**31)))
    return Sample(new, _sampled_edges(pools, _OLD, 2 * R, int(rng.integers(2**31))))


@kernel
def fill_pools(
    start: int,
    stop: int,
    scratch: Scratch,
    space: Space,
    pools: Pools,
    firsts: NDArray[np.int64],
    step: int,
    count: int,
) -> None:
    """Put `count` others into the empty pools of items `start` to `stop` - 1: those in steps from ``firsts[item]``."""
    n = len(pools.keys)
    for item in range(start, stop):
        other, drawn = firsts[item], 0
        while drawn < count:
            other = (other + step) % n
            if other != item:
                scratch.items[drawn] = other
                drawn += 1
        distances(target(space, item), scratch.items, count, scratch.lengths)
        for i in range(count):
            pools.keys[item, i] = make_key(scratch.lengths[i], scratch.items[i])
        sort(pools.keys[item], count)


@part
def would_enter(pools: Pools, item: Item, key: Key) -> bool:
    """Return whether a candidate is near enough for an item's pool."""
    return key < pools.keys[item, -1]


@part
def enter(pools: Pools, item: Item, key: Key) -> None:
    """Put a candidate into an item's pool as a new entry, unless it is there or too far; the farthest falls out."""
    keys, states = pools.keys[item], pools.states[item]
    place = len(keys) - 1
    if key >= keys[place] or _holds(keys, key_id(key)):
        return
    while place > 0 and keys[place - 1] > key:
        keys[place], states[place] = keys[place - 1], states[place - 1]
        place -= 1
    keys[place], states[place] = key, _NEW


@kernel
def _mark_sample(start: int, stop: int, scratch: Scratch, pools: Pools, S: int) -> None:
    """Set every item's reach, and mark the new entries within it as sampled."""
    for item in range(start, stop):
        keys, states = pools.keys[item], pools.states[item]
        # Reach S entries further than before, or as far as S of the entries are new.
        most = min(pools.reach[item] + S, len(keys))
        reach = new = 0
        while reach < most and keys[reach] != NO_KEY and new < S:
            if states[reach] == _SAMPLED:
                states[reach] = _OLD
            elif states[reach] == _NEW:
                states[reach] = _SAMPLED
                new += 1
            reach += 1
        pools.reach[item] = reach
        # What the round before sampled and this one does not reach is old as well.
        for i in range(reach, len(keys)):
            if states[i] == _SAMPLED:
                states[i] = _OLD


def _sampled_edges(pools: Pools, state: int, R: int, seed: int) -> Csr:
    """Return the sampled entries in a state as edges: an item's entries, then up to R items that have it as one."""
    n = len(pools.keys)
    forward, backward = np.zeros(n, np.int64), np.zeros(n, np.int64)
    _count_edges(pools, state, forward, backward)
    starts = offsets(forward + np.minimum(backward, R))
    edges = Csr(starts, np.empty(starts[-1], np.int32))
    _write_edges(pools, state, R, seed, forward, np.zeros((2, n), np.int64), edges)
    return edges


@kernel
def _count_edges(pools: Pools, state: int, forward: NDArray[np.int64], backward: NDArray[np.int64]) -> None:
    """Count how many sampled entries in a state each item has, and how many items have it as one, from 0 on.

    The latter leaves out the items that it samples as well: to those it has an edge already.
    """
    for item in range(len(pools.keys)):
        for i in range(pools.reach[item]):
            if pools.states[item, i] == state:
                other = key_id(pools.keys[item, i])
                forward[item] += 1
                backward[other] += not _reaches(pools, other, item)


@kernel
def _write_edges(
    pools: Pools, state: int, R: int, seed: int, forward: NDArray[np.int64], counts: NDArray[np.int64], edges: Csr
) -> None:
    """Write the edges that `_count_edges` counted; of more than R that lead to an item, any R with equal chance.

    `counts` is int64[2, n] of zeros.
    """
    written, offered = counts[0], counts[1]
    random = np.uint64(seed)
    for item in range(len(pools.keys)):
        for i in range(pools.reach[item]):
            if pools.states[item, i] != state:
                continue
            # The entry as an edge of the item.
            other = key_id(pools.keys[item, i])
            edges.ids[edges.starts[item] + written[item]] = other
            written[item] += 1
            if _reaches(pools, other, item):
                continue
            # And backwards: the first R fill the places; a later one, the m-th, replaces any with a chance of R / m.
            place = offered[other]
            offered[other] += 1
            if place >= R:
                random = random * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
                place = np.int64((random >> np.uint64(33)) % np.uint64(offered[other]))
            if place < R:
                edges.ids[edges.starts[other] + forward[other] + place] = item


@part
def _reaches(pools: Pools, item: Item, other: Item) -> bool:
    """Return whether another is among the entries that an item works on."""
    return _holds(pools.keys[item, : pools.reach[item]], other)


@part
def _holds(keys: Keys, item: Item) -> bool:
    """Return whether an item is among keys, at any distance: by rounding the two directions may differ in length."""
    holds = False
    for i in range(len(keys)):
        holds |= key_id(keys[i]) == item
    return holds
