"""The index of DIGRA as kernels see it, and its search: two nodes of the tree at most cover a range (section 4.2)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.beam import Scratch, begin, seed, walk, walk_from
from algorithms.kernels.filter import Everything, Interval, passes
from algorithms.kernels.graph import Part, neighbours
from algorithms.kernels.heap import key_id
from algorithms.kernels.jit import part
from algorithms.kernels.policy import implements
from algorithms.kernels.queries import search_one
from algorithms.kernels.ranges import RangeBeam, first_not_below
from algorithms.kernels.scan import scan
from algorithms.kernels.types import Item, Items, Offsets, Target
from algorithms.kernels.visited import Visited, visit


class DigraView(NamedTuple):
    """A tree with a graph at every node: each item has a row of neighbours per layer, those in its node's graph.

    Attributes:
        rows: int32[capacity, columns], the rows of an item in all layers, concatenated, each padded with -1.
        columns: int64[layers + 2]; the row of layer l is ``columns[l]`` to ``columns[l + 1]``, that of layer 0 empty.
        ranks: int32[capacity], the rank of each item; ``~r`` if it is deleted and stood before what is now rank r.
        items: int32[n], the item of each rank.
        starts: int32[nodes], the first ranks of the nodes, layer by layer, from layer 0.
        layers: int64[height + 2]; the starts of layer l are ``layers[l]`` to ``layers[l + 1]``.
        M: the most neighbours of an item in a layer.
        skip: how many layers a descent to an entry takes at a time.
    """

    rows: NDArray[np.int32]
    columns: Offsets
    ranks: Items
    items: Items
    starts: Items
    layers: Offsets
    M: int
    skip: int


class Ranked(NamedTuple):
    """The items with a rank from `first` to `last` pass; no deleted item does."""

    ranks: Items
    first: int
    last: int


class Cover(NamedTuple):
    """The nodes that are searched for a range: one, or two that meet at the rank `middle`.

    Attributes:
        tree: the tree and its graphs.
        first: the first rank of the range.
        last: the last.
        middle: where the right node begins; at most `first` if there is only one node, which then is the right one.
        left: the layer of the left node.
        right: the layer of the right node.
        bridge: the layer of the lowest node that holds both; 0 if there is only one node.
    """

    tree: DigraView
    first: int
    last: int
    middle: int
    left: int
    right: int
    bridge: int


@implements(passes, Ranked)
def passes_ranked(accept: Ranked, item: Item) -> bool:
    """Test the item's rank."""
    rank = accept.ranks[item]
    return accept.first <= rank <= accept.last


@implements(neighbours, Cover)
def neighbours_in_cover(graph: Cover, node: Item, visited: Visited, out: Items) -> int:
    """Offer the neighbours in the layer of the node's side and the one below; across the bridge only those in range."""
    index = graph.tree
    rows, columns, ranks = index.rows, index.columns, index.ranks
    rank = ranks[node]
    rank = ~rank if rank < 0 else rank
    top = graph.left if rank < graph.middle else graph.right
    count = 0
    for layer in range(top, max(top - 2, 0), -1):
        count += neighbours(graph_of(index, layer), node, visited, out[count:])
    for j in range(columns[graph.bridge], columns[graph.bridge + 1]):
        item = rows[node, j]
        if item < 0:
            break
        if graph.first <= ranks[item] <= graph.last:
            out[count] = item
            count += visit(visited, item)
    return count


@part
def graph_of(index: DigraView, layer: int) -> Part:
    """Return the graphs of one layer."""
    return Part(index.rows, index.columns[layer], index.columns[layer + 1])


@part
def node_of(index: DigraView, layer: int, rank: int) -> tuple[int, int]:
    """Return the first rank, and the last plus one, of the node of a layer that holds a rank."""
    end = index.layers[layer + 1]
    after = first_not_below(index.starts, index.layers[layer], end, rank + 1)
    stop = len(index.items) if after == end else index.starts[after]
    return index.starts[after - 1], stop


@part
def _lowest(index: DigraView, first: int, last: int) -> int:
    """Return the layer of the lowest node that holds the ranks `first` to `last`."""
    layer = 0
    while node_of(index, layer, first)[1] <= last:
        layer += 1
    return layer


@part
def cover(index: DigraView, first: int, last: int) -> Cover:
    """Return what is searched for the ranks `first` to `last` (algorithm 5).

    If a child of the lowest node that holds the range lies within the range, that node; else two nodes, the lowest that
    hold the parts of the range in each of the two children that it touches.
    """
    right = _lowest(index, first, last)
    left = bridge = 0
    middle = first
    if right > 0:
        border = node_of(index, right - 1, first)[1]
        if node_of(index, right - 1, last)[0] == border:
            bridge, middle = right, border
            left, right = _lowest(index, first, border - 1), _lowest(index, border, last)
    return Cover(index, first, last, middle, left, right, bridge)


@part
def find_entry(target: Target, index: DigraView, item: Item, layer: int, scratch: Scratch) -> Item:
    """Walk greedily through ever larger graphs around an item, below `layer`, and return the item reached."""
    for below in range(layer % index.skip, layer, index.skip):
        walk_from(target, graph_of(index, below), Everything(), item, 1, scratch)
        item = key_id(scratch.results[0])
    return item


@implements(search_one, DigraView)
def search_digra(index: DigraView, query: Target, accept: Interval, params: RangeBeam, scratch: Scratch) -> None:
    """Measure a short range; else search the one or two nodes that cover it, from an entry in each."""
    first, last, ef = accept.first, accept.last, params.ef
    if last - first + 1 < params.scan_below:
        scan(query, Everything(), index.items, first, last + 1, ef, scratch)
    elif first <= last:
        nodes = cover(index, first, last)
        # Find the entries before the search begins: they use its scratch.
        right = find_entry(query, index, index.items[(nodes.middle + last) >> 1], nodes.right, scratch)
        left = right
        if nodes.bridge > 0:
            left = find_entry(query, index, index.items[(first + nodes.middle - 1) >> 1], nodes.left, scratch)
        within = Ranked(index.ranks, first, last)
        visited = begin(scratch)
        seed(query, within, visited, right, ef, scratch)
        seed(query, within, visited, left, ef, scratch)
        walk(query, nodes, within, visited, ef, scratch)
