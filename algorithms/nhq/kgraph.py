"""NHQ-NPG_kgraph: a pruned k-NN graph on NHQ's fusion distance, searched in two stages from random items.

See `_nhq` for the paper. The k-NN graph of NN-descent is widened by neighbours of neighbours and pruned by the rule
that HNSW and NSG use, all on the fusion distance; a search walks first along the nearer half of each item's edges,
and then along all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.base import param
from algorithms.kernels.beam import CANDIDATES, COMPUTED, EXPANDED, RESULTS, begin, finish, new_scratch, seed, walk
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Rows, neighbours
from algorithms.kernels.heap import NO_KEY, key_distance, key_id, make_key, push_min
from algorithms.kernels.insert import find_candidates, insert, new_links
from algorithms.kernels.nn_descent import nn_descent, stride
from algorithms.kernels.policy import FASTMATH, implements
from algorithms.kernels.prune import Always
from algorithms.kernels.space import distance, target
from algorithms.kernels.visited import visit
from algorithms.kernels.workers import Workers
from algorithms.nhq.fusion import INFO, Fusion, Nhq, nhq_query


@dataclass(frozen=True)
class Build:
    """Build parameters, by the names of the authors' code."""

    K: int = param(100, "neighbours of an item in the k-NN graph; no more than L", low=1)
    L: int = param(100, "NN-descent: neighbours that an item keeps", low=1)
    iter: int = param(12, "NN-descent: rounds at most", low=0)
    S: int = param(15, "NN-descent: new neighbours that an item samples in a round", low=1)
    R: int = param(200, "NN-descent: reverse neighbours that it samples", low=0)
    RANGE: int = param(50, "edges of an item at most", low=1)
    PL: int = param(350, "neighbours of neighbours among the candidates for its edges", low=0)
    B: float = param(0.5, "share of its neighbours whose neighbours are looked at", low=0, high=1)


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    L: int = param(100, "width of the search, and how many random items it starts from", low=1)
    weight: float | None = param(
        None, "added to the distance per differing attribute (authors' code); null: the fusion distance", low=0
    )


class Widening(NamedTuple):
    """An item's candidates: its neighbours, and neighbours of the nearest of them.

    Attributes:
        space: the items, under the fusion distance.
        pools: int64[n, K], the k-NN graph as keys, ascending, `NO_KEY` where there are fewer.
        roots: of how many neighbours the neighbours are looked at.
        most: how many of those are taken.
    """

    space: Fusion
    pools: NDArray[np.int64]
    roots: int
    most: int


class _Halves(NamedTuple):
    """A graph of which only the first edges of an item are walked.

    Attributes:
        ids: int32[n, width], each row its neighbours and then -1.
        halves: int32[n], how many of them.
    """

    ids: NDArray[np.int32]
    halves: NDArray[np.int32]


class NhqKgraph(Nhq):
    """A pruned k-NN graph on the fusion distance; a search starts from random items."""

    info = INFO
    BuildParams = Build
    SearchParams = Search

    def _build(self, space: Fusion, seed: int, threads: int) -> NDArray[np.int32]:
        p: Build = self.params
        n = len(space.codes)
        pools = np.ascontiguousarray(nn_descent(space, n, p.L, p.S, p.R, p.iter, seed, threads)[:, : p.K])
        links = new_links(n, p.RANGE, degree=p.RANGE)
        widening = Widening(space, pools, round(p.B * pools.shape[1]), p.PL)
        with Workers([new_scratch(n, p.RANGE) for _ in range(threads)]) as workers:
            insert(workers, space, widening, Always(), links, np.arange(n, dtype=np.int32))
        return links.ids

    @cached_property
    def _halves(self) -> NDArray[np.int32]:
        return (np.count_nonzero(self.graph >= 0, axis=1) // 2).astype(np.int32)

    def search(
        self, queries: NDArray[np.float32], prepared: NDArray[np.int32], k: int, params: Search, threads: int
    ) -> NDArray[np.int32]:
        """See `Algorithm.search`."""
        graph, step = _Halves(self.graph, self._halves), stride(len(self.graph))
        return self._answer(_search, queries, prepared, k, params.weight, threads, graph, step, max(params.L, k))


@implements(find_candidates, Widening)
def _(search: Any, point: Any, item: Any, scratch: Any) -> Any:
    keys, pools = scratch.results, search.pools
    visited = begin(scratch)
    visit(visited, item)
    near = 0
    while near < pools.shape[1] and pools[item, near] != NO_KEY:
        keys[near] = pools[item, near]
        visit(visited, key_id(keys[near]))
        near += 1
    count = near
    for i in range(min(search.roots, near)):
        root, limit = key_id(pools[item, i]), np.float32(2) * key_distance(pools[item, i])
        for j in range(pools.shape[1]):
            key = pools[root, j]
            # What is more than twice as far from the root as the root is from here leads too far away.
            if count == near + search.most or key == NO_KEY or key_distance(key) > limit:
                break
            keys[count] = key
            count += visit(visited, key_id(key))
    for i in range(count):
        other = key_id(keys[i])
        # From the lower to the higher id, so that an edge is as long to the last bit from either end.
        keys[i] = make_key(distance(target(search.space, min(item, other)), max(item, other)), other)
    keys[:count].sort()
    return count


@implements(neighbours, _Halves)
def _(graph: Any, node: Any, visited: Any, out: Any) -> Any:
    count = 0
    for j in range(graph.halves[node]):
        out[count] = graph.ids[node, j]
        count += visit(visited, out[count])
    return count


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _search(
    start: Any, stop: Any, scratch: Any, space: Any, metric: Any, queries: Any, wanted: Any, graph: Any, step: Any,
    ef: Any, ids: Any, lengths: Any, computed: Any,
) -> None:  # fmt: skip
    n = len(graph.ids)
    for row in range(start, stop):
        query = nhq_query(space, metric, queries, wanted, row)
        scratch.counters[COMPUTED] = 0
        visited = begin(scratch)
        item = _hash(queries[row]) % n
        for _ in range(min(ef, n)):
            item = (item + step) % n
            seed(query, Everything(), visited, item, ef, scratch)
        walk(query, graph, Everything(), visited, ef, scratch)
        _reopen(scratch)
        walk(query, Rows(graph.ids), Everything(), visited, ef, scratch)
        finish(scratch, ids[row], lengths[row])
        computed[row] = scratch.counters[COMPUTED]


@nb.njit(cache=True, nogil=True)
def _hash(row: Any) -> Any:
    """Return a number from 0 to 2^31 - 1 that depends on all bits of a row: equal queries start from equal items."""
    state = np.uint64(14695981039346656037)
    for value in row.view(np.uint32):
        state = (state ^ np.uint64(value)) * np.uint64(1099511628211)
    return np.int64((state ^ (state >> np.uint64(32))) & np.uint64(0x7FFFFFFF))


@nb.njit(cache=True, nogil=True)
def _reopen(scratch: Any) -> None:
    """Make all results candidates again, and nothing else."""
    for i in range(scratch.counters[RESULTS]):
        push_min(scratch.candidates, i, scratch.results[i])
    scratch.counters[CANDIDATES] = scratch.counters[RESULTS]
    scratch.counters[EXPANDED] = 0
