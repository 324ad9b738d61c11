"""ACORN: how lists are read and cut, what a graph looks like, and what searches owe for any filter."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from algorithms.acorn.build import Growing, compress
from algorithms.acorn.graph import Base, Upper, View
from algorithms.acorn.method import Acorn, Build, Search
from algorithms.kernels import hnsw
from algorithms.kernels.beam import begin, new_scratch
from algorithms.kernels.filter import Bitmap
from algorithms.kernels.graph import neighbours
from algorithms.kernels.heap import key_id, make_key
from algorithms.kernels.visited import visit
from bench.core.attributes import Attributes, ordered
from bench.core.errors import BenchError
from bench.core.filters import Between, Equals, Everything, Filter, FilterType
from tests.support.problems import Problem, answer, check_exact, check_valid, clustered, recall, through_disk
from tests.support.strategies import FILTERS, columns

SMALL = Build(M=4, gamma=3, M_beta=6)
ONE = Build(M=8, gamma=1, M_beta=16)
BOTH = [pytest.param(SMALL, id="gamma"), pytest.param(ONE, id="one")]
WIDE = [pytest.param(Build(M=32, gamma=6, M_beta=32), id="gamma"), pytest.param(Build(32, 1, 64), id="one")]
"""With the M of the paper, as with a small one clusters come apart, which is in the nature of the method."""


@st.composite
def any_problem(draw: st.DrawFn) -> Problem:
    """Draw a problem with filters of any shape, sometimes with many equal vectors."""
    attributes = draw(columns(max_items=60))
    filters = tuple(draw(st.lists(FILTERS, min_size=1, max_size=5)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    vectors = rng.normal(size=(attributes.n, 5)).astype(np.float32)
    if draw(st.booleans()):
        vectors = vectors[rng.integers(0, attributes.n, attributes.n) // 4]
    return Problem(vectors, attributes, rng.normal(size=(len(filters), 5)).astype(np.float32), filters)


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
    found = answer(acorn, problem, Search(ef=1, prefilter_below=1.0), k)
    if matches < len(problem.vectors):
        check_exact(problem, found, k)
        assert acorn.distance_computations == matches


def test_prefiltering_is_for_filters_below_the_given_selectivity() -> None:
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
def test_something_is_found_even_if_nothing_that_passes_is_in_sight_of_the_start(build: Build) -> None:
    problem = clustered(3000, 7)
    acorn, _ = through_disk(Acorn, build, problem.data())
    assert isinstance(acorn, Acorn)
    base, entry = acorn.graph.base, acorn.graph.entry
    seen = {entry}
    for _ in range(2):
        seen |= {int(other) for item in seen for other in base[item] if other >= 0}
    unseen = next(
        i for i in range(3000) if i not in seen and acorn.graph.first[i] == np.append(acorn.graph.first, 0)[i + 1]
    )
    attributes = Attributes(3000, {"number": ordered([int(i == unseen) for i in range(3000)])})
    lonely = Problem(problem.vectors, attributes, problem.queries, (Equals("number", 1),) * 40)
    found = answer(acorn, lonely, Search(ef=10))
    assert found[:, 0].tolist() == [unseen] * 40
    assert np.all(found[:, 1:] == -1)


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
    graph = hnsw.build(problem.vectors, build.M, ef_construction=build.M * build.gamma, seed=0, threads=1)
    acorn, _ = through_disk(Acorn, build, problem.data())
    for ef in (10, 40):
        theirs = recall(open_, hnsw.Searcher(graph, problem.vectors).search(problem.queries, 10, ef).ids)
        assert recall(open_, answer(acorn, open_, Search(ef=ef))) >= theirs - 0.02


@pytest.mark.parametrize("build", [*BOTH, pytest.param(Build(M=2, gamma=2, M_beta=0), id="all may be cut")])
def test_lists_hold_distinct_items_of_their_layer_nearest_first(build: Build) -> None:
    problem = clustered(2000, 4)
    acorn = Acorn(build)
    acorn.build(problem.data())
    graph = acorn.graph
    levels = np.diff(np.append(graph.first, len(graph.upper)))
    assert graph.base.shape == (2000, build.M_beta + 3 * build.M // 2)
    assert graph.upper.shape == (levels.sum(), build.M * build.gamma)
    assert levels[graph.entry] == graph.top == levels.max()

    def check(item: int, row: NDArray[np.int32], level: int) -> None:
        ids = row[row >= 0]
        assert np.all(row[len(ids) :] == -1)
        assert len(set(ids.tolist())) == len(ids)
        assert item not in ids
        assert np.all(levels[ids] >= level)
        squared = ((problem.vectors[ids].astype(np.float64) - problem.vectors[item]) ** 2).sum(1)
        assert np.all(np.diff(squared) >= -1e-5 * (1 + squared[1:]))

    for item in range(2000):
        check(item, graph.base[item], 0)
        for level in range(1, levels[item] + 1):
            check(item, graph.upper[graph.first[item] + level - 1], level)
    assert np.all((graph.base >= 0).any(1))


def lists(draw: st.DrawFn, n: int) -> NDArray[np.int32]:
    """Draw int32[n, 6]: rows of distinct items, and then -1."""
    rows = np.full((n, 6), -1, np.int32)
    for item in range(n):
        row = draw(st.lists(st.integers(0, n - 1), unique=True, max_size=6))
        rows[item, : len(row)] = row
    return rows


def words(mask: NDArray[np.bool_]) -> NDArray[np.uint64]:
    return np.packbits(np.pad(mask, (0, -len(mask) % 64)), bitorder="little").view(np.uint64)


@nb.njit
def look(view: Any, item: Any, met: Any, scratch: Any) -> Any:
    visited = begin(scratch)
    for other in met:
        visit(visited, other)
    return neighbours(view, item, visited, scratch.items)


def neighbours_of(view: View, item: int, n: int, met: set[int]) -> list[int]:
    scratch = new_scratch(n, view.limit)
    count = look(view, item, np.array(sorted(met), np.int32), scratch)
    found: list[int] = scratch.items[:count].tolist()
    return found


@settings(max_examples=100, deadline=None)
@given(data=st.data(), n=st.integers(2, 12), verbatim=st.integers(0, 6), limit=st.integers(1, 12))
def test_a_search_reads_what_passes_and_then_the_lists_of_the_tail(
    data: st.DataObject, n: int, verbatim: int, limit: int
) -> None:
    ids = lists(data.draw, n)
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    met = data.draw(st.sets(st.integers(0, n - 1)))
    own = [i for i in ids[0].tolist() if i >= 0]
    read = own + [i for j in reversed(own[verbatim:]) for i in ids[j].tolist() if i >= 0]
    passing = [i for i in read if mask[i]][:limit]
    expected = list(dict.fromkeys(i for i in passing if i not in met))
    assert neighbours_of(View(Base(ids), Bitmap(words(mask)), verbatim, limit), 0, n, met) == expected
    shifted = Upper(np.vstack([np.full((3, 6), -1, np.int32), ids]), np.arange(n, dtype=np.int32) + 1, 3)
    assert neighbours_of(View(shifted, Bitmap(words(mask)), verbatim, limit), 0, n, met) == expected


@settings(max_examples=100, deadline=None)
@given(data=st.data(), n=st.integers(2, 12), verbatim=st.integers(0, 6), reach=st.integers(0, 12))
def test_what_is_left_out_of_a_list_is_led_to_by_its_tail(
    data: st.DataObject, n: int, verbatim: int, reach: int
) -> None:
    ids = lists(data.draw, n)
    candidates = data.draw(st.permutations(range(1, n)))
    keys = np.array([make_key(np.float32(rank), item) for rank, item in enumerate(candidates)])
    out = np.empty(6, np.int64)
    growing = Growing(Base(ids), np.zeros((n, 6), np.float32), ids, verbatim, reach)
    kept = [int(key_id(key)) for key in out[: compress(growing, ids, keys, len(keys), new_scratch(n, 1), out)]]
    head = candidates[: min(verbatim, 6)]
    assert kept[: len(head)] == head
    led_to: set[int] = set()
    chosen: list[int] = []
    for rank, item in enumerate(candidates):
        if len(chosen) == 6 or (rank >= verbatim and len(led_to) + len(chosen) > reach):
            break
        if item in kept:
            chosen.append(item)
            if rank >= verbatim:
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
    width = loaded.graph.base.shape[1]
    np.testing.assert_array_equal(loaded.graph.base, built.graph.base[:, :width])
    assert np.all(built.graph.base[:, width:] == -1)
    for name in ("upper", "first", "entry", "top"):
        np.testing.assert_array_equal(getattr(loaded.graph, name), getattr(built.graph, name))


def test_the_index_is_the_same_for_all_workloads() -> None:
    assert Acorn.index_attributes(("number", "category")) == ()
    assert [Acorn.unsupported(filter_type) for filter_type in FilterType] == [None] * len(FilterType)


def test_more_verbatim_neighbours_than_candidates_are_refused() -> None:
    assert Build(M=4, gamma=2, M_beta=16).M_beta == 16
    with pytest.raises(BenchError, match="M_beta is 17; it must not be above"):
        Build(M=4, gamma=2, M_beta=17)
