"""WoW: edges that stay in their windows, the level that a range begins in, and the way down from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algorithms.kernels.beam import new_scratch
from algorithms.kernels.graph import neighbours
from algorithms.kernels.visited import Visited
from algorithms.wow import search
from algorithms.wow.build import levels_for, moved, no_items
from algorithms.wow.method import Build, Search, Wow
from algorithms.wow.search import Within, WowIndex
from bench.core.errors import BenchError
from bench.core.formats import Storage, encode
from tests.support.kernels import compiled, padded_rows
from tests.support.problems import answer, recall, through_disk
from tests.support.ranges import part, ranged

SMALL = Build(M=8, ef_construction=40)
level_for = compiled(search.level_for)
look = compiled(neighbours)


def built(n: int, seed: int, params: Build = SMALL) -> Wow:
    wow = Wow(params)
    wow.build(ranged(n, seed).data())
    return wow


@pytest.mark.parametrize(("n", "levels"), [(1, 1), (2, 1), (3, 2), (8, 2), (9, 3), (32, 3), (33, 4), (50_000, 9)])
def test_the_windows_of_the_highest_level_hold_all_items(n: int, levels: int) -> None:
    assert levels_for(n) == levels


@given(size=st.integers(1, 3000), n=st.integers(1, 3000))
def test_a_range_begins_in_the_lowest_level_whose_windows_are_as_wide(size: int, n: int) -> None:
    size = min(size, n)
    wide_enough = [level for level in range(levels_for(n)) if 2 * 4**level >= size]
    assert level_for(size, levels_for(n)) == wide_enough[0]


@pytest.mark.parametrize("n", [1, 2, 7, 40, 700])
def test_rows_hold_distinct_items_of_their_windows_nearest_first(n: int) -> None:
    wow = built(n, 1)
    windows, rows = wow.index.windows, wow.space.rows.astype(np.float64)
    assert windows.shape == (levels_for(n), n, 8)
    assert n == 1 or np.all((windows[-1] >= 0).any(1))
    for level, graph in enumerate(windows):
        for rank, row in enumerate(graph):
            ids = row[row >= 0]
            assert np.all(row[len(ids) :] == -1)
            assert len(set(ids.tolist())) == len(ids)
            assert rank not in ids
            assert np.all(np.abs(ids - rank) <= 4**level)
            squared = ((rows[ids] - rows[rank]) ** 2).sum(1)
            assert np.all(np.diff(squared) >= -1e-5 * (1 + squared[1:]))


def test_an_item_is_linked_to_the_nearest_of_its_window() -> None:
    """All but those whose nearest came later and was linked past them, or came in the same batch."""
    wow = built(700, 2, Build(M=16, ef_construction=100))
    rows = wow.space.rows
    for level, graph in enumerate(wow.index.windows):
        half, hits = 4**level, 0
        for rank in range(700):
            window = np.array([r for r in range(max(0, rank - half), min(700, rank + half + 1)) if r != rank])
            nearest = window[((rows[window] - rows[rank]) ** 2).sum(1).argmin()]
            hits += nearest in graph[rank]
        assert hits >= 0.85 * 700, level


@settings(max_examples=200, deadline=None)
@given(data=st.data(), n=st.integers(1, 12), M=st.integers(1, 4), levels=st.integers(1, 3))
def test_neighbours_are_read_downwards_while_some_are_outside(data: st.DataObject, n: int, M: int, levels: int) -> None:
    windows = np.stack([data.draw(padded_rows(n, M)) for _ in range(levels)])
    first, last = sorted(data.draw(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1))))
    node, met_before = data.draw(st.integers(0, n - 1)), data.draw(st.sets(st.integers(0, n - 1)))
    expected: list[int] = []
    for level in reversed(range(levels)):
        row = [i for i in windows[level, node].tolist() if i >= 0]
        expected += [i for i in row if first <= i <= last]
        if len(expected) >= M or all(first <= i <= last for i in row):
            break
    scratch = new_scratch(n, 2 * M)
    scratch.stamps[list(met_before)] = 1
    visited = Visited(scratch.stamps, np.uint32(1))
    count = look(Within(windows, levels - 1, first, last), node, visited, scratch.items)
    assert scratch.items[:count].tolist() == list(dict.fromkeys(i for i in expected if i not in met_before))


def test_a_further_level_is_a_copy_of_the_highest_with_moved_ranks() -> None:
    index = built(30, 3).index
    index.deleted[4] = True
    ranks = np.sort(np.random.default_rng(0).permutation(200)[:30]).astype(np.int32)
    larger = moved(index, ranks, 200)
    assert larger.windows.shape == (levels_for(200), 200, 8)
    assert np.flatnonzero(larger.deleted).tolist() == [ranks[4]]
    for level in range(levels_for(200)):
        before = index.windows[min(level, len(index.windows) - 1)]
        for rank in range(30):
            neighbours_ = [int(ranks[i]) for i in before[rank] if i >= 0]
            assert [i for i in larger.windows[level, ranks[rank]].tolist() if i >= 0] == neighbours_
    assert np.all(np.delete(larger.windows, ranks, axis=1) == -1)
    assert isinstance(no_items(3, 2), WowIndex)


@pytest.mark.parametrize("fraction", [0.01, 0.1, 0.5])
def test_ranges_of_any_size_are_answered_well(fraction: float) -> None:
    problem = ranged(3000, 4, fraction=fraction)
    wow, _ = through_disk(Wow, Build(), problem.data())
    assert recall(problem, answer(wow, problem, Search(ef=50))) >= 0.97
    assert 0 < wow.distance_computations <= 40 * fraction * 3000


def test_insertions_are_the_same_for_any_number_of_threads() -> None:
    whole = ranged(600, 6)
    first = part(whole, np.arange(300))
    indexes = []
    for threads in (1, 2):
        wow = Wow(SMALL)
        wow.build(first.data(threads))
        wow.insert(whole.vectors[300:], whole.attributes["year"].values[300:], threads)
        indexes.append(wow.index)
    np.testing.assert_array_equal(indexes[0].windows, indexes[1].windows)


def test_vectors_are_not_inserted_among_codes() -> None:
    problem = ranged(50, 7)
    wow = Wow(SMALL)
    wow.build(replace(problem.data(), codes=encode(problem.vectors, Storage.INT8)))
    with pytest.raises(BenchError, match=r"build it with storage\.format=float32"):
        wow.insert(problem.vectors[:1], np.array([3]))
