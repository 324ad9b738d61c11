"""SeRF: prefixes compressed without loss, batches of edges that are for the right ranges, and their transpose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from algorithms.kernels.space import L2, l2
from algorithms.serf.build import LEAPS, build, transpose
from algorithms.serf.method import Build as SerfBuild
from algorithms.serf.method import Search as SerfSearch
from algorithms.serf.method import Serf
from algorithms.serf.search import Forward, Segment
from bench.core.filters import Between
from tests.support.problems import Problem, answer
from tests.support.ranges import part, ranged

SMALL = SerfBuild(M=6, ef_construction=40, ef_max=50)


def space_of(n: int, seed: int = 1) -> L2:
    return l2(ranged(n, seed, queries=1).vectors)


def edges_at(segment: Segment, last: int) -> list[set[int]]:
    """Return the neighbours of each node of the prefix up to `last`."""
    return [
        {
            int(segment.ids[e])
            for e in range(segment.starts[node], segment.starts[node + 1])
            if segment.ids[e] <= last < segment.ends[e]
        }
        for node in range(last + 1)
    ]


def spans_of(forward: Forward, node: int) -> list[tuple[int, list[int]]]:
    return [
        (int(forward.lasts[b]), forward.ids[forward.starts[b] : forward.starts[b + 1]].tolist())
        for b in range(forward.nodes[node], forward.nodes[node + 1])
    ]


@settings(max_examples=15, deadline=None)
@given(n=st.integers(2, 900), seed=st.integers(0, 9), fraction=st.floats(0, 1))
def test_the_graph_of_a_prefix_is_what_the_prefix_alone_would_have_made(n: int, seed: int, fraction: float) -> None:
    space, last = space_of(n, seed), int(fraction * (n - 1))
    segment, _ = build(space, 6, 40, 50, "max", 2)
    alone, _ = build(l2(space.rows[: last + 1]), 6, 40, 50, "max", 1)
    edges = edges_at(segment, last)
    assert edges == edges_at(alone, last)
    assert max(map(len, edges)) <= 6


@pytest.mark.parametrize("last", [3, 70, 1100])
def test_a_prefix_is_searched_as_in_an_index_of_the_prefix_alone(last: int) -> None:
    whole = ranged(1500, 2)
    problem = Problem(whole.vectors, whole.attributes, whole.queries, (Between("year", None, last),) * 40)
    inside = np.flatnonzero(whole.attributes["year"].values <= last)
    alone = part(problem, inside)
    methods = []
    for of in (problem, alone):
        method = Serf(SMALL)
        method.build(of.data())
        methods.append(method)
    for ef in (1, 10, 50):
        ids, expected = (answer(m, p, SerfSearch(ef=ef)) for m, p in zip(methods, (problem, alone), strict=True))
        np.testing.assert_array_equal(ids, np.append(inside, -1)[expected])
        assert methods[0].distance_computations == methods[1].distance_computations


@pytest.mark.parametrize("leap", LEAPS)
def test_spans_cover_all_first_ranks_and_lead_to_ranks_within_them(leap: str) -> None:
    _, forward = build(space_of(600), 6, 40, 50, leap, 1)
    for node in range(600):
        batches = spans_of(forward, node)
        assert bool(batches) == (node > 0)
        lasts = [last for last, _ in batches]
        assert lasts == sorted(set(lasts))
        assert not batches or lasts[-1] == node
        for number, (last, ids) in enumerate(batches):
            first = lasts[number - 1] + 1 if number else 0
            assert 1 <= len(ids) == len(set(ids)) <= 6
            assert all(first <= item < node for item in ids)
            if number < len(batches) - 1:
                assert last == sorted(ids)[(len(ids) - 1) * LEAPS.index(leap) // 2]


def test_edges_backwards_are_the_transpose_in_descending_order() -> None:
    _, forward = build(space_of(600), 6, 40, 50, "mid", 1)
    backward = transpose(forward)
    expected: list[set[int]] = [set() for _ in range(600)]
    for node in range(600):
        for _, ids in spans_of(forward, node):
            for item in ids:
                expected[item].add(node)
    for node in range(600):
        row = backward.ids[backward.starts[node] : backward.starts[node + 1]].tolist()
        assert row == sorted(expected[node], reverse=True)


def _kept(rows: NDArray[np.float32], node: int, first: int, m: int) -> list[int]:
    """Return what pruning keeps of all lower ranks from `first` on, nearest first."""
    squared = ((rows[:, None] - rows) ** 2).sum(-1)
    chosen: list[int] = []
    for item in sorted(range(first, node), key=lambda i: (squared[node, i], i)):
        if len(chosen) < m and all(squared[item, other] >= squared[node, item] for other in chosen):
            chosen.append(item)
    return chosen


@pytest.mark.parametrize("leap", LEAPS)
def test_the_shortest_leap_is_exact_and_others_are_at_the_start_of_a_span(leap: str) -> None:
    rows = np.random.default_rng(3).integers(-4, 5, (60, 4)).astype(np.float32)  # whose distances are exact
    # Wide enough that every item is a candidate of those after it.
    _, forward = build(l2(rows), 60, 60, 60, leap, 1)
    assert all(len(spans_of(forward, node)) >= 1 for node in range(1, 60))
    _, forward = build(l2(rows), 5, 60, 60, leap, 1)
    exact = missed = 0
    for node in range(1, 60):
        batches, start = spans_of(forward, node), 0
        for last, ids in batches:
            for first in range(start, last + 1):
                expected = _kept(rows, node, first, 5)
                if first == start:
                    assert ids == expected
                same = [item for item in ids if item >= first] == expected
                exact, missed = exact + same, missed + (not same)
            start = last + 1
    assert exact > 0
    assert (missed == 0) == (leap == "min")
