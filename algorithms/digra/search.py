"""The index of DIGRA and its search: at most two nodes of the tree that cover a range (SIGMOD 2025, section 4.2)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.beam import COMPUTED, begin, finish, seed, walk
from algorithms.kernels.filter import Everything, passes
from algorithms.kernels.graph import Part, neighbours
from algorithms.kernels.heap import key_id
from algorithms.kernels.policy import FASTMATH, implements
from algorithms.kernels.scan import scan
from algorithms.kernels.space import query_target
from algorithms.kernels.visited import visit


class Index(NamedTuple):
    """A tree with a graph at every node; every item has a row of neighbours per layer, those in its node's graph.

    Attributes:
        rows: int32[capacity, columns], an item's rows of all layers, one behind the other, each filled with -1.
        columns: int64[layers + 2]; the row of layer l is ``columns[l]`` to ``columns[l + 1]``, that of layer 0 empty.
        ranks: int32[capacity], the rank of each item; ``~r`` if it is deleted and stood before what is now rank r.
        items: int32[n], the item of each rank.
        starts: int32[nodes], the first ranks of the nodes, layer by layer, from layer 0.
        layers: int64[height + 2]; the starts of layer l are ``layers[l]`` to ``layers[l + 1]``.
        skip: how many layers a descent to an entry passes at a time.
    """

    rows: NDArray[np.int32]
    columns: NDArray[np.int64]
    ranks: NDArray[np.int32]
    items: NDArray[np.int32]
    starts: NDArray[np.int32]
    layers: NDArray[np.int64]
    skip: int


class Within(NamedTuple):
    """The items whose rank is from `first` to `last` pass; no deleted item does."""

    ranks: NDArray[np.int32]
    first: int
    last: int


class Cover(NamedTuple):
    """The nodes that are searched for a range: one, or two that meet at the rank `middle`.

    Attributes:
        tree: the tree and its graphs.
        first: the first rank of the range.
        last: the last.
        middle: where the right node begins; not above `first` if there is one node only, which then is the right.
        left: the layer of the left node.
        right: the layer of the right node.
        bridge: the layer of the lowest node that holds both; 0 if there is one node only.
    """

    tree: Index
    first: int
    last: int
    middle: int
    left: int
    right: int
    bridge: int


@implements(passes, Within)
def _(accept: Any, item: Any) -> Any:
    rank = accept.ranks[item]
    return accept.first <= rank <= accept.last


@implements(neighbours, Cover)
def _(graph: Any, node: Any, visited: Any, out: Any) -> Any:
    """A node's neighbours in its side's layer and in the one below; and across the bridge, those in the range only."""
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


@nb.njit(cache=True, nogil=True, inline="always")
def graph_of(index: Any, layer: Any) -> Any:
    """Return the graphs of one layer."""
    return Part(index.rows, index.columns[layer], index.columns[layer + 1])


@nb.njit(cache=True, nogil=True)
def node_of(index: Any, layer: Any, rank: Any) -> Any:
    """Return the first and the last rank, plus one, of the node of a layer that holds a rank."""
    low, high = index.layers[layer], index.layers[layer + 1]
    while high - low > 1:
        middle = (low + high) >> 1
        if index.starts[middle] <= rank:
            low = middle
        else:
            high = middle
    stop = len(index.items) if low + 1 == index.layers[layer + 1] else index.starts[low + 1]
    return np.int64(index.starts[low]), np.int64(stop)


@nb.njit(cache=True, nogil=True)
def _lowest(index: Any, first: Any, last: Any) -> Any:
    """Return the layer of the lowest node that holds the ranks `first` to `last`."""
    layer = 0
    while node_of(index, layer, first)[1] <= last:
        layer += 1
    return layer


@nb.njit(cache=True, nogil=True)
def cover(index: Any, first: Any, last: Any) -> Any:
    """Return what is searched for the ranks `first` to `last` (algorithm 5).

    If a child of the lowest node that holds the range lies within it, that node; else two nodes, the lowest that hold
    the parts of the range in each of the two children that it touches.
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


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def find_entry(target: Any, index: Any, item: Any, layer: Any, scratch: Any) -> Any:
    """Walk greedily through the graphs around an item, larger and larger, below `layer`; return the item reached."""
    for below in range(layer % index.skip, layer, index.skip):
        visited = begin(scratch)
        seed(target, Everything(), visited, item, 1, scratch)
        walk(target, graph_of(index, below), Everything(), visited, 1, scratch)
        item = np.int64(key_id(scratch.results[0]))
    return item


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _search_one(index: Any, target: Any, first: Any, last: Any, ef: Any, scratch: Any) -> None:
    """Search the ranks `first` to `last`, of which there is at least one."""
    nodes = cover(index, first, last)
    # Entries are sought before the search begins: they share its scratch.
    right_start = index.items[(nodes.middle + last) >> 1]
    right = find_entry(target, index, np.int64(right_start), nodes.right, scratch)
    left = right
    if nodes.bridge > 0:
        left_start = index.items[(first + nodes.middle - 1) >> 1]
        left = find_entry(target, index, np.int64(left_start), nodes.left, scratch)
    accept = Within(index.ranks, first, last)
    visited = begin(scratch)
    seed(target, accept, visited, right, ef, scratch)
    seed(target, accept, visited, left, ef, scratch)
    walk(target, nodes, accept, visited, ef, scratch)


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def search(
    start: Any, stop: Any, scratch: Any, index: Any, space: Any, queries: Any, intervals: Any, ef: Any,
    scan_below: Any, ids: Any, lengths: Any, computed: Any,
) -> None:  # fmt: skip
    """Answer queries `start` to `stop` - 1, each within the ranks of its row of `intervals`, int64[q, 2].

    A range of fewer than `scan_below` items is measured whole.
    """
    for i in range(start, stop):
        scratch.counters[COMPUTED] = 0
        begin(scratch)
        first, last = intervals[i, 0], intervals[i, 1]
        if last - first + 1 < scan_below:
            scan(query_target(space, queries, i), Everything(), index.items, first, last + 1, ef, scratch)
        elif first <= last:
            _search_one(index, query_target(space, queries, i), first, last, ef, scratch)
        finish(scratch, ids[i], lengths[i])
        computed[i] = scratch.counters[COMPUTED]
