"""The search of Composite: for each query the plan that was chosen for its filter, and a scan where a walk fails."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.composite.cover import MOST_TERMS, UNMASKED, Filters
from algorithms.composite.encoding import ALL, LABEL, RANKS
from algorithms.composite.plans import GENERAL, POST, REST, SCAN, TOGETHER, Choices
from algorithms.composite.structures import Held, TermGraph
from algorithms.kernels.beam import COMPUTED, RESULTS, Scratch, begin, seed, walk
from algorithms.kernels.filter import Bitmap, filter_of, passes
from algorithms.kernels.graph import neighbours, nth_neighbour
from algorithms.kernels.heap import key_id
from algorithms.kernels.hnsw import find_start
from algorithms.kernels.jit import part
from algorithms.kernels.local_rule import LOCAL, walk_by_rule
from algorithms.kernels.policy import implements
from algorithms.kernels.queries import search_one
from algorithms.kernels.scan import scan, scan_between, scan_passing
from algorithms.kernels.types import Item, Items, Keys, Target
from algorithms.kernels.visited import Visited, visit
from algorithms.navix.search import seed_spread

SEEDS = 4
"""How many items of a range a walk starts from, evenly spread."""

_DESCENT = 8
"""How many results the walk of each part of a union keeps, which only finds where to start."""

NOBODY = -1
"""The item that is not there: none."""

_ENOUGH = 0.5
"""The fraction of a graph's items that pass from which on a walk goes through those that fail."""

_SPARSE = 16
"""How many times as many items as a term has must there be for a scan to read its list rather than the bitmap."""


class CompositeView(NamedTuple):
    """What is searched: all graphs, and the fewest items that have one of their own."""

    held: Held
    least: int


class Depth(NamedTuple):
    """How many answers a query has."""

    k: int


class Batch(NamedTuple):
    """The filters of q queries.

    Attributes:
        filters: the distinct filters.
        choices: what is done for each of them.
        which: int64[q], the filter of each query.
        absent: int32[q], an item that walks are to act as if it were not there, or `NOBODY`.
    """

    filters: Filters
    choices: Choices
    which: NDArray[np.int64]
    absent: NDArray[np.int32]


class Passing(NamedTuple):
    """The items whose bit is set pass, or every item."""

    bitmap: Bitmap
    everything: bool


class Wanted(NamedTuple):
    """The filter of a query, and what is done for it; the names are those of `Filters`, `Choices` and `Batch`."""

    passing: Passing
    matches: int
    terms: NDArray[np.int64]
    start: int
    stop: int
    plan: int
    beam: int
    most: int
    absent: int
    looks_behind: bool


class Behind(NamedTuple):
    """The items of a graph that pass, where what is behind failing neighbours is near; `failing` is memory."""

    graph: TermGraph
    passing: Passing
    failing: Keys


class Limited(NamedTuple):
    """Rows of neighbours, of which there are no more once the search has computed `most` distances."""

    ids: NDArray[np.int32]
    counters: Keys
    most: int


@implements(filter_of, Batch)
def wanted_of(filters: Batch, row: int) -> Wanted:
    """Return the query's filter with the choice for it."""
    f, resolved, choices = filters.which[row], filters.filters, filters.choices
    passing = Passing(Bitmap(resolved.words[max(resolved.rows[f], 0)]), resolved.rows[f] == UNMASKED)
    start, stop = resolved.starts[f], resolved.starts[f + 1]
    plan = choices.plans[f]
    if plan == POST:
        start, stop = 0, 1
    return Wanted(
        passing, resolved.matches[f], resolved.terms, start, stop, plan, choices.beams[f], choices.most[f],
        filters.absent[row], plan == REST and resolved.matches[f] < _ENOUGH * resolved.sizes[f],
    )  # fmt: skip


@implements(passes, Passing)
def passes_passing(accept: Passing, item: Item) -> bool:
    """Test the item's bit."""
    return accept.everything or passes(accept.bitmap, item)


@implements(neighbours, Behind)
def neighbours_behind(graph: Behind, node: Item, visited: Visited, out: Items) -> int:
    """Offer the neighbours that pass; where most fail, also what is behind failing ones, up to as many as all."""
    offered = graph.graph.offered
    before = offered[0]
    met, count, failing = neighbours(graph.graph, node, visited, out), 0, 0
    for i in range(met):
        if passes(graph.passing, out[i]):
            out[count] = out[i]
            count += 1
        else:
            graph.failing[failing] = out[i]
            failing += 1
    for j in range(failing if failing > count else 0):
        if count >= met:
            break
        behind = out[count:]
        more, kept = neighbours(graph.graph, int(graph.failing[j]), visited, behind), 0
        for i in range(more):
            if passes(graph.passing, behind[i]):
                behind[kept] = behind[i]
                kept += 1
            else:
                visited.stamps[behind[i]] = 0  # it is not met until its neighbours are read
        count += kept
    offered[0] = before + count
    return count


@implements(nth_neighbour, Limited)
def nth_neighbour_limited(graph: Limited, node: Item, j: int) -> Item:
    """Read the row."""
    return graph.ids[node, j] if j < graph.ids.shape[1] and graph.counters[COMPUTED] < graph.most else -1


@implements(search_one, CompositeView)
def search_composite(index: CompositeView, query: Target, wanted: Wanted, params: Depth, scratch: Scratch) -> None:
    """Do what was chosen; measure all that passes where a walk returns less than there is, or has given up."""
    if wanted.matches == 0 or wanted.plan == TOGETHER:
        return
    ef, gave_up = wanted.beam, False
    if wanted.plan != SCAN and wanted.matches > max(ef, MOST_TERMS):
        if wanted.plan == GENERAL:
            gave_up = _walk_all(index.held, query, wanted, ef, scratch)
        else:
            gave_up = _walk_terms(index, query, wanted, ef, scratch)
    if gave_up or scratch.counters[RESULTS] < min(ef, wanted.matches):
        begin(scratch)
        _scan(index.held, query, wanted, params.k, scratch)


