"""The index of UNG and its search, from the minimal supersets of the query's labels (section 4 of the paper)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.beam import CANDIDATES, COMPUTED, RESULTS, Scratch, begin, walk
from algorithms.kernels.csr import Csr
from algorithms.kernels.filter import Everything, filter_of
from algorithms.kernels.heap import admit, make_key, push_min
from algorithms.kernels.jit import part
from algorithms.kernels.policy import implements
from algorithms.kernels.queries import search_one
from algorithms.kernels.space import distances
from algorithms.kernels.types import Items, Offsets, Target
from algorithms.kernels.visited import Visited, visit


class UngIndex(NamedTuple):
    """What is saved: items are numbered by their places, see `Groups`.

    Attributes:
        starts: int64[m + 1], where each place's neighbours start.
        ids: int32[edges], the neighbours.
        entry_starts: int64[g + 1], where each group's entries start.
        entries: int32[*], the entries.
    """

    starts: Offsets
    ids: Items
    entry_starts: Offsets
    entries: Items


class UngView(NamedTuple):
    """What is searched.

    Attributes:
        graph: the neighbours of each place.
        entries: the places of each group where searches start.
    """

    graph: Csr
    entries: Csr


class UngBeam(NamedTuple):
    """How wide a search is: `L`, at least the number of answers."""

    L: int


class Supersets(NamedTuple):
    """The filters of a batch of q queries, each as groups: the minimal supersets of its labels.

    Attributes:
        groups: those of each distinct filter.
        which: int64[q], the filter of each query.
    """

    groups: Csr
    which: NDArray[np.int64]


class Minimal(NamedTuple):
    """The filter of one query: `groups`, int32[*], are the minimal supersets of its labels."""

    groups: Items


@implements(filter_of, Supersets)
def supersets_of(filters: Supersets, row: int) -> Minimal:
    """Return the groups that the query starts from."""
    starts, u = filters.groups.starts, filters.which[row]
    return Minimal(filters.groups.ids[starts[u] : starts[u + 1]])


@implements(search_one, UngView)
def search_from_supersets(index: UngView, query: Target, accept: Minimal, params: UngBeam, scratch: Scratch) -> None:
    """Walk from the entries of the query's minimal supersets: all that can be reached from there passes."""
    starts, entries = index.entries
    visited = begin(scratch)
    for g in accept.groups:
        _seed(query, visited, entries[starts[g] : starts[g + 1]], params.L, scratch)
    walk(query, index.graph, Everything(), visited, params.L, scratch)


@part
def _seed(query: Target, visited: Visited, items: Items, ef: int, scratch: Scratch) -> None:
    """Start from those of some items, not met before, that are among the best `ef` so far."""
    for start in range(0, len(items), len(scratch.items)):
        part = items[start : start + len(scratch.items)]
        distances(query, part, len(part), scratch.lengths)
        scratch.counters[COMPUTED] += len(part)
        for i in range(len(part)):
            visit(visited, part[i])
            key, size = make_key(scratch.lengths[i], part[i]), scratch.counters[RESULTS]
            if admit(scratch.results, size, ef, key):
                scratch.counters[RESULTS] = min(ef, size + 1)
                push_min(scratch.candidates, scratch.counters[CANDIDATES], key)
                scratch.counters[CANDIDATES] += 1
