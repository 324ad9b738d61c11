"""Building the graphs of DIGRA: a layer from the one below it, and an item at a time (SIGMOD 2025, sections 4.1, 4.3).

The row of an item in a layer is chosen from its row in the layer below and from its nearest items in the other
children of its node. It depends on nothing but the layer below, so all items of a layer are done in parallel, and the
index is that of the serial build, byte for byte.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.digra.search import Within, find_entry, graph_of, node_of
from algorithms.kernels.beam import RESULTS, Scratch, begin, new_scratch, seed, walk
from algorithms.kernels.filter import Everything
from algorithms.kernels.heap import insert_sorted, key_id, make_key, sort_max
from algorithms.kernels.policy import FASTMATH
from algorithms.kernels.prune import Always, prune
from algorithms.kernels.scan import scan
from algorithms.kernels.space import distance, target


class Memory(NamedTuple):
    """What one thread needs to build.

    Attributes:
        scratch: to search with.
        pool: int64[(most + 1) * M], candidates of an item, as keys.
        kept: int64[M], those that were chosen.
    """

    scratch: Scratch
    pool: NDArray[np.int64]
    kept: NDArray[np.int64]


def new_memory(n: int, m: int, most: int) -> Memory:
    """Return memory for one thread; n items, M neighbours, `most` children per node."""
    return Memory(new_scratch(n, m), np.empty((most + 1) * m, np.int64), np.empty(m, np.int64))


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def refresh(start: Any, stop: Any, memory: Any, index: Any, space: Any, layer: Any, first: Any, ef: Any) -> None:
    """Choose the rows of a layer for the items of ranks `first` + `start` to `first` + `stop` - 1 (algorithm 4)."""
    scratch, pool = memory.scratch, memory.pool
    for rank in range(first + start, first + stop):
        item = index.items[rank]
        point = target(space, item)
        count = _read_row(index, point, item, layer - 1, pool, 0)
        own, _ = node_of(index, layer - 1, rank)
        low, high = node_of(index, layer, rank)
        while low < high:
            _, end = node_of(index, layer - 1, low)
            if low != own:
                found = _nearest(point, index, layer - 1, low, end, np.int64(-1), ef, scratch)
                found = prune(space, Always(), item, scratch.results, found, len(memory.kept), 1.0, memory.kept)
                for i in range(found):
                    count = insert_sorted(pool, count, memory.kept[i])
            low = end
        _write_row(index, space, item, layer, memory, count)


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def link(memory: Any, index: Any, space: Any, layer: Any, item: Any, ef: Any) -> None:
    """Insert an item, which has its rank, into the graph of its node in a layer, in both directions (algorithm 6)."""
    scratch, pool = memory.scratch, memory.pool
    point = target(space, item)
    low, high = node_of(index, layer, index.ranks[item])
    # The nearest known from the layer below.
    below = index.columns[layer - 1]
    start = index.rows[item, below] if index.columns[layer] > below else np.int32(-1)
    count = _nearest(point, index, layer, low, high, np.int64(start), ef, scratch)
    known = 0
    for i in range(count):  # not the item itself
        if key_id(scratch.results[i]) != item:
            scratch.results[known] = scratch.results[i]
            known += 1
    count = prune(space, Always(), item, scratch.results, known, len(memory.kept), 1.0, memory.kept)
    for i in range(count):
        pool[i] = memory.kept[i]
    _write_row(index, space, item, layer, memory, count)
    for j in range(index.columns[layer], index.columns[layer + 1]):
        other = index.rows[item, j]
        if other < 0:
            break
        back = target(space, other)
        count = _read_row(index, back, other, layer, pool, 0)
        count = insert_sorted(pool, count, make_key(distance(back, item), item))
        _write_row(index, space, other, layer, memory, count)


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _nearest(point: Any, index: Any, layer: Any, low: Any, high: Any, item: Any, ef: Any, scratch: Any) -> Any:
    """Write the `ef` items nearest to a point of the node of ranks `low` to `high` - 1 to ``scratch.results``.

    As keys, ascending; return how many. The search starts from `item`, or the node's entry if that is -1. A node of
    at most `ef` items is measured whole: a beam as wide would meet them all.
    """
    if high - low <= ef:
        begin(scratch)
        scan(point, Everything(), index.items, low, high, ef, scratch)
        sort_max(scratch.results, scratch.counters[RESULTS])
        return scratch.counters[RESULTS]
    if item < 0:
        item = find_entry(point, index, np.int64(index.items[(low + high) >> 1]), layer, scratch)
    accept = Within(index.ranks, low, high - 1)
    visited = begin(scratch)  # anew: the entry was sought with the same memory
    seed(point, accept, visited, item, ef, scratch)
    walk(point, graph_of(index, layer), accept, visited, ef, scratch)
    sort_max(scratch.results, scratch.counters[RESULTS])
    return scratch.counters[RESULTS]


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _read_row(index: Any, point: Any, item: Any, layer: Any, keys: Any, count: Any) -> Any:
    """Add an item's living neighbours in a layer to `count` ascending keys; return how many there are now."""
    for j in range(index.columns[layer], index.columns[layer + 1]):
        other = index.rows[item, j]
        if other < 0:
            break
        if index.ranks[other] >= 0:
            count = insert_sorted(keys, count, make_key(distance(point, other), other))
    return count


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _write_row(index: Any, space: Any, item: Any, layer: Any, memory: Any, count: Any) -> None:
    """Make the best of the pool's `count` ascending keys the row of an item in a layer."""
    start, stop = index.columns[layer], index.columns[layer + 1]
    keys = memory.pool
    if count > stop - start:
        count = prune(space, Always(), item, memory.pool, count, stop - start, 1.0, memory.kept)
        keys = memory.kept
    for i in range(count):
        index.rows[item, start + i] = key_id(keys[i])
    index.rows[item, start + count : stop] = -1
