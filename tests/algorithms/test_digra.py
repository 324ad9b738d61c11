"""DIGRA: a tree that stays balanced, graphs that stay within its nodes, and ranges that two nodes cover."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algorithms.digra import search
from algorithms.digra.index import DigraIndex
from algorithms.digra.method import Build, Digra, Search
from algorithms.digra.tree import Tree
from algorithms.kernels.space import l2
from bench.core.filters import Between
from bench.core.masks import FilterBatch
from tests.support.kernels import compiled
from tests.support.problems import answer, check_valid, recall, through_disk
from tests.support.ranges import ranged

cover = compiled(search.cover)

SMALL = Build(M=8, ef_construction=40)


def check_tree(tree: Tree) -> None:
    below = np.arange(tree.n)
    least = (tree.B + 1) // 2
    for layer, starts in enumerate(tree.starts, 1):
        assert starts[0] == 0
        assert np.all(np.isin(starts, below))
        children = np.diff(np.append(np.searchsorted(below, starts), len(below)))
        assert children.max() <= tree.B
        assert children.min() >= (least if layer < tree.height else 2)
        below = starts
    assert len(below) == 1 or tree.n == 0


def check_rows(index: DigraIndex) -> None:
    """Check that living items link, in each layer, to distinct others of their node, or to deleted items."""
    columns = index.columns
    for item in index.items:
        rank = int(index.ranks[item])
        for layer in range(1, index.tree.height + 1):
            row = index.rows[item, columns[layer] : columns[layer + 1]]
            used = row[row >= 0]
            assert np.all(row[len(used) :] == -1)
            assert len(used) == len(set(used.tolist()) - {item}) >= 1
            start, stop = index.tree.node(layer, rank)
            ranks = index.ranks[used]
            assert np.all((ranks < 0) | ((start <= ranks) & (ranks < stop)))


@pytest.mark.parametrize("grouping", ["paper", "released"])
@pytest.mark.parametrize("B", [3, 4, 5, 8])
@settings(max_examples=40, deadline=None)
@given(n=st.integers(0, 200), moves=st.lists(st.integers(-(2**31), 2**31), max_size=120))
def test_the_tree_stays_balanced(grouping: str, B: int, n: int, moves: list[int]) -> None:
    tree = Tree(n, B, grouping)
    check_tree(tree)
    for move in moves:
        before = [starts.tolist() for starts in tree.starts]
        changes = tree.delete(-move % tree.n) if move < 0 and tree.n else tree.insert(abs(move) % (tree.n + 1))
        check_tree(tree)
        assert [change.layer for change in changes] == sorted(change.layer for change in changes)
        for layer, start, stop in changes:
            assert tree.node(layer, start) == (start, stop)
        if [len(b) for b in before] != [len(starts) for starts in tree.starts] and len(before) == tree.height:
            assert changes


@pytest.mark.parametrize(
    ("B", "grouping", "children"),
    [
        (3, "paper", [2, 2, 2, 2, 3]),
        (3, "released", [2, 3, 2, 2, 2]),
        (6, "released", [3, 4, 4]),
        (6, "paper", [3, 3, 5]),
    ],
)
def test_nodes_are_built_with_as_many_children_as_the_grouping_says(B: int, grouping: str, children: list[int]) -> None:
    starts = Tree(11, B, grouping).starts[0]
    assert np.diff(np.append(starts, 11)).tolist() == children


@pytest.mark.parametrize("n", [1, 2, 3, 37, 300])
def test_two_nodes_cover_a_range_and_little_more(n: int) -> None:
    problem = ranged(n, 1, queries=1)
    index = DigraIndex(l2(problem.vectors), 4, 10, 3, "paper")
    for first in range(0, n, 1 + n // 40):
        for last in range(first, n, 1 + n // 40):
            nodes = cover(index.view, first, last)
            right = index.tree.node(nodes.right, last)
            if nodes.bridge:
                left = index.tree.node(nodes.left, first)
                assert left[0] <= first
                assert left[1] == nodes.middle == right[0]
                assert index.tree.node(nodes.bridge, first) == index.tree.node(nodes.bridge, last)
            else:
                left = (right[0], right[0])
                assert nodes.middle <= first
                assert right[0] <= first
            assert last < right[1]
            assert (right[1] - right[0]) + (left[1] - left[0]) <= 12 * (last - first + 1)


@pytest.mark.parametrize("grouping", ["paper", "released"])
def test_rows_stay_within_the_nodes_of_their_layers(grouping: str) -> None:
    problem = ranged(700, 2)
    method, _ = through_disk(Digra, replace(SMALL, grouping=grouping), problem.data())
    assert isinstance(method, Digra)
    check_tree(method.index.tree)
    check_rows(method.index)


@pytest.mark.parametrize("fraction", [0.001, 0.005, 0.05])
def test_short_ranges_are_answered_well(fraction: float) -> None:
    problem = ranged(2000, 4, fraction=fraction)
    method, _ = through_disk(Digra, SMALL, problem.data())
    k = min(10, int(2000 * fraction))
    assert recall(problem, answer(method, problem, Search(ef=100), k), k) >= 0.99


def test_copies_of_one_vector_are_returned() -> None:
    problem = ranged(400, 5)
    problem.vectors[:300] = problem.vectors[0]
    method, _ = through_disk(Digra, SMALL, problem.data())
    ids = answer(method, problem, Search(ef=200))
    check_valid(problem, ids)
    assert np.mean(ids >= 0) >= 0.95


def test_an_index_can_be_emptied_and_filled_again() -> None:
    problem = ranged(60, 9, queries=5)
    method = Digra(SMALL)
    method.build(problem.data())
    method.delete(np.arange(60))
    batch = FilterBatch((Between("year", None, None),) * 5, problem.attributes)
    assert np.all(method.search(problem.queries, method.prepare(batch), 10, Search(), 1) == -1)
    ids = method.insert(problem.vectors, problem.attributes["year"].values)
    answers = method.search(problem.queries, method.prepare(batch), 60, Search(ef=60), 1)
    assert np.all(np.sort(answers, axis=1) == ids)
