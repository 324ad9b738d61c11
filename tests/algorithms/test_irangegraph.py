"""iRangeGraph: graphs that stay within the nodes of a tree, edges chosen for a range, and exact wide searches."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from algorithms.irangegraph import search
from algorithms.irangegraph.method import Build, IRangeGraph, Search
from algorithms.irangegraph.search import Dedicated, Layers
from algorithms.kernels.beam import Scratch, begin, new_scratch
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import neighbours
from algorithms.kernels.jit import kernel
from algorithms.kernels.visited import visit
from bench.core.attributes import Attributes
from bench.core.encode import ordered
from bench.core.errors import BenchError
from bench.core.filters import And, Between
from bench.core.masks import FilterBatch
from tests.support.kernels import compiled
from tests.support.problems import Problem, answer, check_exact, check_valid, recall, through_disk
from tests.support.ranges import ranged

node_at = compiled(search.node_at)

SMALL = Build(M=8, ef_construction=40)


def built(problem: Problem, params: Build = SMALL) -> IRangeGraph:
    method = IRangeGraph(params)
    method.build(problem.data())
    return method


def row_of(layers: Layers, rank: int, depth: int) -> list[int]:
    """Return the neighbours of an item in a depth."""
    row = layers.rows[rank, layers.columns[depth] : layers.columns[depth + 1]]
    used: list[int] = row[row >= 0].tolist()
    assert np.all(row[len(used) :] == -1)
    return used


@kernel
def _choose(layers: Layers, first: int, last: int, rank: int, met: NDArray[np.int32], scratch: Scratch) -> int:
    visited = begin(scratch)
    for other in met:
        visit(visited, other)
    return neighbours(Dedicated(layers, first, last, Everything(), scratch.chosen), rank, visited, scratch.items)


def chosen(layers: Layers, first: int, last: int, rank: int, met: set[int]) -> list[int]:
    """Return the neighbours of an item in the graph for a range, where the items `met` were met before."""
    scratch = new_scratch(len(layers.rows), layers.M)
    count = _choose(layers, first, last, rank, np.array(sorted(met), np.int32), scratch)
    items: list[int] = scratch.items[:count].tolist()
    return items


@pytest.mark.parametrize("n", [1, 2, 3, 5, 37, 700])
def test_rows_stay_within_nodes_and_hold_distinct_others(n: int) -> None:
    layers = built(ranged(n, 2, queries=1)).view
    for depth in range(len(layers.columns) - 1):
        nodes = {node_at(n, rank, depth) for rank in range(n)}
        ordered = sorted(nodes)
        assert [low for low, _ in ordered] == [0, *(high for _, high in ordered[:-1])]  # they partition the ranks
        for rank in range(n):
            low, high = node_at(n, rank, depth)
            used = row_of(layers, rank, depth)
            assert rank not in used
            assert len(set(used)) == len(used) <= 8
            assert all(low <= other < high for other in used)
            assert len(used) >= min(1, high - low - 1)


@settings(max_examples=100, deadline=None)
@given(data=st.data(), n=st.integers(2, 60))
def test_edges_are_those_of_the_nodes_that_split_the_range(data: st.DataObject, n: int) -> None:
    layers = built(ranged(n, 1, queries=1)).view
    first = data.draw(st.integers(0, n - 1))
    last = data.draw(st.integers(first, n - 1))
    rank = data.draw(st.integers(first, last))
    met = data.draw(st.sets(st.integers(0, n - 1)))
    expected: list[int] = []
    for depth in range(len(layers.columns) - 1):
        low, high = node_at(n, rank, depth)
        child_low, child_high = node_at(n, rank, depth + 1)
        node, child = set(range(low, high)), set(range(child_low, child_high))
        inside = node & set(range(first, last + 1))
        if not inside <= child or inside == node:
            expected += [other for other in row_of(layers, rank, depth) if other in inside]
        if inside == node:
            break
    expected = [other for other in dict.fromkeys(expected) if other not in met]
    assert chosen(layers, first, last, rank, met) == expected[:8]


def test_a_range_that_is_a_node_is_searched_in_its_graph() -> None:
    layers = built(ranged(300, 3, queries=1)).view
    for depth in (0, 1, 3):
        for rank in range(0, 300, 7):
            low, high = node_at(300, rank, depth)
            assert chosen(layers, low, high - 1, rank, set()) == row_of(layers, rank, depth)


@pytest.mark.parametrize("fraction", [0.001, 0.005, 0.05, 0.5, 1.0])
def test_recall_grows_with_the_beam_at_any_selectivity(fraction: float) -> None:
    problem = ranged(3000, 4, queries=60, fraction=fraction)
    method = built(problem, Build(M=16, ef_construction=100))
    k = min(10, int(3000 * fraction))
    recalls = [recall(problem, answer(method, problem, Search(ef=ef), k), k) for ef in (10, 40, 3000)]
    assert recalls == sorted(recalls)
    assert recalls[0] >= 0.8
    assert recalls[-1] >= 0.99


def two_ranges(n: int, seed: int, queries: int = 60) -> Problem:
    """Return a problem with ranges of `year`, which ranks all items, and of `age`, which some lack."""
    rng = np.random.default_rng(seed)
    problem = ranged(n, seed, queries=queries, fraction=0.4)
    ages = [None if age == 9 else int(age) for age in rng.integers(0, 10, n)]
    columns = {"age": ordered(ages), "year": problem.attributes["year"]}
    filters = tuple(
        And((Between("age", int(a), int(a) + 2), f))
        for a, f in zip(rng.integers(0, 7, queries), problem.filters, strict=True)
    )
    return Problem(problem.vectors, Attributes(n, columns), problem.queries, filters)


@pytest.mark.parametrize("scan_below", [0, 1000])
def test_post_filtering_of_a_second_range_is_exact_with_a_wide_beam(scan_below: int) -> None:
    problem = two_ranges(300, 10)
    method, _ = through_disk(IRangeGraph, Build(M=300, ef_construction=300), problem.data())
    check_exact(problem, answer(method, problem, Search(ef=300, secondary="post", scan_below=scan_below)), 10)


def test_in_filtering_of_a_second_range_measures_less_at_little_loss() -> None:
    problem = two_ranges(3000, 11)
    method = built(problem, Build(M=16, ef_construction=100))
    answers, computed = {}, {}
    for secondary in ("in", "post"):
        params = Search(ef=60, secondary=secondary)
        answers[secondary] = answer(method, problem, params)
        check_valid(problem, answers[secondary])
        computed[secondary] = method.distance_computations
        alone = [
            method.search(
                problem.queries[q : q + 1], method.prepare(FilterBatch([f], problem.attributes)), 10, params, 1
            )
            for q, f in enumerate(problem.filters)
        ]
        np.testing.assert_array_equal(np.concatenate(alone), answers[secondary])
    assert computed["in"] < computed["post"]
    assert recall(problem, answers["post"]) >= 0.95
    assert recall(problem, answers["in"]) >= 0.9


def test_the_attribute_that_ranks_can_be_chosen() -> None:
    problem = two_ranges(100, 12)
    with pytest.raises(BenchError, match="attribute=aeg: the workload filters on age, year"):
        built(problem, Build(attribute="aeg"))
    with pytest.raises(BenchError, match="'age' has no value for"):
        built(problem, Build(attribute="age"))
    assert built(problem)._ranks.name == built(problem, Build(attribute="year"))._ranks.name == "year"
    with pytest.raises(BenchError, match="has no range of 'year'"):
        built(problem).prepare(FilterBatch([And((Between("age", 0, 1), Between("age", 1, 2)))], problem.attributes))
