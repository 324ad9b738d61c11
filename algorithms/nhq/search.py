"""Searching the two graphs of NHQ for the items nearest to a query with its wanted values."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.beam import CANDIDATES, COMPUTED, EXPANDED, RESULTS, Scratch, begin, seed, seed_all, walk
from algorithms.kernels.filter import Everything, filter_of
from algorithms.kernels.graph import Rows, neighbours
from algorithms.kernels.heap import admit, key_id, make_key, pop_min, push_min
from algorithms.kernels.jit import part
from algorithms.kernels.policy import implements
from algorithms.kernels.queries import search_one
from algorithms.kernels.space import distances
from algorithms.kernels.types import Item, Items, Target
from algorithms.kernels.visited import Visited, visit
from algorithms.nhq.fusion import FusionTarget, Metric, Values, measure

ENTRY = 0
"""The item from which nsw is searched, by queries and by items that are inserted."""


class Wanted(NamedTuple):
    """The values that the queries of a batch want.

    Attributes:
        codes: int32[q, m], see `Codebook.wanted`.
    """

    codes: NDArray[np.int32]


class NswIndex(NamedTuple):
    """NHQ-NPG_nsw.

    Attributes:
        graph: the graph; each row is ascending.
        codes: int32[n, m], the items' values.
    """

    graph: Rows
    codes: NDArray[np.int32]


class NswBeam(NamedTuple):
    """How nsw is searched.

    Attributes:
        ef: the beam, at least the number of answers.
        expansions: how many items are expanded; 0 to let the beam decide.
        metric: what queries are measured by.
    """

    ef: int
    expansions: int
    metric: Metric


class KgraphIndex(NamedTuple):
    """NHQ-NPG_kgraph.

    Attributes:
        ids: int32[n, width], each row an item's neighbours, nearest first, and then -1.
        halves: int32[n], half the number of each item's neighbours.
        codes: int32[n, m], the items' values.
        step: see `stride`.
    """

    ids: NDArray[np.int32]
    halves: Items
    codes: NDArray[np.int32]
    step: int


class KgraphBeam(NamedTuple):
    """How kgraph is searched.

    Attributes:
        L: the beam, at least the number of answers, and how many items the search starts from.
        metric: what queries are measured by.
    """

    L: int
    metric: Metric


class Halves(NamedTuple):
    """A graph of which only the nearer half of each item's edges is walked, see `KgraphIndex`."""

    ids: NDArray[np.int32]
    halves: Items


@implements(filter_of, Wanted)
def values_of_query(filters: Wanted, row: int) -> Values:
    """Return the values that a query wants."""
    return Values(filters.codes, np.int64(row))


@implements(neighbours, Halves)
def neighbours_in_halves(graph: Halves, node: Item, visited: Visited, out: Items) -> int:
    """Offer the nearer half of the neighbours, those that were not met before."""
    count = 0
    for j in range(graph.halves[node]):
        out[count] = graph.ids[node, j]
        count += visit(visited, out[count])
    return count


@implements(search_one, NswIndex)
def search_nsw(index: NswIndex, query: Target, accept: Values, params: NswBeam, scratch: Scratch) -> None:
    """Walk from the first item: with a beam, or as the authors' code does for a number of expansions."""
    target = measure(params.metric, FusionTarget(query, index.codes, accept))
    visited = begin(scratch)
    seed(target, Everything(), visited, ENTRY, params.ef, scratch)
    if params.expansions > 0:
        _walk_expansions(target, index.graph, visited, params.ef, params.expansions, scratch)
    else:
        walk(target, index.graph, Everything(), visited, params.ef, scratch)


@implements(search_one, KgraphIndex)
def search_kgraph(index: KgraphIndex, query: Target, accept: Values, params: KgraphBeam, scratch: Scratch) -> None:
    """Walk from random items in two stages."""
    target = measure(params.metric, FusionTarget(query, index.codes, accept))
    visited = begin(scratch)
    # Measure L random items.
    n = len(index.ids)
    item = _hash(query) % n
    for first in range(0, min(params.L, n), len(scratch.items)):
        count = min(len(scratch.items), min(params.L, n) - first)
        for i in range(count):
            item = (item + index.step) % n
            scratch.items[i] = item
        seed_all(target, Everything(), visited, count, params.L, scratch)
    # First stage: walk along the nearer half of each item's edges.
    walk(target, Halves(index.ids, index.halves), Everything(), visited, params.L, scratch)
    # Second stage: start again from the results, and walk along all edges.
    _reopen(scratch)
    walk(target, Rows(index.ids), Everything(), visited, params.L, scratch)


@part
def _hash(query: Any) -> int:
    """Return a number from 0 to 2^31 - 1 that depends on all bits of a query (FNV-1a): so equal ones start alike."""
    state = np.uint64(14695981039346656037)
    for value in query.queries[query.row].view(np.uint32):
        state = (state ^ np.uint64(value)) * np.uint64(1099511628211)
    return int(np.int64((state ^ (state >> np.uint64(32))) & np.uint64(0x7FFFFFFF)))


@part
def _reopen(scratch: Scratch) -> None:
    """Make all results candidates again, and nothing else."""
    for i in range(scratch.counters[RESULTS]):
        push_min(scratch.candidates, i, scratch.results[i])
    scratch.counters[CANDIDATES] = scratch.counters[RESULTS]
    scratch.counters[EXPANDED] = 0


@part
def _walk_expansions(target: Target, graph: Rows, visited: Visited, ef: int, expansions: int, scratch: Scratch) -> None:
    """Expand the nearest candidate, and so on, for a number of expansions; the best `ef` candidates are the results.

    A neighbour becomes a candidate if it is nearer than the farthest candidate before it, or while there were fewer
    than `ef`.
    """
    candidates, results, counters = scratch.candidates, scratch.results, scratch.counters
    open_, kept, pushed = counters[CANDIDATES], counters[RESULTS], counters[CANDIDATES]
    farthest = candidates[0]
    for _ in range(expansions):
        if open_ == 0:
            break
        # Expand the nearest candidate.
        node = key_id(pop_min(candidates, open_))
        open_ -= 1
        count = neighbours(graph, node, visited, scratch.items)
        distances(target, scratch.items, count, scratch.lengths)
        counters[COMPUTED] += count
        # Compare its neighbours with the farthest of the candidates before them.
        limit = farthest
        for i in range(count):
            key = make_key(scratch.lengths[i], scratch.items[i])
            if key >= limit and pushed >= ef:
                continue
            push_min(candidates, open_, key)
            open_ += 1
            pushed += 1
            farthest = max(farthest, key)
            if admit(results, kept, ef, key):
                kept = min(ef, kept + 1)
    counters[CANDIDATES], counters[RESULTS] = open_, kept
