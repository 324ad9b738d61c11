"""Judging answers. Each mistake of other harnesses has its own test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.encode import ordered
from bench.core.filters import And, Between, Contains, Equals, Everything, Filter, Not, Or
from bench.core.masks import FilterBatch
from bench.truth.judge import TIE, Verdict, judge
from bench.truth.search import exact_search
from tests.support.small_dataset import attributes, clustered
from tests.support.strategies import FILTERS, columns

N = 100
LINE = np.arange(N, dtype=np.float32)[:, None]
"""Items on a line: item i is the i-th nearest to a query at -1."""


def verdict_of(
    ids: Any,
    filter_: Filter | None = None,
    *,
    k: int = 10,
    vectors: NDArray[np.float32] = LINE,
    at: float = -1.0,
) -> Verdict:
    """Judge answers to queries at one place, all with the same filter over the items' numbers."""
    ids = np.atleast_2d(np.asarray(ids))
    filters = FilterBatch([filter_ or Everything()] * len(ids), Attributes(N, {"x": ordered(range(N))}))
    queries = np.full((len(ids), 1), at, np.float32)
    return judge(ids, k, exact_search(vectors, queries, filters, 20), filters, vectors, queries)


def test_the_exact_answer_is_perfect() -> None:
    verdict = verdict_of(range(10))
    assert (verdict.recall, verdict.recall_paper, verdict.underfill, verdict.returned) == (1, 1, 0, 10)
    assert not verdict.violations.any()
    assert not verdict.unordered.any()
    assert verdict.fault(afanns=False) is None


def test_recall_is_the_fraction_of_true_answers() -> None:
    verdict = verdict_of([0, 1, 2, 50, 51, 52, 53, 54, 55, 56])
    assert (verdict.recall[0], verdict.recall_paper[0], verdict.underfill[0]) == (0.3, 0.3, 0)


def test_the_nearest_id_ten_times_is_one_hit_and_nine_violations() -> None:
    verdict = verdict_of([0] * 10)
    assert verdict.recall[0] == pytest.approx(0.1)
    assert (verdict.repeated[0], verdict.violations[0], verdict.returned[0]) == (9, 9, 1)
    assert verdict.underfill[0] == pytest.approx(0.9)
    assert verdict.fault(afanns=True) == "9 ids repeated (first in query 0)"


def test_minus_one_is_not_an_answer_and_never_a_hit() -> None:
    """Even if the true answers are padded with -1."""
    three = Between("x", 0, 2)
    verdict = verdict_of([[-1] * 10, [0, 1, 2] + [-1] * 7, [-1] * 9 + [0]], three)
    assert verdict.recall.tolist() == [0, 1, 1 / 3]
    assert verdict.underfill.tolist() == [1, 0, 1 - 1 / 3]
    assert not verdict.violations.any()


def test_fewer_matches_than_k_do_not_cost_recall() -> None:
    verdict = verdict_of([0, 1, 2] + [-1] * 7, Between("x", 0, 2))
    assert (verdict.recall[0], verdict.recall_paper[0], verdict.underfill[0]) == (1, 0.3, 0)


def test_a_filter_that_passes_half_still_has_a_recall_of_one() -> None:
    """A harness that filters the unfiltered answers, cut at rank k, would cap an exact method at a half."""
    odd = Or(tuple(Equals("x", i) for i in range(1, N, 2)))
    assert verdict_of(range(1, 21, 2), odd).recall[0] == 1


def test_queries_without_a_match_have_no_recall() -> None:
    verdict = verdict_of([[-1] * 10, range(10)], Equals("x", 1000))
    assert np.isnan(verdict.recall).all()
    assert np.isnan(verdict.underfill).all()
    assert verdict.recall_paper.tolist() == [0, 0]
    assert verdict.failing.tolist() == [0, 10]


def test_short_rows_are_underfilled() -> None:
    verdict = verdict_of([[0, 1, 2]])
    assert verdict.recall[0] == pytest.approx(0.3)
    assert verdict.underfill[0] == pytest.approx(0.7)
    empty = verdict_of(np.empty((1, 0), np.int64))
    assert (empty.recall[0], empty.underfill[0]) == (0, 1)


@pytest.mark.parametrize("bad", [N, N + 5, -2, -(2**40), 2**40])
def test_ids_out_of_range_are_violations(bad: int) -> None:
    verdict = verdict_of([bad, *range(9)])
    assert (verdict.out_of_range[0], verdict.violations[0], verdict.returned[0]) == (1, 1, 9)
    assert verdict.recall[0] == pytest.approx(0.9)
    assert verdict.fault(afanns=True) == "1 ids out of range (first in query 0)"


def test_ids_that_fail_the_filter_are_violations_and_not_hits() -> None:
    verdict = verdict_of([[0, 1, 10, 11, 12, 13, 14, 15, 16, 17]], Between("x", 10, None))
    assert (verdict.failing[0], verdict.violations[0], verdict.returned[0]) == (2, 2, 8)
    assert verdict.recall[0] == pytest.approx(0.8)
    assert verdict.fault(afanns=False) == "2 ids failing the filter (first in query 0)"
    assert verdict.fault(afanns=True) is None


