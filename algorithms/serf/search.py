"""The index of SeRF and its search: all prefixes in one graph, and edges by the first rank of a range.

Zuo, Qiao, Zhou, Li, Deng: SeRF: Segment Graph for Range-Filtering Approximate Nearest Neighbor Search (SIGMOD 2024).
Items are known by their ranks, and were inserted in that order.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.beam import COMPUTED, begin, finish, seed, walk
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Csr, neighbours
from algorithms.kernels.policy import FASTMATH, implements
from algorithms.kernels.scan import scan
from algorithms.kernels.space import query_target
from algorithms.kernels.visited import visit

SEEDS = 3
"""How many items a search starts from, evenly spread over the range."""


class Segment(NamedTuple):
    """The one-dimensional segment graph: the graphs of all prefixes of the ranks, in one (section 4 of the paper).

    Attributes:
        starts: int64[n + 1], where each node's edges start.
        ids: int32[edges], the neighbours.
        ends: int32[edges], the rank whose insertion removed the edge, n if none did; descending within a node.
    """

    starts: NDArray[np.int64]
    ids: NDArray[np.int32]
    ends: NDArray[np.int32]


class Batches(NamedTuple):
    """Edges to lower ranks, in batches: which are meant depends on the first rank of the range (section 5).

    Attributes:
        nodes: int64[n + 1], where each node's batches start.
        lasts: int32[batches]: a batch is for ranges that begin up to here, and after its node's batch before.
        starts: int64[batches + 1], where each batch's edges start.
        ids: int32[edges], the neighbours, nearest first.
    """

    nodes: NDArray[np.int64]
    lasts: NDArray[np.int32]
    starts: NDArray[np.int64]
    ids: NDArray[np.int32]


class Prefix(NamedTuple):
    """The graph of the ranks 0 to `last`."""

    segment: Segment
    last: int


class Within(NamedTuple):
    """The edges between the ranks `first` to `last`: of one batch of a node, and those of any batch backwards.

    Attributes:
        forward: the batches.
        backward: the same edges by the nodes that they lead to, in descending order.
        first: the first rank.
        last: the last rank.
        limit: how many edges within the range are followed backwards.
    """

    forward: Batches
    backward: Csr
    first: int
    last: int
    limit: int


@implements(neighbours, Prefix)
def _(graph: Any, node: Any, visited: Any, out: Any) -> Any:
    segment, last = graph.segment, graph.last
    count = 0
    for i in range(segment.starts[node], segment.starts[node + 1]):
        if segment.ends[i] <= last:
            break
        item = segment.ids[i]
        if item <= last:
            out[count] = item
            count += visit(visited, item)
    return count


@implements(neighbours, Within)
def _(graph: Any, node: Any, visited: Any, out: Any) -> Any:
    forward, backward, first, last = graph.forward, graph.backward, graph.first, graph.last
    count = 0
    for batch in range(forward.nodes[node], forward.nodes[node + 1]):
        if forward.lasts[batch] >= first:
            for i in range(forward.starts[batch], forward.starts[batch + 1]):
                item = forward.ids[i]
                if item >= first:
                    out[count] = item
                    count += visit(visited, item)
            break
    low, high = backward.starts[node], backward.starts[node + 1]
    stop = high
    while low < high:  # the first that is not above the range
        middle = (low + high) >> 1
        if backward.ids[middle] > last:
            low = middle + 1
        else:
            high = middle
    for i in range(low, min(stop, low + graph.limit)):
        item = backward.ids[i]
        out[count] = item
        count += visit(visited, item)
    return count


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def search(
    start: Any, stop: Any, scratch: Any, segment: Any, forward: Any, backward: Any, limit: Any, space: Any, items: Any,
    queries: Any, intervals: Any, ef: Any, scan_below: Any, ids: Any, lengths: Any, computed: Any,
) -> None:  # fmt: skip
    """Answer queries `start` to `stop` - 1, each within the ranks of its row of `intervals`, int64[q, 2].

    A range of fewer than `scan_below` items is measured whole; `items` is int32[n], 0 to n - 1.
    """
    for i in range(start, stop):
        scratch.counters[COMPUTED] = 0
        visited = begin(scratch)
        query = query_target(space, queries, i)
        first, last = intervals[i, 0], intervals[i, 1]
        if last - first + 1 < scan_below:
            scan(query, Everything(), items, first, last + 1, ef, scratch)
        elif first <= last:
            for s in range(SEEDS):
                seed(query, Everything(), visited, first + s * (last - first) // SEEDS, ef, scratch)
            if first == 0:
                walk(query, Prefix(segment, last), Everything(), visited, ef, scratch)
            else:
                walk(query, Within(forward, backward, first, last, limit), Everything(), visited, ef, scratch)
        finish(scratch, ids[i], lengths[i])
        computed[i] = scratch.counters[COMPUTED]
