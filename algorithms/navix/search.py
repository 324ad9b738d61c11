"""The search of NaviX: a walk over what passes, which looks as far from each node as the local rule says."""

from __future__ import annotations

from typing import NamedTuple

from algorithms.kernels.beam import RESULTS, Scratch, begin, seed
from algorithms.kernels.filter import Bitmap, Selection, next_passing
from algorithms.kernels.graph import Rows
from algorithms.kernels.hnsw import Hnsw, find_start
from algorithms.kernels.jit import part
from algorithms.kernels.local_rule import walk_by_rule
from algorithms.kernels.policy import implements
from algorithms.kernels.queries import search_one
from algorithms.kernels.scan import scan_passing
from algorithms.kernels.types import Target
from algorithms.kernels.visited import Visited

SEEDS = 10
"""How many items that pass a search starts from, besides the one that the upper layers lead to."""


class NavixView(NamedTuple):
    """The index, whose type says how it is searched."""

    hnsw: Hnsw


class NavixBeam(NamedTuple):
    """How a query is answered: with a beam of `ef`, and a rule of `walk_by_rule`."""

    ef: int
    rule: int


@implements(search_one, NavixView)
def search_navix(index: NavixView, query: Target, accept: Selection, params: NavixBeam, scratch: Scratch) -> None:
    """Walk from the nearest item of the upper layers and from seeds that pass; measure all matches if they are few."""
    hnsw, passing, ef = index.hnsw, accept.bitmap, params.ef
    if accept.matches > ef:
        start = find_start(hnsw, query, scratch)
        visited = begin(scratch)
        seed(query, passing, visited, start, ef, scratch)
        seed_spread(query, passing, len(hnsw.base), visited, ef, scratch)
        walk_by_rule(query, Rows(hnsw.base), passing, visited, params.rule, ef, scratch)
    if scratch.counters[RESULTS] < min(ef, accept.matches):
        begin(scratch)
        scan_passing(query, passing, ef, scratch)


@part
def seed_spread(query: Target, passing: Bitmap, n: int, visited: Visited, ef: int, scratch: Scratch) -> None:
    """Start from the first item that passes after each of some evenly spaced ones."""
    for s in range(SEEDS):
        item = next_passing(passing, s * n // SEEDS)
        if item < n:
            seed(query, passing, visited, item, ef, scratch)
