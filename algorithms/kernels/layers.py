"""The layers of HNSW (Malkov and Yashunin, TPAMI 2020) above the lowest, which ACORN has as well.

Levels are drawn as in the paper, and items are inserted from the highest level down, in random order within a level
(as in faiss). So the layers are built from the top, one after another, and each is complete before the next begins.

The lowest layer is a graph of `Rows`, in which an item's row has the item's number. In a layer above it, an `Upper`,
only the items of the layer have rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.beam import RESULTS, Scratch, begin, seed, walk
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Rows, neighbours
from algorithms.kernels.heap import key_id
from algorithms.kernels.insert import batches
from algorithms.kernels.jit import part
from algorithms.kernels.policy import implements, operation
from algorithms.kernels.types import Accept, Graph, Item, Items, Policy, Target
from algorithms.kernels.visited import Visited


class Hierarchy(NamedTuple):
    """The layers above the lowest.

    Attributes:
        ids: int32[m, width]; an item of level l has l rows, those of its layers 1 to l, each padded with -1.
        first: int32[n], the first of an item's rows; meaningless for items of level 0.
        entry: the item that a search starts from.
        top: its level.
    """

    ids: NDArray[np.int32]
    first: Items
    entry: int
    top: int


class Upper(NamedTuple):
    """One layer above the lowest as a graph; `ids` and `first` are those of the `Hierarchy`."""

    ids: NDArray[np.int32]
    first: Items
    level: int


Layer: TypeAlias = Rows | Upper
"""Any layer."""

OneOrMany = TypeVar("OneOrMany", Item, Items)


@operation
def row_of(layer: Layer, item: OneOrMany) -> OneOrMany:  # type: ignore[empty-body]
    """Return which row of ``layer.ids`` is an item's, or the rows of several items."""


@implements(row_of, Rows)
def row_in_rows(layer: Rows, item: OneOrMany) -> OneOrMany:
    """Return the number of the item."""
    return item


@implements(row_of, Upper)
def row_in_upper(layer: Upper, item: OneOrMany) -> OneOrMany:
    """Skip the item's rows of lower layers."""
    return layer.first[item] + layer.level - 1


@implements(neighbours, Upper)
def neighbours_in_upper(graph: Upper, node: Item, visited: Visited, out: Items) -> int:
    """Offer every neighbour that was not met before."""
    return neighbours(Rows(graph.ids), row_of(graph, node), visited, out)


@dataclass(frozen=True)
class Levels:
    """The level of every item, and the order of insertion.

    Attributes:
        levels: int64[n].
        order: int32[n], the items from the highest level down.
    """

    levels: NDArray[np.int64]
    order: Items

    @property
    def top(self) -> int:
        """The highest level."""
        return int(self.levels.max())

    def hierarchy(self, width: int) -> Hierarchy:
        """Return layers without edges, with rows of a given width."""
        first = (np.cumsum(self.levels) - self.levels).astype(np.int32)
        ids = np.full((int(self.levels.sum()), width), -1, np.int32)
        return Hierarchy(ids, first, int(self.order[0]), self.top)

    def members(self, level: int) -> Items:
        """Return the items of a layer, in the order of insertion."""
        return self.order[: np.count_nonzero(self.levels >= level)]

    def batches(self, level: int) -> Iterator[tuple[Items, int]]:
        """Yield the batches in which a layer is built, each with the last layer to descend through before it.

        The first item of the layer is in place from the start. The layer above can lead a search to this one only when
        all of its items are in this one; until then a search starts from the entry.
        """
        members, above = self.members(level), np.count_nonzero(self.levels > level)
        for start, stop in batches(1, len(members)):
            yield members[start:stop], level + 1 if start >= above else self.top + 1


def draw_levels(n: int, M: int, rng: np.random.Generator) -> Levels:
    """Draw the levels of n > 0 items, floor(-ln(u) / ln(M)): each level has a fraction 1 / M of the items below it."""
    levels = np.floor(-np.log(1 - rng.random(n)) / np.log(M)).astype(np.int64)
    return Levels(levels, np.lexsort((rng.permutation(n), -levels)).astype(np.int32))


@operation
def layer(view: Policy, upper: Hierarchy, level: int) -> Graph:  # type: ignore[empty-body]
    """Return a layer above the lowest as a graph."""


@part
def descend(target: Target, upper: Hierarchy, view: Policy, accept: Accept, last: int, scratch: Scratch) -> Item:
    """Walk greedily from the entry through the layers from the top to `last`, and return the item reached.

    `view` is a policy of `layer`, whose graphs offer only items that `accept` passes. The item reached fails the filter
    only if no passing item was met.
    """
    item = upper.entry
    for level in range(upper.top, last - 1, -1):
        visited = begin(scratch)
        seed(target, accept, visited, item, 1, scratch)
        walk(target, layer(view, upper, level), Everything(), visited, 1, scratch)
        if scratch.counters[RESULTS] > 0:
            item = key_id(scratch.results[0])
    return item
