"""The index of iRangeGraph and its search: a graph for each node of a segment tree, and a choice among their edges.

Items are numbered by their ranks. The root of the tree holds all of them; a node's left half is its left child, and an
odd item goes left. So nodes need not be stored, and every item has one row of neighbours for each depth.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.graph_method import Padded
from algorithms.irangegraph.second_filter import Conjunction, follows
from algorithms.kernels.beam import Scratch, begin, seed, walk
from algorithms.kernels.csr import offsets
from algorithms.kernels.graph import neighbours
from algorithms.kernels.jit import part
from algorithms.kernels.policy import implements
from algorithms.kernels.queries import search_one
from algorithms.kernels.ranges import RangeBeam
from algorithms.kernels.scan import scan_between
from algorithms.kernels.types import Accept, Item, Items, Keys, Offsets, Target
from algorithms.kernels.visited import Visited, visit


class IRangeGraphIndex(NamedTuple):
    """What is saved.

    Attributes:
        rows: int32[n, columns], see `Layers`.
    """

    rows: Padded


class Layers(NamedTuple):
    """What is searched: the graphs of the nodes of all depths.

    Attributes:
        rows: int32[n, columns], an item's rows of all depths, concatenated, each filled with -1.
        columns: int64[depths + 1]; the row of depth t is ``columns[t]`` to ``columns[t + 1]``. That of the deepest
            leaves is empty.
        M: neighbours of an item at most, in each depth and in the graph for a range.
    """

    rows: NDArray[np.int32]
    columns: Offsets
    M: int


class Dedicated(NamedTuple):
    """The graph that is improvised for the ranks `first` to `last`, of edges that `second` follows; see `follows`."""

    layers: Layers
    first: int
    last: int
    second: Accept
    notes: Keys


def columns_of(n: int, M: int) -> Offsets:
    """Return where the rows of each depth are, see `Layers`: they have room for all others of a node, at most `M`."""
    widths = []
    size = n
    while size > 1:
        widths.append(min(M, size - 1))
        size = (size + 1) // 2
    return offsets([*widths, 0])


@part
def middle(low: int, high: int) -> int:
    """Return where the right child of the node of the ranks `low` to `high` - 1 begins."""
    return low + ((high - low + 1) >> 1)


@part
def node_at(n: int, rank: int, depth: int) -> tuple[int, int]:
    """Return the node of a depth that holds a rank, its first rank and the one after its last.

    Where the tree is not as deep, that is the rank's leaf.
    """
    low, high = 0, n
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
def neighbours_dedicated(graph: Dedicated, node: Item, visited: Visited, out: Items) -> int:
    """Choose edges from the root down to the first node within the range (algorithm 3).

    A node is passed over if its child has all of its part of the range, as the child's edges all lead there.
    """
    layers, first, last = graph.layers, graph.first, graph.last
    low, high, depth, count = 0, len(layers.rows), 0, 0
    while high - low > 1:
        border = middle(low, high)
        inside = low >= first and high - 1 <= last
        child_low, child_high = (low, border) if node < border else (border, high)
        # Take this node's edges, unless the range lies in one child only.
        if inside or (first < border <= last):
            for j in range(layers.columns[depth], layers.columns[depth + 1]):
                item = layers.rows[node, j]
                if item < 0:
                    break
                if first <= item <= last and follows(graph.second, node, item, visited, graph.notes):
                    out[count] = item
                    count += visit(visited, item)
                    if count == layers.M:
                        return count
            if inside:
                break
        low, high = child_low, child_high
        depth += 1
    return count


@part
def _seed_cover(
    query: Target, second: Accept, n: int, first: int, last: int, visited: Visited, ef: int, scratch: Scratch
) -> int:
    """Start from the middle item of each of the largest nodes that make up the range, up to 2 log2(n).

    Returns:
        the beam: `ef`, or the number of these nodes if that is more.
    """
    starts, nodes = scratch.items, 0
    low = first
    while low <= last:
        # Find the largest node that begins here and ends in the range.
        node_low, node_high = 0, n
        while node_low != low or node_high - 1 > last:
            border = middle(node_low, node_high)
            if low < border:
                node_high = border
            else:
                node_low = border
        starts[nodes] = (low + node_high - 1) >> 1
        nodes += 1
        low = node_high
    for i in range(nodes):
        seed(query, second, visited, starts[i], max(ef, nodes), scratch)
    return max(ef, nodes)


@implements(search_one, Layers)
def search_irangegraph(index: Layers, query: Target, accept: Conjunction, params: RangeBeam, scratch: Scratch) -> None:
    """Measure a short range; else walk the graph improvised for the range, from an item of each node that makes it up.

    A second filter decides what is returned, and which edges are followed.
    """
    first, last, second = accept.first, accept.last, accept.second
    if last - first + 1 < params.scan_below:
        scan_between(query, second, first, last, params.ef, scratch)
    elif first <= last:
        visited = begin(scratch)
        ef = _seed_cover(query, second, len(index.rows), first, last, visited, params.ef, scratch)
        walk(query, Dedicated(index, first, last, second, scratch.chosen), second, visited, ef, scratch)
