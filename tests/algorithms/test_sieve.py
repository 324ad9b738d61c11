"""SIEVE: which labels get a graph, which graph a filter goes to, and what is done when measuring is cheaper."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algorithms.sieve import cost
from algorithms.sieve.choose import choose_labels, degree_for
from algorithms.sieve.cost import CostModel
from algorithms.sieve.method import Build, Search, Sieve
from algorithms.sieve.search import ROOT
from bench.core.attributes import Attributes
from bench.core.encode import categorical, ordered, sets
from bench.core.filters import And, Between, Contains, Equals, Everything, Filter, FilterType, Not, Or
from bench.core.masks import FilterBatch
from tests.support.kernels import compiled
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

SMALL = Build(M=8, ef_construction=40, gamma=2.0)
cost_of_walk, cost_of_scan = compiled(cost.cost_of_walk), compiled(cost.cost_of_scan)

sizes_ = st.lists(st.integers(0, 3000), max_size=12)


def labelled(n: int = 2000, queries: int = 40) -> Problem:
    """Return items with a letter (half have an a), a number below 4 and words, and filters for letters."""
    problem = clustered(n, 1, queries)
    rng = np.random.default_rng(1)
    letters = np.array(list("abcd"))[np.minimum(rng.geometric(0.5, n) - 1, 3)].tolist()
    columns = {
        "letter": categorical(letters),
        "number": ordered(rng.integers(0, 4, n).tolist()),
        "words": sets([["x"] if i % 3 else ["x", "y"] for i in range(n)]),
    }
    filters = tuple(Equals("letter", "abcd"[q % 4]) for q in range(queries))
    return Problem(problem.vectors, Attributes(n, columns), problem.queries, filters)


def naive_walk(model: CostModel, size: int, matches: int, ef: int) -> float:
    return math.log(size) * ef * (size / matches) ** model.cor


@settings(max_examples=100, deadline=None)
@given(
    sizes=sizes_,
    M=st.integers(2, 32),
    sef=st.integers(1, 200),
    budget=st.sampled_from([1.0, 1.1, 1.5, 2.0, 4.0]),
    gamma=st.sampled_from([0.0, 0.1, 0.5, 1.0, 4.0]),
    cor=st.sampled_from([0.0, 0.3, 0.5, 1.0]),
)
def test_graphs_are_chosen_by_what_they_save_for_their_memory(
    sizes: list[int], M: int, sef: int, budget: float, gamma: float, cor: float
) -> None:
    n, model = 3000, CostModel(gamma, cor)

    def places(label: int) -> int:
        return sizes[label] * 2 * degree_for(sizes[label], n, M)

    def density(label: int) -> float:
        size = sizes[label]
        if size <= sef:
            return 0.0
        without = min(gamma * size, naive_walk(model, n, size, sef))
        return size * (without - min(gamma * size, math.log(size) * sef)) / places(label)

    room, expected = (budget - 1) * n * 2 * M, []
    for label in sorted(range(len(sizes)), key=lambda label: (-density(label), label)):
        if density(label) > 1e-9 and places(label) <= room:
            room -= places(label)
            expected.append(label)
    chosen = choose_labels(model, np.array(sizes, np.int64), n, M, sef, budget).tolist()
    assert sum(map(places, chosen)) <= (budget - 1) * n * 2 * M
    assert chosen == sorted(chosen)
    assert [density(label) for label in chosen] == pytest.approx([density(label) for label in sorted(expected)])


@pytest.mark.parametrize(("size", "degree"), [(1, 2), (2, 2), (32, 8), (1024, 16), (181, 12)])
def test_smaller_graphs_have_fewer_edges(size: int, degree: int) -> None:
    assert degree_for(size, 1024, 16) == degree


def test_plans_say_which_queries_walk_which_graph() -> None:
    """Of 2,000 items, half have an a and a third a y: their graphs are walked. Some 60 have d and 0: a scan."""
    problem = labelled(queries=4)
    few = And((Equals("letter", "d"), Equals("number", 0)))
    problem = replace(problem, filters=(Equals("letter", "a"), few, Everything(), Contains("words", "y")))
    sieve = Sieve(replace(SMALL, sef=10, budget=3.0))
    sieve.build(problem.data())
    answer(sieve, problem, Search(ef=20))
    plans = sieve.plans()
    assert [plans.names[i] for i in plans.index] == [
        "walk a graph of 512 to 1,023 items", "scan", "walk all items", "walk a graph of 512 to 1,023 items",
    ]  # fmt: skip
    assert plans.fault(4) is None


def test_costs_are_those_of_the_paper() -> None:
    model = CostModel(gamma=0.3, cor=0.5)
    assert cost_of_walk(model, 1000, 10, 64) == pytest.approx(math.log(1000) * 64 * 10)
    assert cost_of_scan(model, 500) == pytest.approx(150)


@pytest.mark.parametrize("budget", [1.0, 1.3, 2.0, 6.0])
def test_the_budget_is_kept(budget: float) -> None:
    problem = labelled()
    sieve, _ = through_disk(Sieve, replace(SMALL, budget=budget), problem.data())
    assert isinstance(sieve, Sieve)
    root, edges = sieve.index.root, sieve.index.edges
    assert len(edges.ids) <= (budget - 1) * root.base.size
    assert len(sieve.index.labels) == {1.0: 0, 1.3: 1, 2.0: 4, 6.0: 4}[budget]
    check_valid(problem, answer(sieve, problem, Search(ef=20)))


def test_a_graph_links_the_items_of_its_label_and_no_others() -> None:
    sieve, _ = through_disk(Sieve, SMALL, labelled().data())
    assert isinstance(sieve, Sieve)
    members, edges, row = sieve.view.members, sieve.index.edges, 0
    batch = FilterBatch([Equals("letter", letter) for letter in "abcd"], labelled().attributes)
    for graph in range(4):
        items = members.ids[members.starts[graph] : members.starts[graph + 1]]
        np.testing.assert_array_equal(items, np.flatnonzero(batch.mask(graph)))
        assert sieve.index.entries[graph] in items
        for item in items:
            ids = edges.ids[edges.starts[row] : edges.starts[row + 1]]
            assert set(ids.tolist()) <= set(items.tolist()) - {int(item)}
            assert len(set(ids.tolist())) == len(ids) > 0
            row += 1


A, B, ONE, X, Y = (
    Equals("letter", "a"), Equals("letter", "b"), Equals("number", 1), Contains("words", "x"), Contains("words", "y"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("filter_", "covered_by"),
    [
        (A, A),
        (And((A, ONE)), ONE),  # fewer items have it
        (And((Between("number", 1, 2), B)), B),
        (And((And((X, Y)), A)), Y),
        (And((A, Not(B))), A),
        (Or((A, B)), None),
        (Not(A), None),
        (Between("number", 1, 1), None),
        (Everything(), None),
        (Equals("letter", "nowhere"), None),
    ],
)
def test_a_filter_goes_to_the_smallest_graph_that_holds_all_that_pass(filter_: Filter, covered_by: Any) -> None:
    problem = labelled()
    whole = Problem(problem.vectors, problem.attributes, problem.queries, (A, ONE, X, Y))
    sieve, _ = through_disk(Sieve, replace(SMALL, budget=10.0, gamma=10.0), whole.data())
    assert isinstance(sieve, Sieve)
    graph = int(sieve.prepare(FilterBatch([filter_], problem.attributes)).graphs[0])
    if covered_by is None:
        assert graph == ROOT
    else:
        members = sieve.view.members
        items = members.ids[members.starts[graph] : members.starts[graph + 1]]
        np.testing.assert_array_equal(items, np.flatnonzero(FilterBatch([covered_by], problem.attributes).mask(0)))


@pytest.mark.parametrize("gamma", [0.05, 0.3, 5.0])
@pytest.mark.parametrize("cor", [0.0, 1.0])
@pytest.mark.parametrize("budget", [1.0, 4.0])
def test_what_passes_is_measured_where_that_is_cheaper(gamma: float, cor: float, budget: float) -> None:
    problem = labelled()
    sieve, _ = through_disk(Sieve, replace(SMALL, gamma=gamma, cor=cor, budget=budget), problem.data())
    assert isinstance(sieve, Sieve)
    for letter in "abcd":
        filters = (Equals("letter", letter),) * 40
        one = Problem(problem.vectors, problem.attributes, problem.queries, filters)
        matches = int(one.batch.matches[0])
        size = 2000 if sieve.prepare(one.batch).graphs[0] == ROOT else matches
        measured = gamma * matches <= naive_walk(CostModel(gamma, cor), size, matches, 20)
        ids = answer(sieve, one, Search(ef=20))
        assert (sieve.distance_computations == 40 * matches) is measured
        if measured:
            check_exact(one, ids, 10)


@settings(max_examples=50, deadline=None)
@given(
    problem=any_problem(), ef=st.sampled_from([1, 5, 60]), k=st.sampled_from([1, 7, 100]), gamma=st.sampled_from([0, 9])
)
def test_answers_are_valid_and_a_beam_as_wide_as_all_items_is_exact(
    problem: Problem, ef: int, k: int, gamma: int
) -> None:
    sieve, _ = through_disk(Sieve, Build(M=8, ef_construction=20, gamma=gamma, sef=1), problem.data())
    ids = answer(sieve, problem, Search(ef=ef), k)
    check_valid(problem, ids)
    if max(ef, k) >= 60 or gamma == 0:
        check_exact(problem, ids, k)


def test_recall_grows_with_the_beam_and_a_graph_of_its_own_costs_less() -> None:
    problem = labelled(3000, 60)
    distances = []
    for budget in (4.0, 1.0):
        sieve, _ = through_disk(Sieve, replace(SMALL, gamma=100.0, budget=budget), problem.data())
        recalls = [recall(problem, answer(sieve, problem, Search(ef=ef))) for ef in (10, 40, 160)]
        assert recalls == sorted(recalls)
        assert recalls[-1] >= 0.97
        distances.append(int(sieve.distance_computations or 0))
    assert distances[0] < distances[1]


def test_index_and_answers_are_the_same_for_any_number_of_threads() -> None:
    problem = labelled()
    one, bytes_one = through_disk(Sieve, SMALL, problem.data(threads=1))
    two, bytes_two = through_disk(Sieve, SMALL, problem.data(threads=2))
    assert bytes_one == bytes_two
    params = Search(ef=20)
    np.testing.assert_array_equal(answer(one, problem, params), answer(two, problem, params, threads=3))


def test_the_index_depends_on_the_filtered_attributes() -> None:
    assert Sieve.index_attributes(("number", "category")) == ("number", "category")
    assert [Sieve.unsupported(filter_type) for filter_type in FilterType] == [None] * len(FilterType)
