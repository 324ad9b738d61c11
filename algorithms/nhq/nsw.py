"""NHQ-NPG_nsw: a navigable small world on NHQ's fusion distance, built by insertion.

See `_nhq` for the paper. One flat graph: every item, in the order of the data, is linked to a few of those that a
search for it finds, chosen by the rule of HNSW. Here items are inserted in batches, which makes the graph the same for
any number of threads. A search starts from the first item.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.base import param
from algorithms.kernels.beam import CANDIDATES, COMPUTED, RESULTS, begin, finish, new_scratch, seed, walk
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Rows, neighbours
from algorithms.kernels.heap import admit, key_id, make_key, pop_min, push_min, sort_max
from algorithms.kernels.insert import batches, find_candidates, insert, new_links
from algorithms.kernels.policy import FASTMATH, implements
from algorithms.kernels.prune import Always
from algorithms.kernels.space import distances, target
from algorithms.kernels.workers import Workers
from algorithms.nhq.fusion import INFO, Fusion, Nhq, nhq_query

_ENTRY = 0


@dataclass(frozen=True)
class Build:
    """Build parameters, by the names of the authors' code."""

    M: int = param(40, "edges that a new item chooses; no more than MaxM0", low=1)
    MaxM0: int = param(40, "edges of an item at most", low=1)
    efConstruction: int = param(300, "width of the search for them", low=1)
    occlusion: str = param(
        "fusion",
        "distance from a chosen neighbour to a candidate, compared with the candidate's fusion distance: "
        "fusion (paper), or vector, without attributes (authors' code)",
        choices=("fusion", "vector"),
    )


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    ef: int = param(100, "width of the search", low=1)
    weight: float | None = param(
        None, "added to the distance per differing attribute (authors' code); null: the fusion distance", low=0
    )
    stop: str = param(
        "beam",
        "when the search ends: beam, at the nearest candidate beyond the best ef; "
        "expansions, after ef / 2 items were expanded, which admits nearly all candidates (authors' code)",
        choices=("beam", "expansions"),
    )


class _Insertion(NamedTuple):
    """How an item finds its candidates.

    Attributes:
        space: the items, under the fusion distance.
        ids: int32[n, width], the graph that is being built.
        ef: the beam.
    """

    space: Fusion
    ids: NDArray[np.int32]
    ef: int


class NhqNsw(Nhq):
    """A navigable small world on the fusion distance; a search starts from the first item."""

    info = INFO
    BuildParams = Build
    SearchParams = Search

    def _build(self, space: Fusion, seed: int, threads: int) -> NDArray[np.int32]:
        p: Build = self.params
        n = len(space.codes)
        links = new_links(n, p.MaxM0, degree=min(p.M, p.MaxM0))
        items, search = np.arange(n, dtype=np.int32), _Insertion(space, links.ids, p.efConstruction)
        occlusion = space if p.occlusion == "fusion" else space.points
        with Workers([new_scratch(n, p.MaxM0) for _ in range(threads)]) as workers:
            for start, stop in batches(1, n):
                insert(workers, occlusion, search, Always(), links, items[start:stop])
        return links.ids

    def search(
        self, queries: NDArray[np.float32], prepared: NDArray[np.int32], k: int, params: Search, threads: int
    ) -> NDArray[np.int32]:
        """See `Algorithm.search`."""
        expansions = 0 if params.stop == "beam" else max(1, params.ef // 2)
        graph, ef = Rows(self.graph), max(params.ef, k)
        return self._answer(_search, queries, prepared, k, params.weight, threads, graph, ef, expansions)


@implements(find_candidates, _Insertion)
def _(search: Any, point: Any, item: Any, scratch: Any) -> Any:
    fused = target(search.space, item)
    visited = begin(scratch)
    seed(fused, Everything(), visited, _ENTRY, search.ef, scratch)
    walk(fused, Rows(search.ids), Everything(), visited, search.ef, scratch)
    sort_max(scratch.results, scratch.counters[RESULTS])
    return scratch.counters[RESULTS]


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _search(
    start: Any, stop: Any, scratch: Any, space: Any, metric: Any, queries: Any, wanted: Any, graph: Any, ef: Any,
    expansions: Any, ids: Any, lengths: Any, computed: Any,
) -> None:  # fmt: skip
    for row in range(start, stop):
        query = nhq_query(space, metric, queries, wanted, row)
        scratch.counters[COMPUTED] = 0
        visited = begin(scratch)
        seed(query, Everything(), visited, _ENTRY, ef, scratch)
        if expansions > 0:
            _walk_expansions(query, graph, visited, ef, expansions, scratch)
        else:
            walk(query, graph, Everything(), visited, ef, scratch)
        finish(scratch, ids[row], lengths[row])
        computed[row] = scratch.counters[COMPUTED]


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _walk_expansions(query: Any, graph: Any, visited: Any, ef: Any, expansions: Any, scratch: Any) -> None:
    """Expand the nearest candidate, and so on, for a number of expansions; the best `ef` candidates are the results.

    A neighbour becomes a candidate if it is nearer than the farthest candidate before it, or while there were fewer
    than `ef`.
    """
    candidates, results, counters = scratch.candidates, scratch.results, scratch.counters
    open_, found, pushed = counters[CANDIDATES], counters[RESULTS], counters[CANDIDATES]
    farthest = candidates[0]
    for _ in range(expansions):
        if open_ == 0:
            break
        node = key_id(pop_min(candidates, open_))
        open_ -= 1
        count = neighbours(graph, node, visited, scratch.items)
        distances(query, scratch.items, count, scratch.lengths)
        counters[COMPUTED] += count
        limit = farthest
        for i in range(count):
            key = make_key(scratch.lengths[i], scratch.items[i])
            if key >= limit and pushed >= ef:
                continue
            push_min(candidates, open_, key)
            open_ += 1
            pushed += 1
            farthest = max(farthest, key)
            if admit(results, found, ef, key):
                found = min(ef, found + 1)
    counters[CANDIDATES], counters[RESULTS] = open_, found
