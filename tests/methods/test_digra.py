"""DIGRA: a tree that stays balanced, graphs that stay within its nodes, and answers that stay within the range."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algorithms._digra_index import DigraIndex
from algorithms._digra_kernels import cover
from algorithms._digra_tree import Tree
from algorithms.digra import Digra, DigraBuild, DigraSearch
from bench.errors import BenchError
from bench.filters import Between, FilterBatch, FilterType

from .problems import Problem, answer, check_exact, check_valid, recall, through_disk
from .ranges import part, range_problems, ranged

SMALL = DigraBuild(M=8, ef_construction=40)


def check_tree(tree: Tree) -> None:
    below = np.arange(tree.n)
    least = (tree.most + 1) // 2
    for layer, starts in enumerate(tree.starts, 1):
        assert starts[0] == 0
        assert np.all(np.isin(starts, below))
        children = np.diff(np.append(np.searchsorted(below, starts), len(below)))
        assert children.max() <= tree.most
        assert children.min() >= (least if layer < tree.height else 2)
        below = starts
    assert len(below) == 1 or tree.n == 0


def check_rows(index: DigraIndex) -> None:
    """Check that living items link, in each layer, to distinct others of their node, or to what was deleted."""
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


@pytest.mark.parametrize("most", [3, 4, 5, 8])
@settings(max_examples=40, deadline=None)
@given(n=st.integers(0, 200), moves=st.lists(st.integers(-(2**31), 2**31), max_size=120))
def test_the_tree_stays_balanced(most: int, n: int, moves: list[int]) -> None:
    tree = Tree(n, most)
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


@pytest.mark.parametrize("n", [1, 2, 3, 37, 300])
def test_two_nodes_cover_a_range_and_little_more(n: int) -> None:
    problem = ranged(n, 1, queries=1)
    index = DigraIndex(problem.vectors, 4, 10, 3)
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


def test_rows_stay_within_the_nodes_of_their_layers() -> None:
    problem = ranged(700, 2)
    method, _ = through_disk(Digra, SMALL, problem.data())
    assert isinstance(method, Digra)
    check_tree(method.index.tree)
    check_rows(method.index)


@settings(max_examples=60, deadline=None)
@given(problem=range_problems(), k=st.sampled_from([1, 7, 100]), scan_below=st.sampled_from([0, 1000]))
def test_a_beam_as_wide_as_all_items_is_exact(problem: Problem, k: int, scan_below: int) -> None:
    method, _ = through_disk(Digra, DigraBuild(M=60, ef_construction=60), problem.data())
    check_exact(problem, answer(method, problem, DigraSearch(ef=60, scan_below=scan_below), k), k)


def test_recall_grows_with_the_beam_and_a_scan_is_exact() -> None:
    problem = ranged(2000, 3, queries=100)
    method, _ = through_disk(Digra, SMALL, problem.data())
    found = [answer(method, problem, DigraSearch(ef=ef)) for ef in (10, 30, 2000)]
    for ids in found:
        check_valid(problem, ids)
    recalls = [recall(problem, ids) for ids in found]
    assert recalls == sorted(recalls)
    assert recalls[0] >= 0.8
    assert recalls[-1] >= 0.99
    check_exact(problem, answer(method, problem, DigraSearch(ef=1, scan_below=601)), 10)
    assert method.distance_computations == 100 * 600


@pytest.mark.parametrize("share", [0.001, 0.005, 0.05])
def test_short_ranges_are_answered_well(share: float) -> None:
    problem = ranged(2000, 4, share=share)
    method, _ = through_disk(Digra, SMALL, problem.data())
    k = min(10, int(2000 * share))
    assert recall(problem, answer(method, problem, DigraSearch(ef=100), k), k) >= 0.99


def test_copies_of_one_vector_are_found() -> None:
    problem = ranged(400, 5)
    problem.vectors[:300] = problem.vectors[0]
    method, _ = through_disk(Digra, SMALL, problem.data())
    found = answer(method, problem, DigraSearch(ef=200))
    check_valid(problem, found)
    assert np.mean(found >= 0) >= 0.95


def test_an_empty_range_is_answered_with_nothing_at_once() -> None:
    values = [10 * (i // 5) for i in range(300)]
    problem = ranged(300, 6, values, queries=3)
    filters = (Between("year", 11, 19), Between("year", 600, None), Between("year", 20, 10))
    problem = Problem(problem.vectors, problem.attributes, problem.queries, filters)
    method, _ = through_disk(Digra, SMALL, problem.data())
    for scan_below in (0, 10):
        assert np.all(answer(method, problem, DigraSearch(scan_below=scan_below)) == -1)
        assert method.distance_computations == 0


def test_index_and_answers_are_the_same_for_any_number_of_threads() -> None:
    problem = ranged(1500, 7)
    one, bytes_one = through_disk(Digra, SMALL, problem.data(threads=1))
    two, bytes_two = through_disk(Digra, SMALL, problem.data(threads=2))
    assert bytes_one == bytes_two
    expected = answer(one, problem, DigraSearch(ef=20))
    for method, threads in ((one, 2), (two, 3), (two, 1)):
        np.testing.assert_array_equal(answer(method, problem, DigraSearch(ef=20), threads=threads), expected)


def test_insertions_and_deletions_leave_an_index_as_good_as_a_new_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    whole = ranged(1200, 8, rng.integers(0, 300, 1200).tolist(), queries=200)
    column = whole.attributes["year"].values
    first, later, gone = np.arange(500), np.arange(500, 1200), rng.permutation(1200)[:400]
    method = Digra(SMALL)
    method.build(part(whole, first).data())
    assert method.insert(whole.vectors[later], column[later]).tolist() == later.tolist()
    method.delete(gone)
    check_tree(method.index.tree)
    check_rows(method.index)

    living = np.setdiff1d(np.arange(1200), gone)
    left = part(whole, living)
    fresh, _ = through_disk(Digra, SMALL, left.data())
    method.save(tmp_path)
    loaded = Digra.load(tmp_path, SMALL, whole.data())
    batch = FilterBatch(whole.filters, whole.attributes)
    for ef in (20, 80):
        params = DigraSearch(ef=ef)
        found = method.search(whole.queries, method.prepare(batch), 10, params, 1)
        np.testing.assert_array_equal(found, loaded.search(whole.queries, loaded.prepare(batch), 10, params, 1))
        assert not np.isin(found, gone).any()
        places = np.where(found >= 0, np.searchsorted(living, found), -1)
        check_valid(left, places)
        assert recall(left, places) >= recall(left, answer(fresh, left, params)) - 0.02


def test_an_index_can_be_emptied_and_filled_again() -> None:
    problem = ranged(60, 9, queries=5)
    method = Digra(SMALL)
    method.build(problem.data())
    method.delete(np.arange(60))
    batch = FilterBatch((Between("year", None, None),) * 5, problem.attributes)
    assert np.all(method.search(problem.queries, method.prepare(batch), 10, DigraSearch(), 1) == -1)
    ids = method.insert(problem.vectors, problem.attributes["year"].values)
    found = method.search(problem.queries, method.prepare(batch), 60, DigraSearch(ef=60), 1)
    assert np.all(np.sort(found, axis=1) == ids)


@pytest.mark.parametrize("item", [-1, 3, 60])
def test_what_is_not_there_cannot_be_deleted(item: int) -> None:
    problem = ranged(60, 9)
    method = Digra(SMALL)
    method.build(problem.data())
    method.delete(np.array([3]))
    with pytest.raises(BenchError, match=f"no item {item} "):
        method.delete(np.array([item]))


def test_only_ranges_are_served_and_the_reason_is_given() -> None:
    assert Digra.unsupported(FilterType.R, {}) is None
    for filter_type in set(FilterType) - {FilterType.R}:
        assert "one attribute" in (Digra.unsupported(filter_type, {}) or "")
