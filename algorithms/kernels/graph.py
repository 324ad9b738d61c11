"""Graphs as arrays of rows of a fixed width, filled with -1. Compressed rows are in `csr`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.policy import implements, operation
from algorithms.kernels.types import Graph, Item, Items
from algorithms.kernels.visited import Visited, visit


@operation
def neighbours(graph: Graph, node: Item, visited: Visited, out: Items) -> int:  # type: ignore[empty-body]
    """Write the neighbours of a node that the search should measure to `out`, and return how many.

    The body marks in `visited` what it writes, and writes nothing that was marked. `out` has room for one entry
    more than the widest neighbourhood.
    """


@operation
def nth_neighbour(graph: Graph, node: Item, j: int) -> Item:  # type: ignore[empty-body]
    """Return the neighbour of a node in place j, counted from 0; -1 after the last."""


class Rows(NamedTuple):
    """A graph of rows of a fixed width.

    Attributes:
        ids: int32[n, width], each row its neighbours and then -1.
    """

    ids: NDArray[np.int32]


class Part(NamedTuple):
    """A graph whose rows are a part of wider ones.

    Attributes:
        ids: int32[n, width], each row with a node's neighbours from `start` to `stop`, and then -1.
        start: the first column.
        stop: the column after the last.
    """

    ids: NDArray[np.int32]
    start: int
    stop: int


@implements(neighbours, Rows)
def neighbours_in_rows(graph: Rows, node: Item, visited: Visited, out: Items) -> int:
    """Offer every neighbour that was not met before."""
    return neighbours(Part(graph.ids, 0, graph.ids.shape[1]), node, visited, out)


@implements(nth_neighbour, Rows)
def nth_neighbour_in_rows(graph: Rows, node: Item, j: int) -> Item:
    """Read the row."""
    return graph.ids[node, j] if j < graph.ids.shape[1] else -1


@implements(neighbours, Part)
def neighbours_in_part(graph: Part, node: Item, visited: Visited, out: Items) -> int:
    """Offer every neighbour in the columns that was not met before."""
    count = 0
    for j in range(graph.start, graph.stop):
        item = graph.ids[node, j]
        if item < 0:
            break
        out[count] = item
        count += visit(visited, item)
    return count
