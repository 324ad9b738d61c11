"""Building SeRF (SIGMOD 2024, sections 4 and 5): items are inserted in the order of their ranks, in parallel.

A batch of items searches the graph of the items before the batch. As neighbours in rank are what small ranges are
made of, each item is also compared with all items of its batch before it, so that it misses none for the batch's
sake. Then every node takes the edges back one by one in the order of insertion, and notes which edges each removes:
so the graph of every prefix can be told, and is the one that this build makes of the prefix alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.beam import begin, new_scratch, seed, sort_entered, walk
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Csr, Rows
from algorithms.kernels.heap import insert_sorted, key_id, make_key
from algorithms.kernels.insert import Links, edges_back, new_links, read_row, write_row
from algorithms.kernels.policy import FASTMATH
from algorithms.kernels.prune import Always, prune
from algorithms.kernels.space import Space, distance, target
from algorithms.kernels.workers import Workers
from algorithms.serf.search import SEEDS, Batches, Segment

_BATCH = 256
"""The most items that are inserted at a time. It must not depend on how many there are: prefixes are built alike."""

LEAPS = ("min", "mid", "max")
"""Which of a batch's neighbours, by rank, is the last first rank that the batch is for."""


class Found(NamedTuple):
    """The edges to lower ranks of some items.

    Attributes:
        batches: int32[items], how many batches each has.
        lasts: int32[items, most], see `Batches`.
        sizes: int32[items, most], how many edges each batch has.
        ids: int32[items, edges], the neighbours, batch after batch.
    """

    batches: NDArray[np.int32]
    lasts: NDArray[np.int32]
    sizes: NDArray[np.int32]
    ids: NDArray[np.int32]


class _Parts:
    """The edges of the items inserted so far, in the order of insertion."""

    def __init__(self) -> None:
        self.batches: list[NDArray[np.int32]] = []
        self.lasts: list[NDArray[np.int32]] = []
        self.sizes: list[NDArray[np.int32]] = []
        self.ids: list[NDArray[np.int32]] = []

    def take(self, found: Found, items: int) -> None:
        """Add the edges of the next items; `found` can be overwritten then."""
        batches = found.batches[:items].copy()
        used = np.arange(found.sizes.shape[1]) < batches[:, None]
        sizes = found.sizes[:items]
        edges = np.where(used, sizes, 0).sum(1)
        self.batches.append(batches)
        self.lasts.append(found.lasts[:items][used])
        self.sizes.append(sizes[used])
        self.ids += [found.ids[i, : edges[i]].copy() for i in range(items)]

    def batched(self) -> Batches:
        """Return them all."""
        empty = np.empty(0, np.int32)
        batches, lasts, sizes, ids = (
            np.concatenate([empty, *parts]) for parts in (self.batches, self.lasts, self.sizes, self.ids)
        )
        return Batches(_offsets(batches), lasts, _offsets(sizes), ids)


def build(space: Space, m: int, ef_construction: int, ef_max: int, leap: str, threads: int) -> tuple[Segment, Batches]:
    """Insert all items in the order of their ranks. The same for any number of threads.

    Args:
        space: the items, in the order of their ranks.
        m: neighbours of an item at most, in each batch and in the graph of each prefix.
        ef_construction: how many candidates a batch is chosen from, at most.
        ef_max: the beam that candidates are sought with.
        leap: one of `LEAPS`.
        threads: how many threads.
    """
    n = len(space.rows)
    links = new_links(n, m, m)
    most = 2 * ef_max + _BATCH
    # Nearly all of these pages are never touched: a node has a few batches.
    found = Found(
        np.zeros(_BATCH, np.int32), *(np.empty((_BATCH, width), np.int32) for width in (most, most, most * m))
    )
    parts = _Parts()
    removed = []
    with Workers([new_scratch(n, m) for _ in range(threads)]) as workers:
        for low, high in _spans(n):
            workers.run(
                _link_forward, high - low, space, links, low, ef_construction, ef_max, LEAPS.index(leap), found
            )  # fmt: skip
            parts.take(found, high - low)
            back = edges_back(np.arange(low, high, dtype=np.int32), links.ids[low:high], links.lengths[low:high])
            heads = len(back.groups) - 1
            records = np.full((len(back.heads) + heads * m, 3), -1, np.int32)
            workers.run(_link_back, heads, space, links, *back, records)
            removed.append(records[records[:, 0] >= 0])
    return _segment(links, removed), parts.batched()


