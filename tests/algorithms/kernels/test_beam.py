"""The search loop, and what it leaves behind for building."""

from __future__ import annotations

from typing import Any

import numpy as np

from algorithms.kernels import beam, heap
from algorithms.kernels.beam import COMPUTED, begin, finish, new_scratch, seed, walk, walk_from
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Rows
from algorithms.kernels.jit import kernel
from algorithms.kernels.space import l2, query_target
from tests.support.kernels import bitmap, compiled

key_id = compiled(heap.key_id)
pool_entered = compiled(beam.pool_entered)
pool_results = compiled(beam.pool_results)

N = 100
RING = np.stack([(np.arange(N) + 1) % N, (np.arange(N) - 1) % N], axis=1).astype(np.int32)


@kernel
def _search(graph: Any, accept: Any, space: Any, queries: Any, ef: int, scratch: Any, ids: Any, lengths: Any) -> None:
    query = query_target(space, queries, 0)
    visited = begin(scratch)
    seed(query, accept, visited, 0, ef, scratch)
    walk(query, graph, accept, visited, ef, scratch)
    finish(scratch, ids, lengths)


@kernel
def _search_from(graph: Any, accept: Any, space: Any, queries: Any, item: int, ef: int, scratch: Any) -> None:
    walk_from(query_target(space, queries, 0), graph, accept, item, ef, scratch)


def _points() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(N, 8)).astype(np.float32), rng.normal(size=(1, 8)).astype(np.float32)


def test_a_beam_over_all_items_walks_through_those_that_fail() -> None:
    rows, queries = _points()
    mask = np.arange(N) % 7 == 3
    scratch, ids, lengths = new_scratch(N, 2), np.empty(20, np.int32), np.empty(20, np.float32)
    for _ in range(2):  # nothing of the first search shows in the second
        _search(Rows(RING), bitmap(mask), l2(rows), queries, N, scratch, ids, lengths)
        passing = np.flatnonzero(mask)
        expected = passing[((rows[passing] - queries[0]) ** 2).sum(axis=1).argsort()]
        assert ids.tolist() == [*expected.tolist(), *[-1] * (20 - len(expected))]
        assert np.isinf(lengths[len(expected) :]).all()


def test_the_pool_takes_what_a_search_returned_or_met_nearest_first() -> None:
    rows, queries = _points()
    order = ((rows - queries[0]) ** 2).sum(axis=1).argsort().tolist()
    scratch = new_scratch(N, 2)
    _search_from(Rows(RING), Everything(), l2(rows), queries, 5, N, scratch)
    assert scratch.counters[COMPUTED] == N
    # All items were results at some time, since the beam had room for all.
    assert pool_entered(30, scratch) == 30
    assert [key_id(key) for key in scratch.pool[:30]] == order[:30]
    # The results, without the item itself.
    item = order[3]
    assert pool_results(item, scratch) == N - 1
    assert [key_id(key) for key in scratch.pool[: N - 1]] == [i for i in order if i != item]
