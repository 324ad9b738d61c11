"""ACORN: how lists are read and cut, what a graph looks like, and what searches guarantee for any filter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from algorithms.acorn import build as build_kernels
from algorithms.acorn.build import GrowingLayer
from algorithms.acorn.graph import Readable, Reading
from algorithms.acorn.method import Acorn, Build, Search
from algorithms.baselines.hnsw import HnswPostFilter
from algorithms.baselines.hnsw_params import HnswBuild
from algorithms.baselines.widening import WideningSearch
from algorithms.kernels import heap
from algorithms.kernels.beam import begin, new_scratch
from algorithms.kernels.graph import Rows, neighbours
from algorithms.kernels.jit import kernel
from algorithms.kernels.layers import Upper
from algorithms.kernels.visited import visit
from bench.core.attributes import Attributes
from bench.core.encode import ordered
from bench.core.errors import BenchError
from bench.core.filters import Between, Equals, Everything, Filter
from bench.core.leaf import FilterType
from tests.support.kernels import bitmap, compiled, padded_rows
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

key_id = compiled(heap.key_id)
make_key = compiled(heap.make_key)
prune_two_hops = compiled(build_kernels.prune_two_hops)

SMALL = Build(M=4, gamma=3, M_beta=6)
ONE = Build(M=8, gamma=1, M_beta=16)
BOTH = [pytest.param(SMALL, id="gamma"), pytest.param(ONE, id="one")]
WIDE = [pytest.param(Build(M=32, gamma=6, M_beta=32), id="gamma"), pytest.param(Build(32, 1, 64), id="one")]
"""With the M of the paper: a small M leaves clusters unconnected, which is in the nature of the method."""


@settings(max_examples=50, deadline=None)
@given(problem=any_problem(), one=st.booleans(), k=st.sampled_from([1, 7, 100]))
def test_long_lists_and_a_wide_beam_are_exact_for_any_filter(problem: Problem, one: bool, k: int) -> None:
    build = Build(M=64, gamma=1, M_beta=128) if one else Build(M=32, gamma=2, M_beta=64)
    acorn, _ = through_disk(Acorn, build, problem.data())
    check_exact(problem, answer(acorn, problem, Search(ef=60), k), k)


@settings(max_examples=50, deadline=None)
@given(
    problem=any_problem(),
    m=st.integers(2, 4),
    gamma=st.integers(1, 3),
    m_beta=st.integers(0, 4),
    ef=st.sampled_from([1, 3, 60]),
    k=st.sampled_from([1, 7, 100]),
)
def test_short_lists_still_answer_with_what_passes(
    problem: Problem, m: int, gamma: int, m_beta: int, ef: int, k: int
) -> None:
    acorn, _ = through_disk(Acorn, Build(m, gamma, m_beta), problem.data())
    check_valid(problem, answer(acorn, problem, Search(ef=ef), k))


@settings(max_examples=30, deadline=None)
@given(problem=any_problem(), k=st.sampled_from([1, 7, 100]))
def test_prefiltering_measures_what_passes_and_nothing_else(problem: Problem, k: int) -> None:
    acorn, _ = through_disk(Acorn, SMALL, problem.data())
    problem = Problem(problem.vectors, problem.attributes, problem.queries[:1], problem.filters[:1])
    matches = int(problem.batch.matches[0])
    ids = answer(acorn, problem, Search(ef=1, prefilter_below=1.0), k)
    if matches < len(problem.vectors):
        check_exact(problem, ids, k)
        assert acorn.distance_computations == matches


def test_filters_below_the_given_selectivity_are_prefiltered() -> None:
    rng = np.random.default_rng(0)
    attributes = Attributes(1000, {"number": ordered([i % 10 for i in range(1000)])})
    filters: tuple[Filter, ...] = (Equals("number", 3), Between("number", 0, 1))
    for row, measured in ((0, True), (1, False)):
        problem = Problem(
            rng.normal(size=(1000, 5)).astype(np.float32), attributes, np.zeros((1, 5), np.float32), filters
        )
        acorn, _ = through_disk(Acorn, SMALL, problem.data())
        one = Problem(problem.vectors, attributes, problem.queries, filters[row : row + 1])
        answer(acorn, one, Search(ef=10, prefilter_below=0.15))
        assert (acorn.distance_computations == 100 * (row + 1)) is measured


@pytest.mark.parametrize("build", BOTH)
def test_a_value_that_no_item_has_costs_nothing(build: Build) -> None:
    problem = clustered(300, 0)
    nothing = Problem(problem.vectors, problem.attributes, problem.queries, (Equals("number", 99),) * 40)
    acorn, _ = through_disk(Acorn, build, problem.data())
    assert np.all(answer(acorn, nothing, Search()) == -1)
    assert acorn.distance_computations == 0


@pytest.mark.parametrize("build", BOTH)
def test_a_match_out_of_sight_of_the_start_is_returned(build: Build) -> None:
    problem = clustered(3000, 7)
    acorn, _ = through_disk(Acorn, build, problem.data())
    assert isinstance(acorn, Acorn)
    base, first, entry = acorn.index.base, acorn.index.first, acorn.index.entry
    seen = {entry}
    for _ in range(2):
        seen |= {int(other) for item in seen for other in base[item] if other >= 0}
    unseen = next(i for i in range(2999) if i not in seen and first[i] == first[i + 1])  # in the lowest layer only
    attributes = Attributes(3000, {"number": ordered([int(i == unseen) for i in range(3000)])})
    lonely = Problem(problem.vectors, attributes, problem.queries, (Equals("number", 1),) * 40)
    ids = answer(acorn, lonely, Search(ef=10))
    assert ids[:, 0].tolist() == [unseen] * 40
    assert np.all(ids[:, 1:] == -1)


@pytest.mark.parametrize("build", WIDE)
def test_recall_grows_with_the_beam(build: Build) -> None:
    problem = clustered(3000, 2, queries=60)
    acorn, _ = through_disk(Acorn, build, problem.data())
    recalls = [recall(problem, answer(acorn, problem, Search(ef=ef))) for ef in (10, 40, 160, 3000)]
    assert recalls == sorted(recalls)
    assert recalls[0] < recalls[-1]
    assert recalls[-1] >= 0.99


@pytest.mark.parametrize("build", WIDE)
def test_without_a_filter_it_is_about_as_good_as_hnsw(build: Build) -> None:
    problem = clustered(3000, 3, queries=100)
    open_ = Problem(problem.vectors, problem.attributes, problem.queries, (Everything(),) * 100)
    acorn, _ = through_disk(Acorn, build, problem.data())
    hnsw, _ = through_disk(HnswPostFilter, HnswBuild(build.M, build.M * build.gamma), problem.data())
    for ef in (10, 40):
        bar = recall(open_, answer(hnsw, open_, WideningSearch(ef=ef))) - 0.02
        assert recall(open_, answer(acorn, open_, Search(ef=ef))) >= bar


@pytest.mark.parametrize("build", [*BOTH, pytest.param(Build(M=2, gamma=2, M_beta=0), id="all may be cut")])
def test_lists_hold_distinct_items_of_their_layer_nearest_first(build: Build) -> None:
    problem = clustered(2000, 4)
    acorn = Acorn(build)
    acorn.build(problem.data())
    index = acorn.index
    levels = np.diff(np.append(index.first, len(index.upper)))
    assert index.base.shape == (2000, build.M_beta + 3 * build.M // 2)
    assert index.upper.shape == (levels.sum(), build.M * build.gamma)
    assert levels[index.entry] == index.top == levels.max()

    def check(item: int, row: NDArray[np.int32], level: int) -> None:
        ids = row[row >= 0]
        assert np.all(row[len(ids) :] == -1)
        assert len(set(ids.tolist())) == len(ids)
        assert item not in ids
        assert np.all(levels[ids] >= level)
        squared = ((problem.vectors[ids].astype(np.float64) - problem.vectors[item]) ** 2).sum(1)
        assert np.all(np.diff(squared) >= -1e-5 * (1 + squared[1:]))

    for item in range(2000):
        check(item, index.base[item], 0)
        for level in range(1, levels[item] + 1):
            check(item, index.upper[index.first[item] + level - 1], level)
    assert np.all((index.base >= 0).any(1))


@kernel
def _look(graph: Any, item: int, met: NDArray[np.int32], scratch: Any) -> int:
    visited = begin(scratch)
    for other in met:
        visit(visited, other)
    return neighbours(graph, item, visited, scratch.items)


def neighbours_of(graph: Readable, item: int, n: int, met: set[int]) -> list[int]:
    scratch = new_scratch(n, graph.reading.M)
    count = _look(graph, item, np.array(sorted(met), np.int32), scratch)
    return list(map(int, scratch.items[:count]))


@settings(max_examples=100, deadline=None)
@given(data=st.data(), n=st.integers(2, 12), M_beta=st.integers(0, 6), M=st.integers(1, 12))
def test_a_search_reads_what_passes_and_then_the_lists_of_the_tail(
    data: st.DataObject, n: int, M_beta: int, M: int
) -> None:
    ids = data.draw(padded_rows(n, 6))
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    met = data.draw(st.sets(st.integers(0, n - 1)))
    one_hop = [i for i in ids[0].tolist() if i >= 0]
    two_hops = [i for j in reversed(one_hop[M_beta:]) for i in ids[j].tolist() if i >= 0]
    passing = [i for i in one_hop + two_hops if mask[i]][:M]
    expected = list(dict.fromkeys(i for i in passing if i not in met))
    reading = Reading(bitmap(mask), M_beta, M)
    assert neighbours_of(Readable(Rows(ids), reading), 0, n, met) == expected
    shifted = Upper(np.vstack([np.full((3, 6), -1, np.int32), ids]), np.arange(n, dtype=np.int32) + 1, 3)
    assert neighbours_of(Readable(shifted, reading), 0, n, met) == expected


@settings(max_examples=100, deadline=None)
@given(data=st.data(), n=st.integers(2, 12), M_beta=st.integers(0, 6), reach=st.integers(0, 12))
def test_the_tail_of_a_list_leads_to_what_is_left_out(data: st.DataObject, n: int, M_beta: int, reach: int) -> None:
    ids = data.draw(padded_rows(n, 6))
    candidates = data.draw(st.permutations(range(1, n)))
    scratch = new_scratch(n, 1)
    scratch.pool[: n - 1] = [make_key(np.float32(rank), item) for rank, item in enumerate(candidates)]
    growing = GrowingLayer(Rows(ids), np.zeros((n, 6), np.float32), ids, 2, 3, M_beta, reach)
    count = prune_two_hops(growing, ids, n - 1, scratch)
    kept = [key_id(key) for key in scratch.chosen[:count]]
    head = candidates[: min(M_beta, 6)]
    assert kept[: len(head)] == head
    led_to: set[int] = set()
    chosen: list[int] = []
    for rank, item in enumerate(candidates):
        if len(chosen) == 6 or (rank >= M_beta and len(led_to) + len(chosen) > reach):
            break
        if item in kept:
            chosen.append(item)
            if rank >= M_beta:
                assert item not in led_to
                led_to |= set(ids[item][ids[item] >= 0].tolist())
        else:
            assert item in led_to
    assert chosen == kept


@pytest.mark.parametrize("build", BOTH)
def test_index_and_answers_are_the_same_for_any_number_of_threads(build: Build) -> None:
    problem = clustered(3000, 3)
    one, bytes_one = through_disk(Acorn, build, problem.data(threads=1))
    two, bytes_two = through_disk(Acorn, build, problem.data(threads=2))
    again, bytes_again = through_disk(Acorn, build, problem.data(threads=2))
    assert bytes_one == bytes_two == bytes_again
    answers = [
        answer(acorn, problem, Search(ef=20), threads=threads)
        for acorn, threads in ((one, 1), (one, 2), (two, 3), (again, 1))
    ]
    for other in answers[1:]:
        np.testing.assert_array_equal(other, answers[0])


def test_the_seed_decides_the_graph() -> None:
    problem = clustered(500, 4)
    assert through_disk(Acorn, SMALL, problem.data())[1] != through_disk(Acorn, SMALL, problem.data(seed=1))[1]


@pytest.mark.parametrize("build", BOTH)
def test_a_graph_on_disk_is_the_graph_that_was_built(build: Build) -> None:
    problem = clustered(1000, 5)
    built = Acorn(build)
    built.build(problem.data())
    loaded, _ = through_disk(Acorn, build, problem.data())
    assert isinstance(loaded, Acorn)
    width = loaded.index.base.shape[1]
    np.testing.assert_array_equal(loaded.index.base, built.index.base[:, :width])
    assert np.all(built.index.base[:, width:] == -1)
    for name in ("upper", "first", "entry", "top"):
        np.testing.assert_array_equal(getattr(loaded.index, name), getattr(built.index, name))


def test_the_index_is_the_same_for_all_workloads() -> None:
    assert Acorn.index_attributes(("number", "category")) == ()
    assert [Acorn.unsupported(filter_type) for filter_type in FilterType] == [None] * len(FilterType)


def test_more_neighbours_kept_in_any_case_than_candidates_are_refused() -> None:
    assert Build(M=4, gamma=2, M_beta=16).M_beta == 16
    with pytest.raises(BenchError, match="M_beta is 17; it must not be above"):
        Build(M=4, gamma=2, M_beta=17)
