"""The index of DSG and its search: edges labelled with the ranges that they are used in (section 4)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.beam import Scratch, begin, seed, walk
from algorithms.kernels.filter import Interval
from algorithms.kernels.graph import neighbours
from algorithms.kernels.policy import implements
from algorithms.kernels.queries import search_one
from algorithms.kernels.ranges import RangeBeam, first_not_below
from algorithms.kernels.scan import scan_between
from algorithms.kernels.types import Accept, Item, Items, Offsets, Target
from algorithms.kernels.visited import Visited, visit


class Edges(NamedTuple):
    """A graph with labelled edges, whose nodes are numbered by their ranks.

    Attributes:
        starts: int64[n + 1], where each node's edges start; they are sorted by neighbour.
        ids: int32[edges], the neighbours.
        boxes: int32[edges, 4], the labels: an edge is used for ranges [L, R] with box[0] <= L <= box[1] and
            box[2] <= R <= box[3].
    """

    starts: Offsets
    ids: Items
    boxes: NDArray[np.int32]


class DsgIndex(NamedTuple):
    """What is saved: items are numbered by their ranks.

    Attributes:
        starts: with `ids` and `boxes` the labelled edges, see `Edges`.
        base: int32[n, M], the base graph, which insertions search: rows filled with -1; empty if there can be none.
        entry: the item that these searches start from; -1 if there can be none.
        deleted: bool[n], which items are deleted.
    """

    starts: Offsets
    ids: Items
    boxes: NDArray[np.int32]
    base: NDArray[np.int32]
    entry: int
    deleted: NDArray[np.bool_]

    @property
    def edges(self) -> Edges:
        """The labelled edges."""
        return Edges(self.starts, self.ids, self.boxes)


class DsgView(NamedTuple):
    """What is searched.

    Attributes:
        edges: the labelled edges.
        living: policy of `passes`: the items that are not deleted.
        seeds: how many items a search starts from, evenly spread over the range.
        unlabelled: ranges of fewer items than this use all edges between their items, whatever the labels.
    """

    edges: Edges
    living: Accept
    seeds: int
    unlabelled: float


class Within(NamedTuple):
    """The edges between the ranks `first` to `last`: those labelled with this range, or all if not `labelled`."""

    edges: Edges
    first: int
    last: int
    labelled: bool


@implements(neighbours, Within)
def neighbours_within(graph: Within, node: Item, visited: Visited, out: Items) -> int:
    """Offer the neighbours in the range, by rank, whose edge is used for it."""
    ids, boxes = graph.edges.ids, graph.edges.boxes
    first, last, unlabelled = graph.first, graph.last, not graph.labelled
    stop = graph.edges.starts[node + 1]
    used = count = 0
    # Whether a label fits is hard to predict for a processor, so nothing branches on it.
    for i in range(first_not_below(ids, graph.edges.starts[node], stop, first), stop):
        item = ids[i]
        if item > last:
            break
        out[used] = item
        used += unlabelled | (
            (boxes[i, 0] <= first) & (boxes[i, 1] >= first) & (boxes[i, 2] <= last) & (boxes[i, 3] >= last)
        )
    for i in range(used):
        item = out[i]
        out[count] = item
        count += visit(visited, item)
    return count


@implements(search_one, DsgView)
def search_dsg(index: DsgView, query: Target, accept: Interval, params: RangeBeam, scratch: Scratch) -> None:
    """Measure a short range; else walk the edges that are used for the range, from evenly spaced items of it."""
    first, last = accept.first, accept.last
    size = last - first + 1
    if size < params.scan_below:
        scan_between(query, index.living, first, last, params.ef, scratch)
    elif size > 0:
        visited = begin(scratch)
        for s in range(index.seeds):
            seed(query, index.living, visited, first + s * (size - 1) // index.seeds, params.ef, scratch)
        graph = Within(index.edges, first, last, size >= index.unlabelled)
        walk(query, graph, index.living, visited, params.ef, scratch)
