"""Composite: exact whatever the plan with a wide beam, the right cover for each filter, and plans by their costs."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algorithms.base import Data
from algorithms.composite.costs import BASE, FRACTIONS, RULE
from algorithms.composite.method import Build, Composite, Search
from algorithms.composite.plans import PLANS, Choices
from algorithms.composite.search import NOBODY, Batch, Depth
from bench.core.attributes import Attributes
from bench.core.encode import categorical, ordered, sets
from bench.core.filters import And, Between, Contains, Equals, Everything, Filter, FilterType, In, IsNull, Not, Or
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

SMALL = Build(M=8, R=12, ef_construction=40, m_star=100, calibration=24)
TINY = Build(M=4, R=4, ef_construction=10, m_star=5, calibration=2)
NAMES = ("letter", "words", "number", "date")
FULL = Search(beam_scale=1e6)


def attributed(n: int, queries: int, filters: tuple[Filter, ...]) -> Problem:
    """Return clustered items with letters (half have an a), words, a number below 4 and a date, some missing."""
    problem = clustered(n, 1, queries)
    rng = np.random.default_rng(1)
    letters = np.minimum(rng.geometric(0.5, n) - 1, 4)
    columns = {
        "letter": categorical([None if letter == 4 else "abcd"[letter] for letter in letters]),
        "words": sets([[word for word, p in (("x", 0.7), ("y", 0.2)) if rng.random() < p] for _ in range(n)]),
        "number": ordered(rng.integers(0, 4, n).tolist()),
        "date": ordered([None if rng.random() < 0.1 else int(v) for v in rng.integers(0, n, n)]),
    }
    chosen = tuple(filters[q % len(filters)] for q in range(queries))
    return Problem(problem.vectors, Attributes(n, columns), problem.queries, chosen)


def data_of(problem: Problem, names: tuple[str, ...] = NAMES, threads: int = 1) -> Data:
    return replace(problem.data(threads), filtered=names, filter_type=FilterType.C)


A, B, ONE, X, Y, NOWHERE = (
    Equals("letter", "a"), Equals("letter", "b"), Equals("number", 1), Contains("words", "x"), Contains("words", "y"),
    Equals("letter", "nowhere"),
)  # fmt: skip
EARLY, LATE = Between("date", None, 900), Between("date", 1200, None, "(]")

PLANNED: dict[Filter, set[str]] = {
    A: {"covered"},
    EARLY: {"covered"},
    X: {"covered"},
    IsNull("date"): {"covered"},
    In("letter", ("a", "b")): {"union", "general", "post"},
    Between("number", 1, 2): {"union", "general", "post"},
    Not(A): {"union", "general", "post"},
    Not(Between("date", 500, 1500)): {"union", "general", "post"},
    Or((A, EARLY)): {"union", "general", "post"},
    Or((X, Y)): {"union", "general", "post"},
    Not(And((A, LATE))): {"union", "general", "post"},
    And((A, EARLY)): {"cover_and_rest", "general", "post"},
    And((X, Not(Y), A)): {"cover_and_rest", "general", "post"},
    Not(X): {"general", "post"},
    Or((Not(Y), A)): {"general", "post"},
    Everything(): {"post"},
    And((A, B)): set(),
    NOWHERE: set(),
    And((X, Not(X))): set(),
}
"""The plans besides scans that can answer each filter."""


@cache
def built(n: int = 2000) -> Composite:
    composite, _ = through_disk(Composite, SMALL, data_of(attributed(n, 1, (Everything(),))))
    assert isinstance(composite, Composite)
    return composite


def names_of(composite: Composite) -> list[str]:
    """Return the plan of each query of the last search."""
    plans = composite.plans()
    return [plans.names[plan] for plan in plans.index]


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("filter_", PLANNED, ids=str)
def test_every_plan_is_exact_with_a_beam_as_wide_as_the_data(filter_: Filter, plan: str) -> None:
    problem = attributed(2000, 6, (filter_,))
    ids = answer(built(), problem, replace(FULL, plan=plan))
    check_exact(problem, ids, 10)
    taken = set(names_of(built()))
    if problem.batch.matches[0] and (plan.startswith("scan") or plan in PLANNED[filter_]):
        assert taken == {plan}
    else:
        assert taken <= {"scan", "scan_together"} | PLANNED[filter_]


@settings(max_examples=60, deadline=None)
@given(
    problem=any_problem(), k=st.sampled_from([1, 7, 100]), plan=st.sampled_from(PLANS), scale=st.sampled_from([0.0, 99])
)
def test_answers_to_any_filter_are_valid_and_exact_with_wide_beams(
    problem: Problem, k: int, plan: str, scale: float
) -> None:
    names = tuple(problem.attributes.kinds)
    composite, _ = through_disk(Composite, TINY, data_of(problem, names))
    ids = answer(composite, problem, Search(plan=plan, beam_scale=scale), k)
    check_valid(problem, ids)
    full = np.minimum(k, problem.batch.matches[problem.batch.index])
    np.testing.assert_array_equal((ids >= 0).sum(1), full)
    if scale:
        check_exact(problem, ids, k)


_LEAVES: st.SearchStrategy[Filter] = st.sampled_from(
    [A, B, NOWHERE, ONE, X, Y, EARLY, LATE, Between("date", 300, 400), Equals("date", 7), In("words", ("x", "y")),
     In("letter", ()), IsNull("letter"), IsNull("words"), Between("number", None, 1), Everything()]
)  # fmt: skip


def _deeper(parts: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    several = st.lists(parts, max_size=3).map(tuple)
    return parts | st.builds(And, several) | st.builds(Or, several) | st.builds(Not, parts)


NESTED = _deeper(_deeper(_deeper(_deeper(_LEAVES))))


@settings(max_examples=150, deadline=None)
@given(filters=st.lists(NESTED, min_size=1, max_size=4).map(tuple), plan=st.sampled_from(("cheapest", *PLANS)))
def test_trees_of_depth_four_agree_with_the_naive_oracle(filters: tuple[Filter, ...], plan: str) -> None:
    problem = attributed(2000, len(filters), filters)
    check_exact(problem, answer(built(), problem, replace(FULL, plan=plan)), 10)


@pytest.mark.parametrize("filter_", [filter_ for filter_, plans in PLANNED.items() if not plans], ids=str)
def test_what_nothing_passes_costs_nothing(filter_: Filter) -> None:
    problem = attributed(2000, 5, (filter_,))
    assert (answer(built(), problem, Search()) == -1).all()
    assert built().distance_computations == 0
    assert (built().plans().estimates == 0).all()


def test_filters_may_test_what_the_index_does_not_cover() -> None:
    problem = attributed(2000, 8, (A, And((A, EARLY)), Or((EARLY, X)), Not(LATE)))
    composite, _ = through_disk(Composite, SMALL, data_of(problem, ("letter",)))
    check_exact(problem, answer(composite, problem, FULL), 10)


def test_named_attributes_replace_those_that_filters_test() -> None:
    problem = attributed(2000, 4, (EARLY,))
    named = replace(SMALL, attributes=["date", "letter"])
    composite, files = through_disk(Composite, named, data_of(problem, ("words",)))
    _, again = through_disk(Composite, named, data_of(problem, ("number",)))
    assert files["composite.npz"] == again["composite.npz"]
    answer(composite, problem, Search(plan="covered"))
    assert names_of(composite) == ["covered"] * 4


def test_index_and_answers_are_the_same_for_any_number_of_threads() -> None:
    problem = attributed(2000, 40, tuple(PLANNED))
    one, files_one = through_disk(Composite, SMALL, data_of(problem, threads=1))
    _, files_two = through_disk(Composite, SMALL, data_of(problem, threads=2))
    assert files_one.keys() == {"composite.npz", "units.json"}
    assert files_one["composite.npz"] == files_two["composite.npz"]
    for plan in ("cheapest", *PLANS):
        params = Search(recall=0.8, plan=plan)
        np.testing.assert_array_equal(answer(one, problem, params), answer(one, problem, params, threads=3))


@pytest.mark.parametrize("plan", [plan for plan in PLANS if not plan.startswith("scan")])
def test_a_walk_that_gives_up_is_followed_by_a_scan(plan: str) -> None:
    filters = tuple(filter_ for filter_, plans in PLANNED.items() if plan in plans)
    problem, composite = attributed(2000, 20, filters), built()
    prepared = composite.prepare(problem.batch)
    distinct = len(problem.batch.unique)
    for most in (0, 10):
        choices = Choices(*(np.full(distinct, v) for v in (PLANS.index(plan), 20, most)), np.zeros(distinct))
        batch = Batch(prepared.filters, choices, prepared.which, np.full(20, NOBODY, np.int32))
        answers = composite.answer(problem.queries, batch, 10, Depth(10), threads=1)
        check_exact(problem, answers.ids, 10)
        matches = problem.batch.matches[problem.batch.index]
        assert (answers.computed >= matches).all()
        assert (answers.computed <= matches + most + 500).all()


@pytest.mark.parametrize("target", [0.8, 0.95, 0.99])
def test_the_recall_that_is_asked_for_is_reached(target: float) -> None:
    for filter_ in (A, EARLY, And((A, EARLY)), Or((A, EARLY)), Not(X)):
        problem = attributed(2000, 30, (filter_,))
        for plan in PLANNED[filter_]:
            ids = answer(built(), problem, Search(recall=target, plan=plan))
            assert recall(problem, ids) >= target - 0.05, (filter_, plan)


def test_beams_that_a_scan_beats_are_not_measured() -> None:
    table = built().index.table
    for kind in (BASE, RULE):
        for distances, fraction in zip(table.distances[kind, 0], FRACTIONS, strict=True):
            measured = np.unique(distances[~np.isnan(distances)])
            assert (measured[:-1] <= fraction * 2000).all()
    assert np.isnan(table.distances[BASE, 0, 0, 1:]).all()


def test_scans_of_several_queries_with_a_filter_are_done_together() -> None:
    problem = attributed(2000, 300, (A, EARLY, Not(X)))
    composite = built()
    composite._units = dataclasses.replace(composite._units, product=1e-12, gather=1e-12, call=1e-12)
    composite._prices.clear()
    check_exact(problem, answer(composite, problem, Search()), 10)
    assert set(names_of(composite)) == {"scan_together"}
    assert composite.distance_computations == problem.batch.matches[problem.batch.index].sum()
    built.cache_clear()
