"""The index of SIEVE and its search: the smallest graph that holds all that pass, or what passes, measured."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.beam import Scratch, walk_from
from algorithms.kernels.csr import Csr
from algorithms.kernels.filter import Selection, Selections, filter_of
from algorithms.kernels.graph import Rows, neighbours
from algorithms.kernels.hnsw import Hnsw, find_start
from algorithms.kernels.jit import kernel, part
from algorithms.kernels.policy import implements
from algorithms.kernels.queries import search_one
from algorithms.kernels.ranges import first_not_below
from algorithms.kernels.scan import scan_passing
from algorithms.kernels.types import Item, Items, Offsets, Target
from algorithms.kernels.visited import Visited
from algorithms.sieve.cost import CostModel, prefers_scan

ROOT = -1
"""The graph of all items, in place of the number of a label's graph."""


class SieveIndex(NamedTuple):
    """What is saved.

    Attributes:
        root: the graph of all items.
        labels: int32[g], the labels that have a graph, ascending.
        entries: int32[g], the item that a search of each graph starts from.
        edges: for each graph in turn, and each of its items in ascending order, the neighbours.
    """

    root: Hnsw
    labels: Items
    entries: Items
    edges: Csr


class SieveView(NamedTuple):
    """What is searched.

    Attributes:
        root: the graph of all items.
        entries: int32[g], the item that a search of each other graph starts from.
        edges: the neighbours of all their items.
        members: the items of each, ascending; row r of `edges` is that of item r of ``members.ids``.
    """

    root: Hnsw
    entries: Items
    edges: Csr
    members: Csr


class Subgraph(NamedTuple):
    """The graph whose items are ``items[start:stop]``; row i of `edges` has the neighbours of ``items[i]``."""

    edges: Csr
    items: Items
    start: int
    stop: int


class Covered(NamedTuple):
    """The filters of a batch, and for each distinct one the smallest graph that holds what passes, int32[u]."""

    selections: Selections
    graphs: NDArray[np.int32]


class Plan(NamedTuple):
    """The filter of a query, and the graph to walk."""

    selection: Selection
    graph: int


class SieveBeam(NamedTuple):
    """How a query is answered: with a beam of `ef`, unless `model` says that measuring is cheaper."""

    ef: int
    model: CostModel


@implements(filter_of, Covered)
def plan_of(filters: Covered, row: int) -> Plan:
    """Return the query's filter and graph."""
    return Plan(filter_of(filters.selections, row), filters.graphs[filters.selections.which[row]])


@implements(neighbours, Subgraph)
def neighbours_in_subgraph(graph: Subgraph, node: Item, visited: Visited, out: Items) -> int:
    """Find the node's row by bisection, and offer every neighbour that was not met before."""
    row = first_not_below(graph.items, graph.start, graph.stop, node)
    return neighbours(graph.edges, row, visited, out)


@part
def size_of(index: SieveView, graph: int) -> int:
    """Return how many items a graph has."""
    offsets: Offsets = index.members.starts
    return len(index.root.base) if graph == ROOT else offsets[graph + 1] - offsets[graph]


@implements(search_one, SieveView)
def search_sieve(index: SieveView, query: Target, accept: Plan, params: SieveBeam, scratch: Scratch) -> None:
    """Do what costs less: walk the graph, or measure all that pass."""
    passing, matches, ef, graph = accept.selection.bitmap, accept.selection.matches, params.ef, accept.graph
    offsets: Offsets = index.members.starts
    if prefers_scan(params.model, size_of(index, graph), matches, ef):
        scan_passing(query, passing, ef, scratch)
    elif graph == ROOT:
        start = find_start(index.root, query, scratch)
        walk_from(query, Rows(index.root.base), passing, start, ef, scratch)
    else:
        sub = Subgraph(index.edges, index.members.ids, offsets[graph], offsets[graph + 1])
        walk_from(query, sub, passing, index.entries[graph], ef, scratch)


@kernel
def write_plans(
    index: SieveView, filters: Covered, params: SieveBeam, sizes: NDArray[np.int64], scans: NDArray[np.bool_]
) -> None:
    """Write for each query how many items its graph has, and whether all that pass are measured instead."""
    for row in range(len(sizes)):
        accept = filter_of(filters, row)
        sizes[row] = size_of(index, accept.graph)
        scans[row] = prefers_scan(params.model, sizes[row], accept.selection.matches, params.ef)