def test_every_violation_is_counted_once() -> None:
    verdict = verdict_of([[5, 5, 0, 0, 200, 200, -3, -1, -1, 6]], Between("x", 5, None))
    assert (verdict.repeated[0], verdict.failing[0], verdict.out_of_range[0]) == (2, 1, 3)
    assert verdict.violations[0] == 6
    assert verdict.returned[0] == 2


def test_the_first_query_at_fault_is_named() -> None:
    assert verdict_of([range(10), [0] * 10]).fault(afanns=False) == "9 ids repeated (first in query 1)"


def test_unordered_answers_are_reported_and_still_count() -> None:
    verdict = verdict_of([list(range(9, -1, -1)), [0, 2, 1, 3, 4, 5, 6, 7, 8, 9], [0, -1, 1, -1, 2, 3, 4, 5, 6, 7]])
    assert verdict.unordered.tolist() == [True, True, False]
    assert verdict.recall.tolist() == [1, 1, 0.8]


def test_an_absolute_tolerance_would_accept_wrong_answers() -> None:
    """Distances of about 1e-5, all of them different: only the true ten count."""
    tiny = LINE * 1e-5
    assert verdict_of(range(10), vectors=tiny, at=-1e-5).recall[0] == 1
    assert verdict_of(range(10, 20), vectors=tiny, at=-1e-5).recall[0] == 0


@pytest.mark.parametrize(("farther", "hit"), [(0.2 * TIE, True), (4 * TIE, False)])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_ties_are_relative(farther: float, hit: bool, scale: float) -> None:
    """The k-th answer is replaced by an item whose squared distance is slightly larger."""
    vectors = np.stack([np.arange(N, dtype=np.float64), np.zeros(N)], axis=1)
    vectors[10] = [9, 10 * np.sqrt(farther)]  # ten from the query along the line, and a little across it
    vectors = vectors * scale
    filters = FilterBatch([Everything()], Attributes(N, {}))
    query = np.array([[-scale, 0]], np.float32)
    truth = exact_search(vectors, query, filters, 10)
    assert truth.ids[0].tolist() == list(range(10))
    verdict = judge(np.array([[*range(9), 10]]), 10, truth, filters, vectors, query)
    assert (verdict.recall[0] == 1) == hit


def test_ties_never_raise_recall_above_one() -> None:
    same = np.zeros((N, 1), np.float32)
    verdict = verdict_of([range(90, 100)], vectors=same)
    assert verdict.recall[0] == 1
    three = verdict_of([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]], Between("x", 0, 2), vectors=same)
    assert three.recall[0] == 1
    assert three.failing[0] == 7


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint64])
def test_ids_may_have_any_integer_type(dtype: Any) -> None:
    assert verdict_of(np.arange(10, dtype=dtype)).recall[0] == 1


def test_true_answers_must_be_as_deep_as_k() -> None:
    with pytest.raises(ValueError, match="depth 20 cannot judge k = 21"):
        verdict_of(range(21), k=21)


EVERY_TYPE: list[Filter] = [
    Everything(),
    Equals("number_of_sub_categories", 2),
    Between("update_date", 14_000, 16_000),
    Contains("main_categories", "cs"),
    And((Equals("license", "by"), Equals("has_comment", True))),
    And((Between("update_date", 14_000, 16_000), Between("number_of_authors", 2, 3))),
    And((Contains("main_categories", "cs"), Contains("authors", "Author 7"))),
    Or((Not(Contains("authors", "Author 7")), Equals("license", "by"))),
    Equals("license", "no such licence"),
]


@pytest.mark.parametrize("k", [1, 10, 390])
def test_exact_answers_are_perfect_for_every_filter_type(k: int) -> None:
    vectors = clustered(400, 8, 1)
    vectors[100:200] = vectors[:100]
    vectors[350:] = vectors[0]
    queries = np.concatenate([clustered(len(EVERY_TYPE) - 1, 8, 2), vectors[:1]])
    assert_perfect(vectors, queries, FilterBatch(EVERY_TYPE, attributes()), k)


@settings(max_examples=50)
@given(columns(), st.lists(FILTERS, min_size=1, max_size=8), st.integers(1, 40), st.integers(0, 1000))
def test_exact_answers_are_perfect_for_random_filters(
    items: Attributes, filters: list[Filter], k: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.integers(-1, 2, size=(items.n, 2)).astype(np.float32)
    queries = rng.integers(-1, 2, size=(len(filters), 2)).astype(np.float32)
    assert_perfect(vectors, queries, FilterBatch(filters, items), k)


def assert_perfect(vectors: NDArray[np.float32], queries: NDArray[np.float32], filters: FilterBatch, k: int) -> None:
    truth = exact_search(vectors, queries, filters, k)
    verdict = judge(truth.ids, k, truth, filters, vectors, queries)
    some = truth.matches > 0
    assert (verdict.recall[some] == 1).all()
    assert (verdict.underfill[some] == 0).all()
    assert np.isnan(verdict.recall[~some]).all()
    assert verdict.recall_paper.tolist() == (np.minimum(truth.matches, k) / k).tolist()
    assert not verdict.violations.any()
    assert not verdict.unordered.any()
    assert verdict.fault(afanns=False) is None
