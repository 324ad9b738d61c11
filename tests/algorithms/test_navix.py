"""NaviX: exact with a wide beam whatever the rule, better with a wider one, and cheaper where it should be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algorithms.baselines.hnsw import HnswPostFilter
from algorithms.baselines.hnsw_params import HnswBuild
from algorithms.baselines.widening import WideningSearch
from algorithms.kernels.local_rule import RULES
from algorithms.navix.method import Navix, Search
from bench.core.attributes import Attributes
from bench.core.encode import ordered
from bench.core.filters import Between, Equals, Everything, FilterType
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
every_rule = pytest.mark.parametrize("rule", RULES)


def numbered(n: int, values: int, query_values: int, seed: int = 3) -> Problem:
    """Return n clustered items with random numbers below `values`, and queries for those below `query_values`."""
    problem = clustered(n, seed, queries=60)
    numbers = np.random.default_rng(seed).integers(0, values, n)
    filters = (Between("number", 0, query_values - 1),) * 60
    return Problem(problem.vectors, Attributes(n, {"number": ordered(numbers)}), problem.queries, filters)


@settings(max_examples=60, deadline=None)
@given(
    problem=any_problem(),
    m=st.integers(2, 8),
    ef=st.sampled_from([1, 5, 60]),
    k=st.sampled_from([1, 7, 100]),
    rule=st.sampled_from(RULES),
)
def test_answers_are_valid_and_a_beam_as_wide_as_all_items_is_exact(
    problem: Problem, m: int, ef: int, k: int, rule: str
) -> None:
    navix, _ = through_disk(Navix, HnswBuild(m, 10), problem.data())
    ids = answer(navix, problem, Search(ef=ef, rule=rule), k)
    if max(ef, k) >= 60:
        check_exact(problem, ids, k)
    check_valid(problem, ids)
    full = np.minimum(k, problem.batch.matches[problem.batch.index])
    np.testing.assert_array_equal((ids >= 0).sum(1), full)


@every_rule
@pytest.mark.parametrize("passing", [5, 40, 100])
def test_recall_grows_with_the_beam(rule: str, passing: int) -> None:
    problem = numbered(3000, 100, passing)
    navix, _ = through_disk(Navix, SMALL, problem.data())
    recalls = [recall(problem, answer(navix, problem, Search(ef=ef, rule=rule))) for ef in (10, 40, 140)]
    assert recalls == sorted(recalls)
    assert recalls[0] >= (0.1 if rule == "one_hop" else 0.6)  # what passes falls apart where one hop is all
    assert recalls[-1] >= 0.97


@every_rule
def test_a_walk_measures_a_part_of_what_passes(rule: str) -> None:
    problem = numbered(3000, 100, 50)
    navix, _ = through_disk(Navix, SMALL, problem.data())
    answer(navix, problem, Search(ef=20, rule=rule))
    assert 0 < navix.distance_computations < 60 * 750  # half of those that pass


def test_the_local_rule_is_one_hop_where_all_pass_and_never_the_worst() -> None:
    cost: dict[tuple[str, int], int] = {}
    for passing in (3, 20, 100):
        problem = numbered(3000, 100, passing)
        navix, _ = through_disk(Navix, SMALL, problem.data())
        for rule in RULES:
            answer(navix, problem, Search(ef=40, rule=rule))
            cost[rule, passing] = int(navix.distance_computations or 0)
    assert cost["local", 100] == cost["one_hop", 100] <= cost["directed", 100]
    for passing in (3, 20, 100):
        assert cost["local", passing] <= max(cost["directed", passing], cost["blind", passing])


def test_without_a_filter_it_is_about_as_good_as_hnsw() -> None:
    problem = clustered(3000, 3, queries=100)
    open_ = Problem(problem.vectors, problem.attributes, problem.queries, (Everything(),) * 100)
    navix, files = through_disk(Navix, SMALL, problem.data())
    hnsw, same = through_disk(HnswPostFilter, SMALL, problem.data())
    assert files == same
    for ef in (10, 40):
        bar = recall(open_, answer(hnsw, open_, WideningSearch(ef=ef))) - 0.01
        assert recall(open_, answer(navix, open_, Search(ef=ef))) >= bar


@every_rule
def test_few_matches_are_measured_and_nothing_else(rule: str) -> None:
    problem = numbered(1000, 100, 2)
    navix, _ = through_disk(Navix, SMALL, problem.data())
    matches = int(problem.batch.matches[0])
    check_exact(problem, answer(navix, problem, Search(ef=matches, rule=rule)), 10)
    assert navix.distance_computations == 60 * matches


def test_a_value_that_no_item_has_costs_nothing() -> None:
    problem = clustered(300, 0)
    nothing = Problem(problem.vectors, problem.attributes, problem.queries, (Equals("number", 99),) * 40)
    navix, _ = through_disk(Navix, SMALL, problem.data())
    assert np.all(answer(navix, nothing, Search()) == -1)
    assert navix.distance_computations == 0


def test_index_and_answers_are_the_same_for_any_number_of_threads() -> None:
    problem = clustered(2000, 3)
    one, bytes_one = through_disk(Navix, SMALL, problem.data(threads=1))
    two, bytes_two = through_disk(Navix, SMALL, problem.data(threads=2))
    assert bytes_one == bytes_two
    for rule in RULES:
        params = Search(ef=20, rule=rule)
        np.testing.assert_array_equal(answer(one, problem, params), answer(two, problem, params, threads=3))


def test_the_index_is_the_same_for_all_workloads() -> None:
    assert Navix.index_attributes(("number", "category")) == ()
    assert [Navix.unsupported(filter_type) for filter_type in FilterType] == [None] * len(FilterType)
