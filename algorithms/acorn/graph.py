"""The graph of ACORN: neighbour lists that are long, and looked through for what passes the filter.

Patel, Kraft, Guestrin, Zaharia: ACORN: Performant and Predicate-Agnostic Search Over Vector Embeddings and Structured
Data (SIGMOD 2024).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.beam import RESULTS, begin, seed, walk
from algorithms.kernels.filter import Everything, passes
from algorithms.kernels.graph import neighbours
from algorithms.kernels.heap import key_id
from algorithms.kernels.policy import FASTMATH, implements, operation
from algorithms.kernels.visited import visit


@operation
def row_of(layer: Any, item: Any) -> Any:
    """Return which row of a layer's lists is that of an item."""


class Base(NamedTuple):
    """The lowest layer, which all items are in.

    Attributes:
        ids: int32[n, width], each row an item's neighbours, nearest first, and then -1.
    """

    ids: NDArray[np.int32]


class Upper(NamedTuple):
    """A layer above the lowest.

    Attributes:
        ids: int32[m, width]; an item of level l has l rows, those of its layers 1 to l.
        first: int32[n], the first of them; meaningless for items of level 0.
        level: which layer.
    """

    ids: NDArray[np.int32]
    first: NDArray[np.int32]
    level: int


@implements(row_of, Base)
def _(layer: Any, item: Any) -> Any:
    return np.int64(item)


@implements(row_of, Upper)
def _(layer: Any, item: Any) -> Any:
    return np.int64(layer.first[item]) + layer.level - 1


class Graph(NamedTuple):
    """An index.

    Attributes:
        base: int32[n, width], see `Base`.
        upper: int32[m, M gamma], see `Upper`.
        first: int32[n], see `Upper`.
        entry: the item that a search starts from.
        top: its level.
    """

    base: NDArray[np.int32]
    upper: NDArray[np.int32]
    first: NDArray[np.int32]
    entry: int
    top: int


class View(NamedTuple):
    """A layer as a search sees it: what passes in an item's list, and then in the lists of those in its list's tail.

    Of these the farthest's is read first: it has least in common with what was read, and so leads out of clusters.

    Attributes:
        layer: a `Base` or an `Upper`.
        accept: policy of `passes`.
        verbatim: how many entries at the head of a list are looked at alone; the rest is its tail.
        limit: after how many passing entries the reading ends, those met before included.
    """

    layer: Any
    accept: Any
    verbatim: int
    limit: int


@implements(neighbours, View)
def _(graph: Any, node: Any, visited: Any, out: Any) -> Any:
    ids = graph.layer.ids
    width = ids.shape[1]
    row = row_of(graph.layer, node)
    count = passing = length = 0
    while length < width and ids[row, length] >= 0 and passing < graph.limit:
        item = ids[row, length]
        length += 1
        if passes(graph.accept, item):
            passing += 1
            out[count] = item
            count += visit(visited, item)
    for j in range(length - 1, graph.verbatim - 1, -1):
        other = row_of(graph.layer, ids[row, j])
        for t in range(width):
            item = ids[other, t]
            if item < 0 or passing == graph.limit:
                break
            if passes(graph.accept, item):
                passing += 1
                out[count] = item
                count += visit(visited, item)
    return count


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def descend(target: Any, graph: Any, accept: Any, verbatim: Any, limit: Any, last: Any, scratch: Any) -> Any:
    """Walk greedily through the layers from the top to `last`, over what passes, and return the item reached.

    It fails the filter only where no item that passes was met.
    """
    item = np.int64(graph.entry)
    for level in range(graph.top, last - 1, -1):
        visited = begin(scratch)
        seed(target, accept, visited, item, 1, scratch)
        view = View(Upper(graph.upper, graph.first, level), accept, verbatim, limit)
        walk(target, view, Everything(), visited, 1, scratch)
        if scratch.counters[RESULTS] > 0:
            item = np.int64(key_id(scratch.results[0]))
    return item
