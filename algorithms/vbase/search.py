"""The search of VBASE: items are visited one after another, until those visited last are farther than the answers."""

from __future__ import annotations

from typing import NamedTuple

from algorithms.kernels.beam import CANDIDATES, COMPUTED, EXPANDED, RESULTS, Scratch, begin, seed
from algorithms.kernels.filter import Selection, passes
from algorithms.kernels.graph import Rows, neighbours
from algorithms.kernels.heap import admit, key_id, make_key, pop_min, push_min
from algorithms.kernels.hnsw import Hnsw, find_start
from algorithms.kernels.jit import part
from algorithms.kernels.policy import implements
from algorithms.kernels.queries import search_one
from algorithms.kernels.scan import scan_passing
from algorithms.kernels.space import distances
from algorithms.kernels.types import Accept, Graph, Target
from algorithms.kernels.visited import Visited


class VbaseView(NamedTuple):
    """The index, whose type says how it is searched."""

    hnsw: Hnsw


class VbaseWindow(NamedTuple):
    """When a search ends: see `is_leaving`."""

    E: int
    w: int


@implements(search_one, VbaseView)
def search_vbase(index: VbaseView, query: Target, accept: Selection, params: VbaseWindow, scratch: Scratch) -> None:
    """Visit items from the nearest of the upper layers on; measure all matches if they are few."""
    passing, E = accept.bitmap, params.E
    if accept.matches <= E:
        scan_passing(query, passing, E, scratch)
        return
    start = find_start(index.hnsw, query, scratch)
    visited = begin(scratch)
    seed(query, passing, visited, start, E, scratch)
    while scratch.counters[CANDIDATES] > 0 and not is_leaving(params, scratch):
        visit_next(query, Rows(index.hnsw.base), passing, visited, E, scratch)


@part
def is_leaving(params: VbaseWindow, scratch: Scratch) -> bool:
    """Return whether the traversal leaves the neighbourhood: its last w visits have a median above the radius.

    The next item counts as visited: it is at the head of the candidates. Of an even number, the lower median counts.
    """
    counters = scratch.counters
    before = params.w - 1
    if counters[RESULTS] < params.E or counters[EXPANDED] < before:
        return False
    radius = scratch.results[0]
    beyond = 1 if scratch.candidates[0] > radius else 0
    for i in range(counters[EXPANDED] - before, counters[EXPANDED]):
        if scratch.expanded[i] > radius:
            beyond += 1
    return 2 * beyond > params.w


@part
def visit_next(target: Target, graph: Graph, accept: Accept, visited: Visited, E: int, scratch: Scratch) -> None:
    """Visit the nearest candidate: measure its neighbours, which become candidates, and results where they pass."""
    counters, items, lengths = scratch.counters, scratch.items, scratch.lengths
    nearest = pop_min(scratch.candidates, counters[CANDIDATES])
    counters[CANDIDATES] -= 1
    scratch.expanded[counters[EXPANDED]] = nearest
    counters[EXPANDED] += 1
    count = neighbours(graph, key_id(nearest), visited, items)
    distances(target, items, count, lengths)
    counters[COMPUTED] += count
    for i in range(count):
        key = make_key(lengths[i], items[i])
        push_min(scratch.candidates, counters[CANDIDATES], key)
        counters[CANDIDATES] += 1
        if passes(accept, items[i]) and admit(scratch.results, counters[RESULTS], E, key):
            counters[RESULTS] = min(E, counters[RESULTS] + 1)
