"""Every method for ranges: exact wide beams, answers in the range, none for an empty one, one index, insertions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algorithms.base import Algorithm
from algorithms.digra.method import Build as DigraBuild
from algorithms.digra.method import Digra
from algorithms.digra.method import Search as DigraSearch
from algorithms.dsg.method import Build as DsgBuild
from algorithms.dsg.method import Dsg
from algorithms.dsg.method import Search as DsgSearch
from algorithms.irangegraph.method import Build as IRangeGraphBuild
from algorithms.irangegraph.method import IRangeGraph
from algorithms.irangegraph.method import Search as IRangeGraphSearch
from algorithms.serf.method import Build as SerfBuild
from algorithms.serf.method import Search as SerfSearch
from algorithms.serf.method import Serf
from algorithms.wow.method import Build as WowBuild
from algorithms.wow.method import Search as WowSearch
from algorithms.wow.method import Wow
from bench.core.errors import BenchError
from bench.core.filters import Between, Equals
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from tests.support.problems import Problem, answer, check_exact, check_valid, recall, through_disk
from tests.support.ranges import part, range_problems, ranged


@dataclass(frozen=True)
class Case:
    """A method with its search parameters, and build parameters for a small graph."""

    method: type[Any]
    search: type[Any]
    small: Any

    def wide(self, n: int) -> Any:
        """Return build parameters for a graph that leaves nothing out of n items."""
        widths = {name: n for name in ("M", "ef_construction", "ef_max") if hasattr(self.small, name)}
        return replace(self.small, **widths)

    def built(self, problem: Problem, params: Any = None, threads: int = 1) -> tuple[Algorithm, dict[str, bytes]]:
        """Return the index through disk, and its bytes."""
        return through_disk(self.method, params or self.small, problem.data(threads))


CASES = {
    "serf": Case(Serf, SerfSearch, SerfBuild(M=16, ef_construction=60, ef_max=300)),
    "serf-min": Case(Serf, SerfSearch, SerfBuild(M=16, ef_construction=60, ef_max=300, leap="min")),
    # ef_max exceeds a cluster of 200 items, without which the rewrite has no edges between clusters.
    "dsg": Case(Dsg, DsgSearch, DsgBuild(M=8, ef_construction=40, ef_max=300)),
    "dsg-rewrite": Case(Dsg, DsgSearch, DsgBuild(M=8, ef_construction=40, ef_max=300, variant="rewrite")),
    "irangegraph": Case(IRangeGraph, IRangeGraphSearch, IRangeGraphBuild(M=8, ef_construction=40)),
    "digra": Case(Digra, DigraSearch, DigraBuild(M=8, ef_construction=40)),
    "wow": Case(Wow, WowSearch, WowBuild(M=16, ef_construction=40)),
}
DYNAMIC = ["dsg", "digra", "wow"]
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
dynamic_case = pytest.mark.parametrize("case", [CASES[name] for name in DYNAMIC], ids=DYNAMIC)


@every_case
@settings(max_examples=40, deadline=None)
@given(problem=range_problems(), k=st.sampled_from([1, 7, 100]), scan_below=st.sampled_from([0, 1000]))
def test_a_beam_as_wide_as_all_items_is_exact(case: Case, problem: Problem, k: int, scan_below: int) -> None:
    method, _ = case.built(problem, case.wide(60))
    check_exact(problem, answer(method, problem, case.search(ef=60, scan_below=scan_below), k), k)


@every_case
@settings(max_examples=20, deadline=None)
@given(problem=range_problems(), m=st.integers(2, 4), ef=st.integers(1, 9))
def test_narrow_graphs_and_beams_stay_within_the_range(case: Case, problem: Problem, m: int, ef: int) -> None:
    method, _ = case.built(problem, replace(case.small, M=m, ef_construction=ef))
    ids = answer(method, problem, case.search(ef=ef))
    check_valid(problem, ids)
    np.testing.assert_array_equal(ids[:, 0] >= 0, problem.batch.matches[problem.batch.index] > 0)


@every_case
@pytest.mark.parametrize("fraction", [0.02, 0.3, 1.0])
def test_recall_grows_with_the_beam(case: Case, fraction: float) -> None:
    problem = ranged(2000, 3, queries=100, fraction=fraction)
    method, _ = case.built(problem)
    answers = [answer(method, problem, case.search(ef=ef)) for ef in (10, 30, 2000)]
    for ids in answers:
        check_valid(problem, ids)
    recalls = [recall(problem, ids) for ids in answers]
    assert recalls == sorted(recalls)
    assert recalls[0] >= 0.75
    assert recalls[-1] >= 0.95


@every_case
def test_a_scan_is_exact_and_measures_what_passes_and_nothing_else(case: Case) -> None:
    problem = ranged(1000, 5, queries=30)
    method, _ = case.built(problem)
    check_exact(problem, answer(method, problem, case.search(ef=1, scan_below=301)), 10)
    assert method.distance_computations == 30 * 300
    answer(method, problem, case.search(ef=10, scan_below=300))
    assert method.distance_computations < 30 * 300


@every_case
def test_equal_values_are_taken_together(case: Case) -> None:
    problem = ranged(500, 6, values=[i // 100 for i in range(500)], queries=20, fraction=0.2)
    method, _ = case.built(problem, case.wide(60))
    check_exact(problem, answer(method, problem, case.search(ef=500)), 10)


@every_case
def test_an_empty_range_has_no_answers_and_costs_no_distances(case: Case) -> None:
    problem = ranged(300, 6, [10 * (i // 5) for i in range(300)], queries=3)
    filters = (Between("year", 11, 19), Between("year", 600, None), Between("year", 20, 10))
    problem = Problem(problem.vectors, problem.attributes, problem.queries, filters)
    method, _ = case.built(problem)
    for scan_below in (0, 10):
        assert np.all(answer(method, problem, case.search(scan_below=scan_below)) == -1)
        assert method.distance_computations == 0


@every_case
def test_index_and_answers_are_the_same_for_any_number_of_threads(case: Case) -> None:
    problem = ranged(1500, 7)
    builds = [case.built(problem, threads=threads) for threads in (1, 2, 2)]
    assert builds[0][1] == builds[1][1] == builds[2][1]
    answers = [
        answer(method, problem, case.search(ef=20), threads=threads)
        for (method, _), threads in zip(builds, (1, 2, 3), strict=True)
    ]
    np.testing.assert_array_equal(answers[0], answers[1])
    np.testing.assert_array_equal(answers[0], answers[2])


@every_case
def test_other_filters_are_refused_with_the_reason(case: Case) -> None:
    assert case.method.unsupported(FilterType.R) is None
    for filter_type in set(FilterType) - {FilterType.R, FilterType.MR}:
        assert "one" in str(case.method.unsupported(filter_type))
    problem = ranged(50, 8)
    method, _ = case.built(problem)
    with pytest.raises(BenchError, match=r"only R on 'year'|no range of 'year'"):
        method.prepare(FilterBatch([Equals("year", 1)], problem.attributes))


@dynamic_case
def test_insertions_and_deletions_leave_an_index_as_good_as_a_new_one(case: Case, tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    whole = ranged(1200, 8, rng.integers(0, 300, 1200).tolist(), queries=200)
    column = whole.attributes["year"].values
    first, later, gone = np.arange(500), np.arange(500, 1200), rng.permutation(1200)[:400]
    method = case.method(case.small)
    method.build(part(whole, first).data())
    for ids in np.split(later, [1, 50, 400]):
        assert method.insert(whole.vectors[ids], column[ids]).tolist() == ids.tolist()
    method.delete(gone)

    living = np.setdiff1d(np.arange(1200), gone)
    remaining = part(whole, living)
    fresh, _ = case.built(remaining)
    method.save(tmp_path)
    loaded = case.method.load(tmp_path, case.small, whole.data())
    batch = FilterBatch(whole.filters, whole.attributes)
    for ef in (20, 80):
        params = case.search(ef=ef)
        ids = method.search(whole.queries, method.prepare(batch), 10, params, 1)
        np.testing.assert_array_equal(ids, loaded.search(whole.queries, loaded.prepare(batch), 10, params, 1))
        assert not np.isin(ids, gone).any()
        places = np.where(ids >= 0, np.searchsorted(living, ids), -1)
        check_valid(remaining, places)
        assert recall(remaining, places) >= recall(remaining, answer(fresh, remaining, params)) - 0.02


@dynamic_case
def test_a_search_after_insertions_gets_new_memory_and_is_exact(case: Case) -> None:
    whole = ranged(60, 8)
    method = case.method(case.wide(60))
    method.build(part(whole, np.arange(20)).data())
    params = case.search(ef=60)
    for first, stop in ((20, 21), (21, 60)):
        answer(method, part(whole, np.arange(first)), params)
        memory = method._batch
        method.insert(whole.vectors[first:stop], whole.attributes["year"].values[first:stop])
        current = part(whole, np.arange(stop))
        check_exact(current, answer(method, current, params), 10)
        assert method._batch is not memory


@dynamic_case
def test_what_is_not_there_cannot_be_deleted(case: Case) -> None:
    method = case.method(case.small)
    method.build(ranged(60, 9).data())
    method.delete(np.array([3]))
    for item in (-1, 3, 60):
        with pytest.raises(BenchError, match=f"no item {item} "):
            method.delete(np.array([item]))
