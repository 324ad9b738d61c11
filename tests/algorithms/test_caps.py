"""CAPS: buckets hold the items that their tags say, and a search that reads all partitions is exact."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algorithms.caps.method import Build, Caps, Search
from algorithms.caps.tree import grow_tree
from bench.core.errors import BenchError
from bench.core.filters import Between
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from tests.support.problems import Problem, answer, check_exact, check_valid, clustered, problems, recall, through_disk

ALL = Search(m=2**40)


@settings(max_examples=60, deadline=None)
@given(
    problem=problems(), partitions=st.integers(1, 9), h=st.integers(0, 4), frequencies=st.sampled_from(["left", "all"])
)
def test_reading_all_partitions_is_exact(problem: Problem, partitions: int, h: int, frequencies: str) -> None:
    caps, _ = through_disk(Caps, Build(B=partitions, h=h, frequencies=frequencies), problem.data())
    check_exact(problem, answer(caps, problem, ALL, 7), 7)


@settings(max_examples=30, deadline=None)
@given(problem=problems(), m=st.integers(1, 20))
def test_a_small_budget_still_fills_the_answer_with_passing_items(problem: Problem, m: int) -> None:
    caps, _ = through_disk(Caps, Build(B=6, h=2), problem.data())
    ids = answer(caps, problem, Search(m))
    check_valid(problem, ids)
    matches = problem.batch.matches[problem.batch.index]
    assert np.all((ids >= 0).sum(1) >= np.minimum(np.minimum(matches, m), 10))


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(st.tuples(*[st.integers(-1, 3)] * 2), min_size=1, max_size=30),
    h=st.integers(0, 6),
    count_all=st.booleans(),
)
def test_an_item_is_in_the_first_bucket_whose_tag_it_has(rows: list[tuple[int, int]], h: int, count_all: bool) -> None:
    codes = np.array(rows, np.int32)
    tags, buckets = grow_tree(codes, h, count_all)
    assert len(tags) <= h
    remaining = np.ones(len(codes), bool)
    for t, (attribute, value) in enumerate(tags):
        has = codes[:, attribute] == value
        counted = np.ones(len(codes), bool) if count_all else remaining
        earlier = {tuple(tag) for tag in tags[:t].tolist()}
        for a in range(codes.shape[1]):
            values, counts = np.unique(codes[counted, a], return_counts=True)
            rivals = [c for v, c in zip(values, counts, strict=True) if v >= 0 and (a, int(v)) not in earlier]
            assert np.count_nonzero(has & counted) >= max(rivals, default=0)
        np.testing.assert_array_equal(buckets == t, remaining & has)
        remaining &= ~has
    np.testing.assert_array_equal(buckets == h, remaining)
    if h >= len(np.unique(codes[:, 0])) + len(np.unique(codes[:, 1])):
        assert np.all(codes[remaining] == -1)


def test_the_next_tag_is_counted_among_the_remaining_items_or_among_all() -> None:
    # Value 0 of the first attribute takes five items; the second attribute's 0 is then no longer frequent.
    codes = np.array([[0, 0]] * 4 + [[0, 1]] + [[1, 1]] * 3, np.int32)
    among_remaining, _ = grow_tree(codes, 2, count_all=False)
    among_all, _ = grow_tree(codes, 2, count_all=True)
    assert among_remaining.tolist() == [[0, 0], [0, 1]]
    assert among_all.tolist() == [[0, 0], [1, 0]]


def test_buckets_partition_the_items() -> None:
    problem = clustered(500, 0)
    caps = Caps(Build(B=12, h=3))
    caps.build(problem.data())
    trees = caps.index.trees
    assert sorted(trees.ids.tolist()) == list(range(500))
    assert len(trees.starts) == 12 * 4 + 1
    assert trees.starts[[0, -1]].tolist() == [0, 500]
    assert np.all(np.diff(trees.starts) >= 0)
    assert trees.values.shape == (12, 3)


def test_answers_do_not_depend_on_the_depth_of_the_trees() -> None:
    problem = clustered(800, 1)
    answers = []
    for h in (0, 1, 2, 5, 20):
        caps, _ = through_disk(Caps, Build(B=8, h=h), problem.data())
        answers.append(answer(caps, problem, Search(m=60)))
    for other in answers[1:]:
        np.testing.assert_array_equal(other, answers[0])


def test_trees_spare_reading_but_never_distances_to_failing_items() -> None:
    problem = clustered(800, 1)
    caps, _ = through_disk(Caps, Build(B=8, h=20), problem.data())
    answer(caps, problem, ALL)
    matches = problem.batch.matches[problem.batch.index].sum()
    assert caps.distance_computations == matches + 8 * len(problem.queries)


def test_recall_grows_with_the_budget() -> None:
    problem = clustered(3000, 2, queries=60)
    caps, _ = through_disk(Caps, Build(B=32, h=4), problem.data())
    recalls = [recall(problem, answer(caps, problem, Search(m))) for m in (1, 50, 200, 3000)]
    assert recalls == sorted(recalls)
    assert recalls[0] < 0.9 < recalls[2]
    assert recalls[3] == 1


def test_index_and_answers_are_the_same_for_any_number_of_threads() -> None:
    problem = clustered(3000, 3)
    one, bytes_one = through_disk(Caps, Build(B=16, h=3), problem.data(threads=1))
    two, bytes_two = through_disk(Caps, Build(B=16, h=3), problem.data(threads=2))
    again, bytes_again = through_disk(Caps, Build(B=16, h=3), problem.data(threads=2))
    assert bytes_one == bytes_two == bytes_again
    answers = [
        answer(caps, problem, Search(m=100), threads=threads)
        for caps, threads in ((one, 1), (one, 2), (two, 3), (again, 1))
    ]
    for other in answers[1:]:
        np.testing.assert_array_equal(other, answers[0])


def test_the_seed_decides_the_partitions() -> None:
    problem = clustered(500, 4)
    assert through_disk(Caps, Build(B=8), problem.data())[1] != through_disk(Caps, Build(B=8), problem.data(seed=1))[1]


@pytest.mark.parametrize("filter_type", sorted(set(FilterType) - {FilterType.EM, FilterType.MEM}))
def test_other_filter_types_are_refused_with_the_reason(filter_type: FilterType) -> None:
    assert "only EM and MEM" in str(Caps.unsupported(filter_type))


def test_a_filter_of_another_type_is_refused() -> None:
    problem = clustered(50, 5)
    caps, _ = through_disk(Caps, Build(B=4), problem.data())
    with pytest.raises(BenchError, match="only EM and MEM"):
        caps.prepare(FilterBatch([Between("number", 0, 1)], problem.attributes))
