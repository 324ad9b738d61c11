"""NHQ: searches that are exact when they see everything, better when wider, and the same for any number of threads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algorithms.encodings.values import Codebook
from algorithms.nhq.kgraph import Build as KgraphBuild
from algorithms.nhq.kgraph import NhqKgraph
from algorithms.nhq.kgraph import Search as KgraphSearch
from algorithms.nhq.method import Nhq
from algorithms.nhq.nsw import Build as NswBuild
from algorithms.nhq.nsw import NhqNsw
from algorithms.nhq.nsw import Search as NswSearch
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from tests.support.naive import nearest
from tests.support.problems import Problem, answer, clustered, problems, recall, through_disk

WEIGHT = 1e4
SMALL_KGRAPH = KgraphBuild(K=20, L=20, S=5, R=20, RANGE=10, PL=30)
SMALL_NSW = NswBuild(M=8, MaxM0=12, efConstruction=40)
BOTH = [
    pytest.param(NhqKgraph, SMALL_KGRAPH, id="kgraph"),
    pytest.param(NhqNsw, SMALL_NSW, id="nsw"),
]


def searching(method: type[Nhq], width: int, weight: float | None = WEIGHT) -> KgraphSearch | NswSearch:
    return KgraphSearch(L=width, weight=weight) if method is NhqKgraph else NswSearch(ef=width, weight=weight)


@pytest.mark.parametrize(("method", "params"), BOTH)
@settings(max_examples=25, deadline=None)
@given(problem=problems(), weight=st.sampled_from([WEIGHT, 1e6]))
def test_the_widest_search_ranks_all_that_pass_first(
    method: type[Nhq], params: Any, problem: Problem, weight: float
) -> None:
    if method is NhqNsw:
        params = NswBuild(M=60, MaxM0=60, efConstruction=60)  # as wide as the data, so that no edge is dropped
    index, _ = through_disk(method, params, problem.data())
    k, n = 8, len(problem.vectors)
    ids = answer(index, problem, searching(method, n, weight), k)
    _, distances, matches = nearest(problem.vectors, problem.queries, problem.filters, problem.attributes, k)
    for row, query, expected, passing in zip(ids, problem.queries, distances, np.minimum(matches, k), strict=True):
        assert np.count_nonzero(row >= 0) == len(set(row[row >= 0].tolist())) == min(k, n)
        squared = ((problem.vectors[row[:passing]].astype(np.float64) - query) ** 2).sum(1)
        np.testing.assert_allclose(squared, expected[:passing], rtol=1e-3, atol=1e-3)
    assert problem.violations(ids) == np.maximum(0, min(k, n) - np.minimum(matches, k)).sum()


@pytest.mark.parametrize(("method", "params"), BOTH)
@pytest.mark.parametrize("weight", [None, 0.0])
def test_the_widest_search_is_exact_under_the_fusion_distance(
    method: type[Nhq], params: Any, weight: float | None
) -> None:
    problem = clustered(300, 4)
    if method is NhqNsw:
        params = NswBuild(M=60, MaxM0=299, efConstruction=60)
    index, _ = through_disk(method, params, problem.data())
    ids = answer(index, problem, searching(method, 300, weight))
    squared = ((problem.queries[:, None].astype(np.float64) - problem.vectors[None]) ** 2).sum(2)
    if weight is None:
        book = Codebook(problem.attributes, ("category", "number"))
        squared *= 1 + (book.wanted(problem.batch)[:, None] != book.codes[None]).sum(2) / 2
    expected = np.sort(squared, axis=1)[:, :10]
    np.testing.assert_allclose(np.take_along_axis(squared, ids.astype(np.int64), 1), expected, rtol=1e-4)


@pytest.mark.parametrize(("method", "params"), BOTH)
def test_wider_searches_have_more_recall_and_violate_less(method: type[Nhq], params: Any) -> None:
    problem = clustered(4000, 5, queries=100)
    index, _ = through_disk(method, params, problem.data())
    answers = [answer(index, problem, searching(method, width)) for width in (10, 40, 300)]
    recalls = [recall(problem, ids) for ids in answers]
    assert recalls == sorted(recalls)
    assert recalls[-1] > 0.98
    violations = [problem.violations(ids) for ids in answers]
    assert violations == sorted(violations, reverse=True)
    assert violations[-1] < 10


@pytest.mark.parametrize(("method", "params"), BOTH)
def test_index_and_answers_are_the_same_for_any_number_of_threads(method: type[Nhq], params: Any) -> None:
    problem = clustered(2500, 6)
    one, bytes_one = through_disk(method, params, problem.data(threads=1))
    two, bytes_two = through_disk(method, params, problem.data(threads=2))
    assert bytes_one == bytes_two
    assert bytes_one == through_disk(method, params, problem.data(threads=2))[1]
    expected = answer(one, problem, searching(method, 30))
    for index, threads in ((one, 2), (two, 1), (two, 3), (two, 2)):
        np.testing.assert_array_equal(answer(index, problem, searching(method, 30), threads=threads), expected)


@pytest.mark.parametrize(("method", "params"), BOTH)
def test_an_index_is_one_array_of_rows(method: type[Nhq], params: Any) -> None:
    _, files = through_disk(method, params, clustered(200, 14).data())
    assert list(files) == ["graph.npy"]


@pytest.mark.parametrize(("method", "params"), BOTH)
def test_an_answer_depends_on_its_query_only(method: type[Nhq], params: Any) -> None:
    problem = clustered(1000, 7)
    index, _ = through_disk(method, params, problem.data())
    together, alone = answer(index, problem, searching(method, 12)), []
    for q in range(len(problem.queries)):
        prepared = index.prepare(FilterBatch(problem.filters[q : q + 1], problem.attributes))
        alone.append(index.search(problem.queries[q : q + 1], prepared, 10, searching(method, 12), 1)[0])
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize(("method", "params"), BOTH)
def test_few_items_and_more_answers_than_items(method: type[Nhq], params: Any) -> None:
    for n in (1, 2, 5):
        problem = clustered(n, 8, queries=3)
        index, _ = through_disk(method, params, problem.data())
        ids = answer(index, problem, searching(method, 1), k=7)
        assert np.sort(ids, axis=1).tolist() == [[-1] * (7 - n) + list(range(n))] * 3


def test_the_number_of_expansions_bounds_the_search() -> None:
    problem = clustered(3000, 12)
    index, _ = through_disk(NhqNsw, SMALL_NSW, problem.data())
    recalls = []
    for ef in (20, 100, 1000):
        ids = answer(index, problem, NswSearch(ef=ef, weight=WEIGHT, stop="expansions"))
        assert index.distance_computations is not None
        assert index.distance_computations <= len(problem.queries) * (1 + SMALL_NSW.MaxM0 * ef // 2)
        recalls.append(recall(problem, ids))
    assert recalls == sorted(recalls)
    assert recalls[-1] > 0.95
    everything = answer(index, problem, NswSearch(ef=6000, weight=WEIGHT, stop="expansions"))
    np.testing.assert_array_equal(everything, answer(index, problem, NswSearch(ef=3000, weight=WEIGHT)))


@pytest.mark.parametrize("method", [NhqKgraph, NhqNsw])
def test_what_is_said_before_a_run(method: type[Nhq]) -> None:
    assert method.info.afanns
    for filter_type in FilterType:
        reason = method.unsupported(filter_type)
        assert (reason is None) == (filter_type in (FilterType.EM, FilterType.MEM))
        assert reason is None or "only EM and MEM" in reason


def test_nsw_does_not_leave_copies_of_the_item_where_it_starts() -> None:
    problem, copies, full = clustered(600, seed=4), 50, NswBuild(M=12, MaxM0=12, efConstruction=40)
    vectors = problem.vectors.copy()
    vectors[:copies] = vectors[0]
    recalls = []
    for first in (0, 1):
        moved = replace(problem, vectors=np.roll(vectors, first, axis=0))  # by 1: another item is in front
        index, _ = through_disk(NhqNsw, full, moved.data())
        ids = answer(index, moved, searching(NhqNsw, 600))
        recalls.append(recall(moved, ids))
        if first == 0:
            assert ids.max() < copies
    assert recalls[0] < 0.5
    assert recalls[1] > 0.9
