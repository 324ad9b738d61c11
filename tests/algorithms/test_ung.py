"""UNG: minimal supersets, edges that only lead up, and every item that passes within reach."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algorithms.encodings.labels import LabelSets, label_sets
from algorithms.ung.groups import Groups, group, minimal_supersets, navigating_graph
from algorithms.ung.method import Build, Search, Ung
from bench.core.attributes import Attributes
from bench.core.encode import boolean, sets
from bench.core.errors import BenchError
from bench.core.filters import And, Between, Contains, Equals, Filter
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from tests.support.labelled import LEAVES, labelled_problems, labels_of, rows_of, tagged
from tests.support.problems import Problem, answer, check_exact, check_valid, recall, through_disk

SMALL = Build(delta=4, R=8, L=30, sigma=3)

WORDS = st.builds(Contains, st.just("words"), st.sampled_from(["a", "b", "ü"]))
VALUES = st.builds(Equals, st.just("category"), st.sampled_from(["a", "b"]))
SHAPES: st.SearchStrategy[Filter] = st.one_of(
    LEAVES,
    st.lists(WORDS, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
    st.lists(VALUES, min_size=1, max_size=2).map(lambda parts: And((*parts, Equals("truth", True)))),
)
"""EM, EMIS, MEM and MEMIS; some contradict themselves."""

SETS = st.lists(st.sets(st.integers(0, 5), max_size=4), min_size=1, max_size=40)


def encoded(held: list[set[int]]) -> LabelSets:
    column = sets([[str(label) for label in sorted(labels)] for labels in held])
    return label_sets(Attributes(len(held), {"tag": column}), ("tag",))


def sets_of(groups: Groups) -> list[set[int]]:
    offsets, codes = groups.labels
    return [set(codes[offsets[g] : offsets[g + 1]].tolist()) for g in range(groups.size)]


def build(problem: Problem, params: Build = SMALL) -> Ung:
    ung = Ung(params)
    ung.build(problem.data())
    return ung


@given(SETS)
def test_items_of_equal_sets_are_a_group(held: list[set[int]]) -> None:
    sets_ = encoded(held)
    groups, labels_by_item = group(sets_), labels_of(sets_)
    expected = sets_of(groups)
    assert len({frozenset(labels) for labels in expected}) == groups.size
    assert [len(labels) for labels in expected] == sorted(len(labels) for labels in expected)
    assert sorted(groups.order.tolist()) == [item for item, labels in enumerate(labels_by_item) if labels]
    for place, g in enumerate(groups.of_place):
        assert labels_by_item[groups.order[place]] == expected[g]


@settings(max_examples=200)
@given(SETS, st.sets(st.integers(0, 5), min_size=1, max_size=3), st.booleans())
def test_minimal_supersets_are_those_that_contain_no_other(
    held: list[set[int]], subset: set[int], proper: bool
) -> None:
    sets_ = encoded(held)
    groups = group(sets_)
    codes = np.array(sorted(subset & set(range(sets_.size))), np.int32)
    if not len(codes):
        return
    labels = set(codes.tolist())
    of_group = sets_of(groups)
    above = [g for g in range(groups.size) if (labels < of_group[g] if proper else labels <= of_group[g])]
    expected = [g for g in above if not any(of_group[other] < of_group[g] for other in above)]
    assert minimal_supersets(groups, codes, proper=proper).tolist() == expected


@given(SETS)
def test_the_navigating_graph_leads_to_minimal_proper_supersets(held: list[set[int]]) -> None:
    groups = group(encoded(held))
    of_group = sets_of(groups)
    for g, row in enumerate(rows_of(navigating_graph(groups))):
        above = [h for h in range(groups.size) if of_group[g] < of_group[h]]
        assert row == [h for h in above if not any(of_group[other] < of_group[h] for other in above)]


@settings(max_examples=80)
@given(problem=labelled_problems(SHAPES), k=st.sampled_from([1, 7, 200]))
def test_a_wide_beam_is_exact(problem: Problem, k: int) -> None:
    """Whatever the degree, as every item that passes can be reached."""
    ung, _ = through_disk(Ung, SMALL, problem.data())
    check_exact(problem, answer(ung, problem, Search(L=len(problem.vectors)), k), k)


@settings(max_examples=30)
@given(problem=labelled_problems(SHAPES), width=st.integers(1, 20), degree=st.integers(1, 4))
def test_narrow_graphs_and_beams_return_passing_items_only(problem: Problem, width: int, degree: int) -> None:
    ung, _ = through_disk(Ung, Build(delta=1, R=degree, L=5, sigma=1), problem.data())
    ids = answer(ung, problem, Search(L=width))
    check_valid(problem, ids)
    np.testing.assert_array_equal(ids[:, 0] >= 0, problem.batch.matches[problem.batch.index] > 0)


@pytest.mark.parametrize("single", [True, False])
def test_edges_stay_in_a_group_or_lead_to_minimal_supersets(single: bool) -> None:
    problem = tagged(2000, 3, single)
    ung = build(problem)
    groups = group(label_sets(problem.attributes, ("tag",)))
    of, above = groups.of_place, rows_of(navigating_graph(groups))
    realised = set()
    for place, row in enumerate(rows_of(ung.view.graph)):
        assert place not in row
        assert len(set(row)) == len(row)
        across = [other for other in row if of[other] != of[place]]
        assert {of[other] for other in across} <= set(above[of[place]])
        # R within its group and a few that repair it; delta across, or as many again to realise an edge of the LNG.
        assert len(row) - len(across) <= SMALL.R + 5
        realised |= {(of[place], of[other]) for other in across}
    assert realised == {(g, h) for g, row in enumerate(above) for h in row}
    assert (len(realised) == 0) is single


@pytest.mark.parametrize("single", [True, False])
def test_all_items_that_pass_are_reachable_from_the_starts(single: bool) -> None:
    problem = tagged(3000, 4, single)
    ung = build(problem, Build(delta=2, R=3, L=5, sigma=2))
    groups, sets_ = group(label_sets(problem.attributes, ("tag",))), label_sets(problem.attributes, ("tag",))
    rows, held = rows_of(ung.view.graph), labels_of(sets_)
    starts = rows_of(ung.view.entries)
    for label in range(sets_.size):
        entries = minimal_supersets(groups, np.array([label], np.int32), proper=False)
        open_ = list(itertools.chain(*(starts[g] for g in entries)))
        seen = set(open_)
        while open_:
            for other in rows[open_.pop()]:
                if other not in seen:
                    seen.add(other)
                    open_.append(other)
        assert {int(groups.order[place]) for place in seen} == {i for i, labels in enumerate(held) if label in labels}


def test_searches_start_from_all_of_a_small_group_and_some_of_a_large_one() -> None:
    problem = tagged(1500, 5)
    ung = build(problem, replace(SMALL, sigma=7))
    groups = group(label_sets(problem.attributes, ("tag",)))
    sizes = set()
    for g, row in enumerate(rows_of(ung.view.entries)):
        size = groups.bounds[g + 1] - groups.bounds[g]
        assert len(set(row)) == len(row) == min(size, 7)
        assert all(groups.bounds[g] <= place < groups.bounds[g + 1] for place in row)
        sizes.add(size > 7)
    assert sizes == {True, False}


@pytest.mark.parametrize("single", [True, False])
def test_recall_grows_with_the_beam(single: bool) -> None:
    problem = tagged(3000, 1, single)
    ung, _ = through_disk(Ung, Build(), problem.data())
    recalls = [recall(problem, answer(ung, problem, Search(L=width))) for width in (10, 40, 400)]
    assert recalls == sorted(recalls)
    assert recalls[0] > 0.4
    assert recalls[2] > 0.99


def test_without_edges_across_larger_sets_are_missed() -> None:
    problem = tagged(1000, 6)
    complete, cut = (build(problem, replace(SMALL, delta=delta)) for delta in (4, 0))
    assert np.all(answer(complete, problem, Search(L=1000)) >= 0)
    lonely = answer(cut, problem, Search(L=1000))
    check_valid(problem, lonely)
    assert recall(problem, lonely) < 0.99


def test_values_that_no_item_has_have_no_answer_and_cost_nothing() -> None:
    problem = tagged(200, 2)
    ung = build(problem)
    for filter_ in (Contains("tag", "nowhere"), And((Contains("tag", "1"), Contains("tag", "nowhere")))):
        prepared = ung.prepare(FilterBatch([filter_], problem.attributes))
        assert (ung.search(problem.queries[:1], prepared, 5, Search(L=10), 1) == -1).all()
        assert ung.distance_computations == 0


def test_items_without_any_label_are_not_answers() -> None:
    attributes = Attributes(3, {"truth": boolean([None, None, None])})
    problem = Problem(np.eye(3, dtype=np.float32), attributes, np.eye(1, 3, dtype=np.float32), (Equals("truth", True),))
    ung, _ = through_disk(Ung, Build(), problem.data())
    assert answer(ung, problem, Search(), 2).tolist() == [[-1, -1]]


def test_index_and_answers_are_the_same_for_any_number_of_threads() -> None:
    problem = tagged(2500, 9)
    copies = [through_disk(Ung, SMALL, problem.data(threads=threads)) for threads in (1, 2, 2)]
    assert copies[0][1] == copies[1][1] == copies[2][1]
    assert copies[0][1] != through_disk(Ung, SMALL, problem.data(seed=1))[1]
    answers = [
        answer(ung, problem, Search(L=20), threads=threads) for (ung, _), threads in zip(copies, (1, 2, 3), strict=True)
    ]
    np.testing.assert_array_equal(answers[0], answers[1])
    np.testing.assert_array_equal(answers[0], answers[2])


@pytest.mark.parametrize("filter_type", sorted({FilterType.R, FilterType.MR, FilterType.C, FilterType.NONE}))
def test_other_filter_types_are_refused_with_the_reason(filter_type: FilterType) -> None:
    assert "items that hold all of some labels" in str(Ung.unsupported(filter_type))


def test_a_filter_of_another_type_is_refused() -> None:
    ung = build(tagged(50, 11))
    with pytest.raises(BenchError, match="EM, EMIS, MEM and MEMIS"):
        ung.prepare(FilterBatch([Between("number", 0, 1)], tagged(50, 11).attributes))
