"""The index of Filtered-DiskANN and its search, which stays within one label."""

from __future__ import annotations

from typing import NamedTuple

from algorithms.encodings.labels import UNKNOWN, Labels, has_label
from algorithms.kernels.beam import Scratch, begin, seed, walk
from algorithms.kernels.csr import Csr
from algorithms.kernels.filter import Everything, filter_of
from algorithms.kernels.graph import neighbours
from algorithms.kernels.policy import implements
from algorithms.kernels.queries import search_one
from algorithms.kernels.types import Item, Items, Offsets, Target
from algorithms.kernels.visited import Visited


class VamanaIndex(NamedTuple):
    """What is saved.

    Attributes:
        starts: int64[n + 1], where each item's neighbours start.
        ids: int32[edges], the neighbours.
        entries: int32[labels], the item that searches for each label start from; -1 where no item has it.
    """

    starts: Offsets
    ids: Items
    entries: Items


class VamanaView(NamedTuple):
    """What is searched.

    Attributes:
        graph: the neighbours of each item.
        labels: the labels of each item.
        entries: see `VamanaIndex`.
    """

    graph: Csr
    labels: Labels
    entries: Items


class VamanaBeam(NamedTuple):
    """How wide a search is: `L`, at least the number of answers."""

    L: int


class WantedLabels(NamedTuple):
    """The filters of a batch: `labels` int32[q], the label that each query wants, or `UNKNOWN`."""

    labels: Items


class WithLabel(NamedTuple):
    """The items of a graph that have a label, and the edges between them."""

    graph: Csr
    labels: Labels
    label: int


@implements(filter_of, WantedLabels)
def wanted_label(filters: WantedLabels, row: int) -> int:
    """Return the label that a query wants."""
    return filters.labels[row]


@implements(neighbours, WithLabel)
def neighbours_with_label(graph: WithLabel, node: Item, visited: Visited, out: Items) -> int:
    """Offer the neighbours that have the label; the others are dropped before they are measured."""
    met = neighbours(graph.graph, node, visited, out)
    count = 0
    for i in range(met):
        out[count] = out[i]
        count += has_label(graph.labels, out[i], graph.label)
    return count


@implements(search_one, VamanaView)
def search_label(index: VamanaView, query: Target, label: int, params: VamanaBeam, scratch: Scratch) -> None:
    """Walk within the query's label from its entry (algorithm 1)."""
    if label != UNKNOWN and index.entries[label] >= 0:
        visited = begin(scratch)
        seed(query, Everything(), visited, index.entries[label], params.L, scratch)
        walk(query, WithLabel(index.graph, index.labels, label), Everything(), visited, params.L, scratch)
