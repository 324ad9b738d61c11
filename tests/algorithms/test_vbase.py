"""VBASE: when a traversal ends, exact where all is visited, and a beam search where the window is one visit."""

from __future__ import annotations

import statistics
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from algorithms.baselines.hnsw import HnswPostFilter
from algorithms.baselines.hnsw_params import HnswBuild
from algorithms.baselines.widening import WideningSearch
from algorithms.kernels import heap
from algorithms.kernels.beam import CANDIDATES, EXPANDED, RESULTS, begin, finish, new_scratch, walk_from
from algorithms.kernels.graph import Rows
from algorithms.kernels.hnsw import find_start
from algorithms.kernels.jit import kernel
from algorithms.kernels.space import query_target
from algorithms.vbase import search
from algorithms.vbase.method import Search, Vbase
from algorithms.vbase.search import VbaseWindow
from bench.core.attributes import Attributes
from bench.core.encode import ordered
from bench.core.filters import Equals, FilterType
from tests.support.kernels import bitmap, compiled
from tests.support.problems import (
    Problem,
    answer,
    any_problem,
    check_exact,
    check_valid,
    clustered,
    recall,
    through_disk,
)

SMALL = HnswBuild(M=8, ef_construction=40)
is_leaving = compiled(search.is_leaving)
make_key = compiled(heap.make_key)


@settings(max_examples=60, deadline=None)
@given(problem=any_problem(), E=st.sampled_from([1, 5, 60]), w=st.integers(1, 80), k=st.sampled_from([1, 7, 100]))
def test_answers_are_valid_and_a_neighbourhood_of_all_items_is_exact(problem: Problem, E: int, w: int, k: int) -> None:
    vbase, _ = through_disk(Vbase, HnswBuild(M=8, ef_construction=40), problem.data())
    ids = answer(vbase, problem, Search(E=E, w=w), k)
    check_valid(problem, ids)
    if max(E, k) >= 60:
        check_exact(problem, ids, k)


@settings(max_examples=60, deadline=None)
@given(problem=any_problem(), w=st.integers(61, 80), k=st.sampled_from([1, 7]))
def test_a_window_that_is_never_full_visits_all_that_can_be_reached(problem: Problem, w: int, k: int) -> None:
    vbase, _ = through_disk(Vbase, HnswBuild(M=60, ef_construction=60), problem.data())
    check_exact(problem, answer(vbase, problem, Search(E=1, w=w), k), k)


@pytest.mark.parametrize("w", [1, 5, 30])
def test_recall_grows_with_the_neighbourhood_and_the_window(w: int) -> None:
    problem = clustered(3000, 2, queries=60)
    vbase, _ = through_disk(Vbase, SMALL, problem.data())
    recalls = [recall(problem, answer(vbase, problem, Search(E=E, w=w))) for E in (10, 40, 160)]
    assert recalls == sorted(recalls)
    assert recalls[0] >= 0.6
    assert recalls[-1] >= 0.97
    answer(vbase, problem, Search(E=10, w=w))
    cost = vbase.distance_computations
    answer(vbase, problem, Search(E=10, w=4 * w))
    assert cost is not None
    assert cost < (vbase.distance_computations or 0)


def test_one_traversal_takes_fewer_distances_than_widening() -> None:
    problem = clustered(3000, 2, queries=60)
    vbase, files = through_disk(Vbase, SMALL, problem.data())
    widening, same = through_disk(HnswPostFilter, SMALL, problem.data())
    assert files == same
    at_once, again = answer(vbase, problem, Search(E=20)), answer(widening, problem, WideningSearch(ef=20))
    assert recall(problem, at_once) >= recall(problem, again) - 0.01
    assert (vbase.distance_computations or 0) < (widening.distance_computations or 0)


@settings(max_examples=200, deadline=None)
@given(
    visits=st.lists(st.integers(0, 9), max_size=12),
    head=st.integers(0, 9),
    radius=st.integers(0, 9),
    w=st.integers(1, 9),
)
def test_a_search_ends_when_the_median_visit_is_beyond_the_radius(
    visits: list[int], head: int, radius: int, w: int
) -> None:
    scratch = new_scratch(20, 1)
    scratch.expanded[: len(visits)] = [make_key(np.float32(d), 0) for d in visits]
    scratch.candidates[0], scratch.results[0] = make_key(np.float32(head), 0), make_key(np.float32(radius), 0)
    scratch.counters[[EXPANDED, CANDIDATES, RESULTS]] = len(visits), 1, 3
    window = [*visits, head][-w:]
    leaving = len(window) == w and statistics.median_low(window) > radius
    assert is_leaving(VbaseWindow(3, w), scratch) == leaving
    assert not is_leaving(VbaseWindow(4, w), scratch)  # too few pass so far


@kernel
def _beam_search(hnsw: Any, space: Any, queries: Any, row: int, accept: Any, ids: Any, scratch: Any, out: Any) -> None:
    begin(scratch)
    query = query_target(space, queries, row)
    start = find_start(hnsw, query, scratch)
    walk_from(query, Rows(hnsw.base), accept, start, len(ids), scratch)
    finish(scratch, ids, out)


def test_a_window_of_one_is_a_beam_search_that_collects_what_passes() -> None:
    problem = clustered(2000, 4)
    vbase, _ = through_disk(Vbase, SMALL, problem.data())
    assert isinstance(vbase, Vbase)
    answers = answer(vbase, problem, Search(E=20, w=1), 20)
    scratch, expected = new_scratch(2000, 16), np.empty_like(answers)
    lengths: NDArray[np.float32] = np.empty(20, np.float32)
    for row, u in enumerate(problem.batch.index):
        accept = bitmap(problem.batch.mask(u))
        _beam_search(vbase.index, vbase.space, problem.queries, row, accept, expected[row], scratch, lengths)
    np.testing.assert_array_equal(answers, expected)


def test_few_matches_are_measured_and_nothing_else() -> None:
    problem = clustered(1000, 1)
    rare = Attributes(1000, {"number": ordered([int(i % 100 == 0) for i in range(1000)])})
    problem = Problem(problem.vectors, rare, problem.queries, (Equals("number", 1),) * 20 + (Equals("number", 2),) * 20)
    vbase, _ = through_disk(Vbase, SMALL, problem.data())
    check_exact(problem, answer(vbase, problem, Search(E=10)), 10)
    assert vbase.distance_computations == 20 * 10


def test_index_and_answers_are_the_same_for_any_number_of_threads() -> None:
    problem = clustered(2000, 3)
    one, bytes_one = through_disk(Vbase, SMALL, problem.data(threads=1))
    two, bytes_two = through_disk(Vbase, SMALL, problem.data(threads=2))
    assert bytes_one == bytes_two
    params = Search(E=20)
    np.testing.assert_array_equal(answer(one, problem, params), answer(two, problem, params, threads=3))


def test_the_index_is_the_same_for_all_workloads() -> None:
    assert Vbase.index_attributes(("number", "category")) == ()
    assert [Vbase.unsupported(filter_type) for filter_type in FilterType] == [None] * len(FilterType)
