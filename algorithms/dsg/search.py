"""The index of DSG and its search: edges that say in which ranges they are used (VLDB 2025, section 4)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.beam import COMPUTED, begin, finish, seed, walk
from algorithms.kernels.filter import passes
from algorithms.kernels.graph import neighbours
from algorithms.kernels.policy import FASTMATH, implements
from algorithms.kernels.scan import scan
from algorithms.kernels.space import query_target
from algorithms.kernels.visited import visit


class Edges(NamedTuple):
    """A graph of n nodes, whose ids are their ranks, with labelled edges.

    Attributes:
        starts: int64[n + 1], where each node's edges start; they are sorted by neighbour.
        ids: int32[edges], the neighbours.
        boxes: int32[edges, 4]: an edge is used for ranges [L, R] with box[0] <= L <= box[1] and box[2] <= R <= box[3].
    """

    starts: NDArray[np.int64]
    ids: NDArray[np.int32]
    boxes: NDArray[np.int32]


class InRange(NamedTuple):
    """The edges within the ranks `first` to `last`: all of them, or those that are labelled so."""

    edges: Edges
    first: int
    last: int
    labelled: bool


class Alive(NamedTuple):
    """Items that are not `deleted`, bool[n], pass."""

    deleted: NDArray[np.bool_]


class Seeding(NamedTuple):
    """How a search of a range begins.

    Attributes:
        seeds: how many items it starts from, evenly spread over the range.
        unlabelled: in ranges of fewer items than this, labels are not looked at.
    """

    seeds: int
    unlabelled: float


@implements(passes, Alive)
def _(accept: Any, item: Any) -> Any:
    return not accept.deleted[item]


@implements(neighbours, InRange)
def _(graph: Any, node: Any, visited: Any, out: Any) -> Any:
    ids, boxes = graph.edges.ids, graph.edges.boxes
    first, last, labelled = graph.first, graph.last, graph.labelled
    low, stop = graph.edges.starts[node], graph.edges.starts[node + 1]
    high = stop
    while low < high:
        middle = (low + high) >> 1
        if ids[middle] < first:
            low = middle + 1
        else:
            high = middle
    count = 0
    for i in range(low, stop):
        item = ids[i]
        if item > last:
            break
        if labelled and (boxes[i, 0] > first or boxes[i, 1] < first or boxes[i, 2] > last or boxes[i, 3] < last):
            continue
        out[count] = item
        count += visit(visited, item)
    return count


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def search(
    start: Any, stop: Any, scratch: Any, edges: Any, seeding: Any, accept: Any, space: Any, items: Any,
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
        size = last - first + 1
        if size < scan_below:
            scan(query, accept, items, first, last + 1, ef, scratch)
        elif size > 0:
            for s in range(seeding.seeds):
                seed(query, accept, visited, first + s * (size - 1) // seeding.seeds, ef, scratch)
            graph = InRange(edges, first, last, size >= seeding.unlabelled)
            walk(query, graph, accept, visited, ef, scratch)
        finish(scratch, ids[i], lengths[i])
        computed[i] = scratch.counters[COMPUTED]