@part
def _walk_all(held: Held, query: Target, wanted: Wanted, ef: int, scratch: Scratch) -> bool:
    """Walk the graph of all items by NaviX's rule; return whether the walk gave up."""
    general, passing = held.general, wanted.passing.bitmap
    start = find_start(general, query, scratch)
    visited = _begin_without(wanted.absent, scratch)
    seed(query, passing, visited, start, ef, scratch)
    seed_spread(query, passing, len(general.base), visited, ef, scratch)
    walk_by_rule(query, Limited(general.base, scratch.counters, wanted.most), passing, visited, LOCAL, ef, scratch)
    return scratch.counters[COMPUTED] >= wanted.most


@part
def _walk_terms(index: CompositeView, query: Target, wanted: Wanted, ef: int, scratch: Scratch) -> bool:
    """Walk the graph of the filter's terms; return whether the walk gave up.

    Where there are several, it starts from what a walk of each alone comes to: it would not see a term through whose
    items are far from the query at first.
    """
    start, stop, near = wanted.start, wanted.stop, scratch.pool
    scratch.chosen[0] = 0
    if stop - start > 1:
        for t in range(start, stop):
            near[t - start] = -1
            if _has_graph(index, wanted.terms, t):
                visited = _begin_without(wanted.absent, scratch)
                everything = Passing(wanted.passing.bitmap, True)
                _seed_term(index, query, everything, wanted, t, -1, visited, _DESCENT, scratch)
                graph = TermGraph(index.held, wanted.terms, t, t + 1, scratch.chosen, wanted.most)
                walk(query, graph, everything, visited, _DESCENT, scratch)
                for i in range(scratch.counters[RESULTS]):
                    if i == 0 or scratch.results[i] < near[t - start]:
                        near[t - start] = scratch.results[i]
    top = find_start(index.held.general, query, scratch) if wanted.terms[start, 0] == ALL else -1
    visited = _begin_without(wanted.absent, scratch)
    for t in range(start, stop):
        if stop - start > 1 and _has_graph(index, wanted.terms, t):
            if near[t - start] >= 0:
                seed(query, wanted.passing, visited, key_id(near[t - start]), ef, scratch)
        else:
            _seed_term(index, query, wanted.passing, wanted, t, top, visited, ef, scratch)
    graph = TermGraph(index.held, wanted.terms, start, stop, scratch.chosen, wanted.most)
    if wanted.looks_behind:
        walk(query, Behind(graph, wanted.passing, scratch.pool), wanted.passing, visited, ef, scratch)
    else:
        walk(query, graph, wanted.passing, visited, ef, scratch)
    return scratch.chosen[0] >= wanted.most


@part
def _begin_without(absent: int, scratch: Scratch) -> Visited:
    """Begin a search that does not meet an item."""
    visited = begin(scratch)
    if absent != NOBODY:
        visit(visited, absent)
    return visited


@part
def _has_graph(index: CompositeView, terms: NDArray[np.int64], t: int) -> bool:
    """Return whether a term has a graph."""
    if terms[t, 0] == LABEL:
        return index.held.entries[terms[t, 1]] >= 0
    return terms[t, 3] - terms[t, 2] + 1 >= index.least


@part
def _seed_term(
    index: CompositeView,
    query: Target,
    passing: Passing,
    wanted: Wanted,
    t: int,
    top: int,
    visited: Visited,
    ef: int,
    scratch: Scratch,
) -> None:
    """Start from the entry of a label, from spread items of a range, or from all items of a term without a graph."""
    held, kind, which = index.held, wanted.terms[t, 0], wanted.terms[t, 1]
    first, last = wanted.terms[t, 2], wanted.terms[t, 3]
    if kind == ALL:
        seed(query, passing, visited, top, ef, scratch)
    elif kind == RANKS:
        count = last - first + 1
        seeds = SEEDS if count >= index.least else count
        for s in range(seeds):
            seed(query, passing, visited, held.order[which, first + (2 * s + 1) * count // (2 * seeds)], ef, scratch)
    elif held.entries[which] >= 0:
        seed(query, passing, visited, held.entries[which], ef, scratch)
    else:
        for i in range(held.postings.starts[which], held.postings.starts[which + 1]):
            seed(query, passing, visited, held.postings.ids[i], ef, scratch)


@part
def _scan(held: Held, query: Target, wanted: Wanted, k: int, scratch: Scratch) -> None:
    """Measure all that passes."""
    passing, n = wanted.passing, len(held.general.base)
    is_one = wanted.stop - wanted.start == 1
    for t in range(wanted.start, wanted.stop):
        kind, which, first, last = wanted.terms[t, 0], wanted.terms[t, 1], wanted.terms[t, 2], wanted.terms[t, 3]
        size = held.postings.starts[which + 1] - held.postings.starts[which] if kind == LABEL else last - first + 1
        if not passing.everything and (not is_one or size > n // _SPARSE):
            scan_passing(query, passing.bitmap, k, scratch)
            break
        if kind == LABEL:
            scan(query, passing, held.postings.ids, held.postings.starts[which], held.postings.starts[which + 1],
                 k, scratch)  # fmt: skip
        elif kind == RANKS:
            scan(query, passing, held.order[which], first, last + 1, k, scratch)
        else:
            scan_between(query, passing, 0, n - 1, k, scratch)
