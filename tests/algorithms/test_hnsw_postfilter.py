"""Post-filtering on our HNSW: it widens until enough passes, and what is on disk is the graph."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algorithms.baselines.hnsw import HnswPostFilter
from algorithms.baselines.hnsw_params import HnswBuild
from algorithms.baselines.widening import WideningSearch
from bench.core.attributes import Attributes
from bench.core.encode import ordered
from bench.core.filters import Between, Equals, Everything
from bench.core.leaf import FilterType
from tests.support.problems import Problem, answer, check_exact, check_valid, clustered, problems, recall, through_disk

SMALL = HnswBuild(M=8, ef_construction=40)


@settings(max_examples=40, deadline=None)
@given(problem=problems(), k=st.sampled_from([1, 7, 100]))
def test_as_many_candidates_as_items_are_exact(problem: Problem, k: int) -> None:
    method, _ = through_disk(HnswPostFilter, HnswBuild(M=60, ef_construction=60), problem.data())
    check_exact(problem, answer(method, problem, WideningSearch(ef=60), k), k)


def test_widening_goes_on_until_enough_passes_or_the_limit_is_met() -> None:
    problem = clustered(3000, 2)
    rare = Attributes(3000, {"number": ordered([int(i % 100 == 0) for i in range(3000)])})
    problem = Problem(problem.vectors, rare, problem.queries, (Equals("number", 1),) * 40)
    method, _ = through_disk(HnswPostFilter, SMALL, problem.data())
    distances = []
    for limit in (10, 300, 3000):
        ids = answer(method, problem, WideningSearch(ef=10, max_candidates=limit))
        check_valid(problem, ids)
        assert (limit == 3000) is bool(np.all(ids >= 0))
        distances.append(method.distance_computations)
    assert distances == sorted(set(distances))
    assert recall(problem, ids) >= 0.95


def test_recall_grows_with_the_beam() -> None:
    problem = clustered(3000, 2, queries=60)
    open_ = Problem(problem.vectors, problem.attributes, problem.queries, (Everything(),) * 60)
    method, _ = through_disk(HnswPostFilter, SMALL, problem.data())
    recalls = [recall(open_, answer(method, open_, WideningSearch(ef=ef))) for ef in (10, 40, 3000)]
    assert recalls == sorted(recalls)
    assert recalls[0] < 1 == recalls[-1]


def test_index_and_answers_are_the_same_for_any_number_of_threads() -> None:
    problem = clustered(3000, 3)
    one, bytes_one = through_disk(HnswPostFilter, SMALL, problem.data(threads=1))
    two, bytes_two = through_disk(HnswPostFilter, SMALL, problem.data(threads=2))
    assert bytes_one == bytes_two
    expected = answer(one, problem, WideningSearch(ef=20))
    for method, threads in ((one, 2), (two, 3), (two, 1)):
        np.testing.assert_array_equal(answer(method, problem, WideningSearch(ef=20), threads=threads), expected)


def test_a_graph_on_disk_is_the_graph_that_was_built() -> None:
    problem = clustered(1000, 5)
    built = HnswPostFilter(SMALL)
    built.build(problem.data())
    loaded, _ = through_disk(HnswPostFilter, SMALL, problem.data())
    assert isinstance(loaded, HnswPostFilter)
    np.testing.assert_array_equal(loaded.index.base, built.index.base)
    for name in ("ids", "first", "entry", "top"):
        np.testing.assert_array_equal(getattr(loaded.index, name), getattr(built.index, name))


def test_all_filters_are_served_by_one_index() -> None:
    assert HnswPostFilter.index_attributes(("number",)) == ()
    assert [HnswPostFilter.unsupported(filter_type) for filter_type in FilterType] == [None] * len(FilterType)


@pytest.mark.parametrize("low", [99, 2])
def test_a_filter_that_nothing_passes_is_not_searched(low: int) -> None:
    problem = clustered(200, 6)
    nothing = Problem(problem.vectors, problem.attributes, problem.queries, (Between("number", low, None),) * 40)
    method, _ = through_disk(HnswPostFilter, SMALL, problem.data())
    assert np.all(answer(method, nothing, WideningSearch()) == -1)
    assert method.distance_computations == 0
