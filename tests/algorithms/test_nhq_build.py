"""The graphs of NHQ: their candidates, their rows, and what their parameters do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from algorithms.kernels.beam import RESULTS, begin, new_scratch, seed, walk
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Rows
from algorithms.kernels.heap import key_ids
from algorithms.kernels.insert import find_candidates
from algorithms.kernels.jit import kernel
from algorithms.kernels.nn_descent import Limits, nn_descent
from algorithms.kernels.space import target
from algorithms.nhq.build import Widening
from algorithms.nhq.kgraph import Build as KgraphBuild
from algorithms.nhq.kgraph import NhqKgraph
from algorithms.nhq.method import Nhq
from algorithms.nhq.nsw import Build as NswBuild
from algorithms.nhq.nsw import NhqNsw
from tests.support.fused import fused_distances, space_of
from tests.support.problems import Problem, clustered, through_disk

SMALL_KGRAPH = KgraphBuild(K=20, L=20, S=5, R=20, RANGE=10, PL=30)
SMALL_NSW = NswBuild(M=8, MaxM0=12, efConstruction=40)


def graph_of(method: type[Nhq], params: Any, problem: Problem) -> Rows:
    index, _ = through_disk(method, params, problem.data())
    assert isinstance(index, Nhq)
    return index.index


@kernel
def candidates_of(widening: Any, space: Any, item: Any, scratch: Any) -> int:
    return find_candidates(widening, target(space, item), item, scratch)


@pytest.mark.parametrize(("roots", "PL"), [(0, 30), (3, 7), (10, 30), (10, 0)])
def test_candidates_are_neighbours_and_near_neighbours_of_the_nearest(roots: int, PL: int) -> None:
    problem = clustered(300, 2)
    space = space_of(problem)
    pools = nn_descent(space, 300, Limits(L=10, S=8, R=20, rounds=12), 0, 1)
    expected, ids = fused_distances(problem.vectors, space.codes), key_ids(pools)
    scratch = new_scratch(300, 30)
    for item in range(300):
        keys = scratch.pool[: candidates_of(Widening(space, pools, roots, PL), space, item, scratch)]
        candidates = key_ids(keys).tolist()
        assert np.all(np.diff(keys) > 0)
        assert len(set(candidates)) == len(candidates)
        assert item not in candidates
        near = set(ids[item].tolist())
        near_of_near = {
            other
            for root in ids[item, :roots]
            for other in ids[root].tolist()
            if expected[root, other] <= 2 * expected[item, root] * (1 + 1e-5)
        }
        near_of_near -= near | {item}
        assert near <= set(candidates) <= near | near_of_near
        assert len(candidates) - len(near) == min(PL, len(near_of_near))


@pytest.mark.parametrize(
    ("method", "params", "width"), [(NhqKgraph, SMALL_KGRAPH, 10), (NhqNsw, SMALL_NSW, 12)], ids=["kgraph", "nsw"]
)
def test_rows_are_short_and_ascending(method: type[Nhq], params: Any, width: int) -> None:
    problem = clustered(1200, 3)
    ids = graph_of(method, params, problem).ids
    assert ids.shape == (1200, width)
    expected = fused_distances(problem.vectors, space_of(problem).codes)
    for item, row in enumerate(ids):
        used = row[row >= 0]
        assert np.all(row[len(used) :] == -1)
        assert 1 <= len(used) == len(set(used.tolist()))
        assert item not in used
        assert np.all(np.diff(expected[item, used]) > -1e-4)


def test_the_seed_decides_a_k_nn_graph() -> None:
    problem = clustered(1000, 9)
    one, two = (through_disk(NhqKgraph, SMALL_KGRAPH, problem.data(seed=seed))[1] for seed in (0, 1))
    assert one != two


def test_occlusion_without_attributes_drops_more_edges() -> None:
    problem = clustered(2000, 10)
    edges = []
    for occlusion in ("fusion", "vector"):
        params = NswBuild(M=20, MaxM0=40, efConstruction=60, occlusion=occlusion)
        edges.append(np.count_nonzero(graph_of(NhqNsw, params, problem).ids >= 0))
    assert edges[1] < edges[0]


def test_a_new_item_chooses_as_many_as_it_may() -> None:
    problem = clustered(800, 11)
    wide = graph_of(NhqNsw, NswBuild(M=3, MaxM0=100, efConstruction=40), problem).ids
    narrow = graph_of(NhqNsw, NswBuild(M=100, MaxM0=3, efConstruction=40), problem).ids
    assert wide.shape == (800, 100)
    assert narrow.shape == (800, 3)
    assert np.count_nonzero(wide >= 0) <= 2 * 3 * 800


@kernel
def count_reachable(graph: Any, space: Any, scratch: Any) -> Any:
    n = len(graph.ids)
    visited = begin(scratch)
    point = target(space, 0)
    seed(point, Everything(), visited, 0, n, scratch)
    walk(point, graph, Everything(), visited, n, scratch)
    return scratch.counters[RESULTS]


def test_nearly_all_items_can_be_reached_from_the_first() -> None:
    problem = clustered(3000, 13)
    graph = graph_of(NhqNsw, SMALL_NSW, problem)
    assert count_reachable(graph, space_of(problem), new_scratch(3000, 12)) > 0.99 * 3000