def transposed(forward: Batches) -> Csr:
    """Return the edges of all batches by the nodes that they lead to, those that they leave in descending order."""
    n = len(forward.nodes) - 1
    sizes = np.diff(forward.starts[forward.nodes])
    tails = np.repeat(np.arange(n, dtype=np.int32), sizes)
    order = np.lexsort((-tails, forward.ids))
    heads, tails = forward.ids[order], tails[order]
    # An item may be in several batches of a node.
    first = np.ones(len(heads), np.bool_)
    first[1:] = (np.diff(heads) != 0) | (np.diff(tails) != 0)
    return Csr(_offsets(np.bincount(heads[first], minlength=n)), tails[first])


def _spans(n: int) -> Iterator[tuple[int, int]]:
    low = 0
    while low < n:
        high = min(n, low + min(max(1, low), _BATCH))
        yield low, high
        low = high


def _offsets(counts: NDArray[Any]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _segment(links: Links, removed: list[NDArray[np.int32]]) -> Segment:
    """Return the edges that are left, and those that were removed with the rank that did it."""
    n = len(links.ids)
    nodes, places = np.nonzero(links.ids >= 0)
    left = np.stack([nodes, links.ids[nodes, places], np.full(len(nodes), n)], axis=1).astype(np.int32)
    records = np.concatenate([left, *removed])
    records = records[np.lexsort((-records[:, 2], records[:, 0]))]
    return Segment(_offsets(np.bincount(records[:, 0], minlength=n)), records[:, 1].copy(), records[:, 2].copy())


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _link_forward(
    start: Any, stop: Any, scratch: Any, space: Any, links: Any, low: Any, ef_construction: Any, ef_max: Any, leap: Any,
    found: Any,
) -> None:  # fmt: skip
    """Give the items from rank `low` on their batches; the first, which is for all ranks, are their links."""
    keys = scratch.results
    for slot in range(start, stop):
        rank = low + slot
        point = target(space, rank)
        visited = begin(scratch)
        if low > 0:
            for s in range(SEEDS):
                seed(point, Everything(), visited, s * (low - 1) // SEEDS, ef_max, scratch)
            walk(point, Rows(links.ids), Everything(), visited, ef_max, scratch)
        count = sort_entered(scratch, 2 * ef_max)
        for other in range(low, rank):
            keys[count] = make_key(distance(point, other), other)
            count += 1
        keys[:count].sort()
        _choose_batches(space, links, rank, count, ef_construction, leap, found, slot, scratch)


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _choose_batches(
    space: Any, links: Any, rank: Any, count: Any, ef_construction: Any, leap: Any, found: Any, slot: Any, scratch: Any
) -> None:
    """Prune the candidates in ``scratch.results`` for ranges that begin at 0, and again wherever that ends to hold."""
    keys, pool, chosen = scratch.results, scratch.candidates, scratch.expanded
    first, batches, edges = np.int32(0), 0, 0
    while True:
        size = 0
        for i in range(count):
            if key_id(keys[i]) >= first:
                pool[size] = keys[i]
                size += 1
                if size == ef_construction:
                    break
        if size == 0:
            break
        kept = prune(space, Always(), rank, pool, size, links.degree, 1.0, chosen)
        ids = found.ids[slot, edges : edges + kept]
        for i in range(kept):
            ids[i] = key_id(chosen[i])
        if batches == 0:
            write_row(links, rank, chosen, kept)
        ranks = scratch.items[:kept]
        ranks[:] = ids
        ranks.sort()
        last = ranks[(kept - 1) * leap // 2]
        found.lasts[slot, batches] = last
        found.sizes[slot, batches] = kept
        batches += 1
        edges += kept
        first = last + 1
    if batches > 0:
        found.lasts[slot, batches - 1] = rank
    found.batches[slot] = batches


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _link_back(
    start: Any, stop: Any, scratch: Any, space: Any, links: Any, heads: Any, tails: Any, lengths: Any, groups: Any,
    records: Any,
) -> None:  # fmt: skip
    """Give every head the edges back to its tails, one by one; note what is removed as (head, neighbour, tail)."""
    keys, pool, chosen = scratch.results, scratch.candidates, scratch.entered
    width = links.ids.shape[1]
    for i in range(start, stop):
        head = heads[groups[i]]
        at = groups[i] + i * width  # a head removes at most what it had and what it was given
        count = read_row(links, head, keys)
        for j in range(groups[i], groups[i + 1]):
            count = insert_sorted(keys, count, make_key(lengths[j], tails[j]))
            if count <= width:
                continue
            pool[:count] = keys[:count]
            kept = prune(space, Always(), head, pool, count, width, links.alpha, chosen)
            next_kept = 0
            for c in range(count):
                if next_kept < kept and keys[c] == chosen[next_kept]:
                    keys[next_kept] = chosen[next_kept]
                    next_kept += 1
                elif key_id(keys[c]) != tails[j]:
                    records[at, 0], records[at, 1], records[at, 2] = head, key_id(keys[c]), tails[j]
                    at += 1
            count = kept
        write_row(links, head, keys, count)
