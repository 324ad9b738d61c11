"""How ACORN reads the list of an item: a search takes what passes, a build the first M entries."""

from __future__ import annotations

from typing import NamedTuple

from algorithms.kernels.filter import passes
from algorithms.kernels.graph import neighbours
from algorithms.kernels.layers import Hierarchy, Layer, Upper, layer, row_of
from algorithms.kernels.policy import implements
from algorithms.kernels.types import Accept, Item, Items
from algorithms.kernels.visited import Visited, visit


class Reading(NamedTuple):
    """How a search reads lists.

    Attributes:
        accept: policy of `passes`.
        M_beta: entries at the head of a list that are only tested. The others are its tail, whose lists are read too.
        M: the number of passing entries at which reading ends, including those met before.
    """

    accept: Accept
    M_beta: int
    M: int


class Readable(NamedTuple):
    """A layer as a search reads it."""

    layer: Layer
    reading: Reading


class FirstM(NamedTuple):
    """A layer as a build walks it: the first M entries of an item's list that were not met before."""

    layer: Layer
    M: int


@implements(layer, Reading)
def layer_as_read(view: Reading, upper: Hierarchy, level: int) -> Readable:
    """Read an upper layer as `view` says."""
    return Readable(Upper(upper.ids, upper.first, level), view)


@implements(neighbours, Readable)
def neighbours_that_pass(graph: Readable, node: Item, visited: Visited, out: Items) -> int:
    """Offer what passes in the node's list, and then in the lists of its tail.

    The list of the farthest entry is read first: it has least in common with what was read, so it leads out of
    clusters.
    """
    ids, reading = graph.layer.ids, graph.reading
    width = ids.shape[1]
    row = row_of(graph.layer, node)
    count = passing = length = 0
    # One hop.
    while length < width and ids[row, length] >= 0 and passing < reading.M:
        item = ids[row, length]
        length += 1
        if passes(reading.accept, item):
            passing += 1
            out[count] = item
            count += visit(visited, item)
    # Two hops.
    for j in range(length - 1, reading.M_beta - 1, -1):
        other = row_of(graph.layer, ids[row, j])
        for t in range(width):
            item = ids[other, t]
            if item < 0 or passing == reading.M:
                break
            if passes(reading.accept, item):
                passing += 1
                out[count] = item
                count += visit(visited, item)
    return count


@implements(neighbours, FirstM)
def neighbours_at_the_head(graph: FirstM, node: Item, visited: Visited, out: Items) -> int:
    """Offer the first M entries that were not met before."""
    ids = graph.layer.ids
    row = row_of(graph.layer, node)
    count = 0
    for j in range(ids.shape[1]):
        if ids[row, j] < 0 or count == graph.M:
            break
        out[count] = ids[row, j]
        count += visit(visited, out[count])
    return count
