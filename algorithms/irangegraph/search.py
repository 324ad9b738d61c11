"""The graph of iRangeGraph: a segment tree over ranks, a graph at each of its nodes, and a choice among their edges.

Xu, Feng, Hu, Zheng, Zhou: iRangeGraph: Improvising Range-dedicated Graphs for Range-filtering Nearest Neighbor Search
(SIGMOD 2025). Items are known by their ranks. The root of the tree holds all; a node's left half is its left child, and
an odd item goes left. So nodes are never stored, and every item has one row of neighbours for each depth.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.irangegraph.second_filter import filter_of, follows
from algorithms.kernels.beam import COMPUTED, begin, finish, seed, walk
from algorithms.kernels.graph import neighbours
from algorithms.kernels.policy import FASTMATH, implements
from algorithms.kernels.scan import scan
from algorithms.kernels.space import query_target
from algorithms.kernels.visited import visit


class Layers(NamedTuple):
    """The graphs of all depths.

    Attributes:
        rows: int32[n, columns], an item's rows of all depths, one behind the other, each filled with -1.
        columns: int64[depths + 1]; the row of depth t is ``columns[t]`` to ``columns[t + 1]``.
        limit: how many neighbours are chosen for an item of a search (M).
    """

    rows: NDArray[np.int32]
    columns: NDArray[np.int64]
    limit: int


class Dedicated(NamedTuple):
    """The graph that is improvised for the ranks `first` to `last`, of edges that `accept` follows."""

    layers: Layers
    first: int
    last: int
    accept: Any


def columns_of(n: int, m: int) -> NDArray[np.int64]:
    """Return where the rows of each depth are: they have a place for all others of a node, `m` at most."""
    widths = []
    size = n
    while size > 1:
        widths.append(min(m, size - 1))
        size = (size + 1) // 2
    return np.concatenate([[0], np.cumsum(widths)]).astype(np.int64)


@nb.njit(cache=True, nogil=True, inline="always")
def middle(low: Any, high: Any) -> Any:
    """Return where the right child begins of the node of the ranks `low` to `high` - 1."""
    return low + ((high - low + 1) >> 1)


@nb.njit(cache=True, nogil=True)
def node_at(n: Any, rank: Any, depth: Any) -> Any:
    """Return the first rank, and the last plus one, of the node of a depth that holds a rank; its leaf if none does."""
    low, high = np.int64(0), np.int64(n)
    for _ in range(depth):
        if high - low == 1:
            break
        border = middle(low, high)
        if rank < border:
            high = border
        else:
            low = border
    return low, high


@implements(neighbours, Dedicated)
def _(graph: Any, node: Any, visited: Any, out: Any) -> Any:
    """Choose edges from the root down to the first node within the range (algorithm 3 of the paper).

    A node is passed over if its child has all of its part of the range, as the child's edges all lead there.
    """
    layers, first, last = graph.layers, graph.first, graph.last
    low, high, depth, count = np.int64(0), np.int64(len(layers.rows)), 0, 0
    while high - low > 1:
        border = middle(low, high)
        inside = low >= first and high - 1 <= last
        child_low, child_high = (low, border) if node < border else (border, high)
        # The other child has a part of the range as well.
        if inside or (first < border <= last):
            for j in range(layers.columns[depth], layers.columns[depth + 1]):
                item = layers.rows[node, j]
                if item < 0:
                    break
                if first <= item <= last and follows(graph.accept, node, item):
                    out[count] = item
                    count += visit(visited, item)
                    if count == layers.limit:
                        return count
            if inside:
                break
        low, high = child_low, child_high
        depth += 1
    return count


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _seed_cover(query: Any, accept: Any, n: Any, first: Any, last: Any, visited: Any, ef: Any, scratch: Any) -> Any:
    """Start from an item of each of the largest nodes that make up the range, up to 2 log2(n); return the beam.

    A beam that is narrower than there are nodes is widened to their number.
    """
    starts, size = scratch.items, 0
    low = first
    while low <= last:
        # The largest node that begins here and ends in the range.
        node_low, node_high = np.int64(0), np.int64(n)
        while node_low != low or node_high - 1 > last:
            border = middle(node_low, node_high)
            if low < border:
                node_high = border
            else:
                node_low = border
        starts[size] = (low + node_high - 1) >> 1
        size += 1
        low = node_high
    for i in range(size):
        seed(query, accept, visited, starts[i], max(ef, size), scratch)
    return max(ef, size)


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def search(
    start: Any, stop: Any, scratch: Any, layers: Any, space: Any, items: Any, queries: Any, intervals: Any,
    secondary: Any, ef: Any, scan_below: Any, ids: Any, lengths: Any, computed: Any,
) -> None:  # fmt: skip
    """Answer queries `start` to `stop` - 1, each within the ranks of its row of `intervals`, int64[q, 2].

    `secondary` is a policy of `filter_of`. A range of fewer than `scan_below` items is measured whole; `items` is
    int32[n], 0 to n - 1.
    """
    n = len(layers.rows)
    for i in range(start, stop):
        scratch.counters[COMPUTED] = 0
        visited = begin(scratch)
        query, accept = query_target(space, queries, i), filter_of(secondary, i, n)
        first, last = intervals[i, 0], intervals[i, 1]
        if last - first + 1 < scan_below:
            scan(query, accept, items, first, last + 1, ef, scratch)
        elif first <= last:
            beam = _seed_cover(query, accept, n, first, last, visited, ef, scratch)
            walk(query, Dedicated(layers, first, last, accept), accept, visited, beam, scratch)
        finish(scratch, ids[i], lengths[i])
        computed[i] = scratch.counters[COMPUTED]
