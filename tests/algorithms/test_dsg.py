"""DSG: labels that say exactly where pruning keeps an edge, edges merged and moved, insertions, deletions."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from algorithms.dsg.edges import Labelled, merged, moved, separated, supported
from algorithms.dsg.method import Build, Dsg
from algorithms.dsg.rectangles import Boxes, new_stack, record, rectangles
from algorithms.dsg.search import Edges
from algorithms.kernels import heap
from algorithms.kernels.policy import implements
from algorithms.kernels.space import l2
from bench.core.errors import BenchError
from tests.support.kernels import compiled
from tests.support.ranges import part, ranged

make_key = compiled(heap.make_key)

VARIANTS = ("paper", "rewrite")
SMALL = {name: Build(M=8, ef_construction=40, ef_max=60, variant=name) for name in VARIANTS}


class Lists(NamedTuple):
    """A sink of every rectangle: int64[*, 5] the candidate and its bounds, and int64[1] how many there are."""

    rows: NDArray[np.int64]
    size: NDArray[np.int64]


@implements(record, Lists)
def record_in_lists(sink: Lists, i: int, first: int, left: int, right: int, last: int) -> None:
    sink.rows[sink.size[0]] = (i, first, left, right, last)
    sink.size[0] += 1


_record = compiled(rectangles)


def _kept(rows: NDArray[np.float32], node: int, inside: list[int], m: int, alpha: float) -> set[int]:
    """Return what the occlusion rule keeps of candidates, ascending by distance."""
    chosen: list[int] = []
    for item in inside:
        limit = ((rows[item] - rows[node]) ** 2).sum()
        if len(chosen) < m and all(alpha * ((rows[c] - rows[item]) ** 2).sum() >= limit for c in chosen):
            chosen.append(item)
    return set(chosen)


def _candidates(rows: NDArray[np.float32], node: int) -> NDArray[np.int64]:
    lengths = ((rows - rows[node]) ** 2).sum(axis=1)
    return np.sort(np.array([make_key(lengths[i], i) for i in range(len(rows)) if i != node], np.int64))


def _drawn(draw: int, n: int) -> NDArray[np.float32]:
    """Return vectors of small integers, so that distances are exact and many are equal."""
    return np.random.default_rng(draw).integers(-3, 4, (n, 3)).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 16), st.integers(1, 5), st.sampled_from([1.0, 1.3]), st.data())
def test_rectangles_are_where_pruning_keeps_an_edge(
    draw: int, n: int, m: int, alpha: float, data: st.DataObject
) -> None:
    rows, node = _drawn(draw, n), data.draw(st.integers(0, n - 1))
    keys = _candidates(rows, node)
    lists, boxes = Lists(np.zeros((100_000, 5), np.int64), np.zeros(1, np.int64)), np.full((n, 4), -1, np.int32)
    _record(l2(rows), node, keys, n - 1, n, alpha, new_stack(n, m), lists)
    _record(l2(rows), node, keys, n - 1, n, alpha, new_stack(n, m), Boxes(boxes))
    drawn = lists.rows[: lists.size[0]]
    items = keys & 0x7FFFFFFF
    for first in range(node + 1):
        for last in range(node, n):
            inside = [int(item) for item in items if first <= item <= last]
            used = (drawn[:, 1] <= first) & (first <= drawn[:, 2]) & (drawn[:, 3] <= last) & (last <= drawn[:, 4])
            kept = [int(items[i]) for i in drawn[used, 0]]
            assert len(kept) == len(set(kept))  # rectangles of one edge do not overlap
            assert set(kept) == _kept(rows, node, inside, m, alpha)
    for i, box in enumerate(boxes[: n - 1]):
        of_edge = drawn[drawn[:, 0] == i, 1:]
        assert (box[0] >= 0) == (len(of_edge) > 0)
        if len(of_edge):
            around = (of_edge[:, 0].min(), of_edge[:, 1].max(), of_edge[:, 2].min(), of_edge[:, 3].max())
            assert tuple(box) == around


def _check_edges(edges: Edges) -> None:
    """Check that edges are sorted, run both ways with one label, and are labelled for ranges that hold both ends."""
    tails, heads, boxes = separated(edges)
    n = len(edges.starts) - 1
    keys = tails.astype(np.int64) * n + heads
    assert np.all(np.diff(keys) > 0)
    assert np.all(tails != heads)
    backwards = np.argsort(heads.astype(np.int64) * n + tails)
    np.testing.assert_array_equal(tails[backwards], heads)
    np.testing.assert_array_equal(boxes[backwards], boxes)
    first, left, right, last = boxes.T
    assert np.all((first >= 0) & (first <= left) & (left <= np.minimum(tails, heads)))
    assert np.all((np.maximum(tails, heads) <= right) & (right <= last) & (last < n))


def test_edges_are_sorted_and_run_both_ways_with_one_label() -> None:
    method = Dsg(SMALL["paper"])
    method.build(ranged(900, 1).data())
    _check_edges(method.index.edges)


def test_edges_of_little_support_are_a_tenth_of_the_long_ones() -> None:
    rng = np.random.default_rng(0)
    n = 500
    ends = rng.choice(n * n, 8000, replace=False)
    tails, heads = (ends // n).astype(np.int32), (ends % n).astype(np.int32)
    low, high = np.minimum(tails, heads), np.maximum(tails, heads)
    boxes = np.stack([rng.integers(0, low + 1), low, high, rng.integers(high, n)], axis=1).astype(np.int32)
    before = merged(n, [Labelled(tails, heads, boxes)])
    after = supported(before)
    for node in range(n):
        old, new = (range(g.starts[node], g.starts[node + 1]) for g in (before, after))
        support = {
            int(before.ids[e]): (b[1] - b[0] + 1) * (b[3] - b[2] + 1) / (abs(int(before.ids[e]) - node) + 1)
            for e in old
            for b in [before.boxes[e].astype(int)]
        }
        long = {item for item in support if abs(item - node) + 1 > 10}
        dropped = set(support) - {int(after.ids[e]) for e in new}
        assert dropped <= long
        assert len(dropped) == len(long) // 10
        if dropped:
            assert max(support[item] for item in dropped) <= min(support[item] for item in long - dropped)


@pytest.mark.parametrize("at_once", [1, 7, 500])
def test_edges_are_merged_alike_in_spans_of_any_size(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    rng = np.random.default_rng(0)
    parts = [
        Labelled(*rng.integers(0, 20, (2, 300), np.int32), rng.integers(0, 99, (300, 4), np.int32)) for _ in range(3)
    ]
    whole = merged(25, parts)
    monkeypatch.setattr("algorithms.dsg.edges._AT_ONCE", at_once)
    for one, other in zip(merged(25, parts), whole, strict=True):
        np.testing.assert_array_equal(one, other)
    expected: dict[tuple[int, int], list[int]] = {}
    for edges in parts:
        for tail, head, box in zip(edges.tails.tolist(), edges.heads.tolist(), edges.boxes.tolist(), strict=True):
            a, b, c, d = expected.setdefault((tail, head), list(box))
            expected[tail, head] = [min(a, box[0]), max(b, box[1]), min(c, box[2]), max(d, box[3])]
    tails, heads, boxes = separated(whole)
    assert list(zip(tails.tolist(), heads.tolist(), strict=True)) == sorted(expected)
    assert boxes.tolist() == [expected[edge] for edge in sorted(expected)]
    assert len(merged(3, []).ids) == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 12), st.integers(1, 8))
def test_labels_move_with_their_items(draw: int, n: int, more: int) -> None:
    rng, rows = np.random.default_rng(draw), _drawn(draw, n)
    parts = []
    for node in range(n):
        keys, boxes = _candidates(rows, node), np.full((n, 4), -1, np.int32)
        _record(l2(rows), node, keys, n - 1, n, 1.0, new_stack(n, 3), Boxes(boxes))
        used = boxes[: n - 1, 0] >= 0
        heads = (keys & 0x7FFFFFFF).astype(np.int32)[used]
        parts.append(Labelled(np.full(len(heads), node, np.int32), heads, boxes[: n - 1][used]))
    edges = merged(n, parts)
    ranks = np.sort(rng.choice(n + more, n, replace=False)).astype(np.int32)
    after = moved(edges, ranks, n + more)
    for first in range(n + more):
        for last in range(first, n + more):
            inside = np.flatnonzero((first <= ranks) & (ranks <= last))
            if len(inside) == 0:
                continue
            expected = {(ranks[a], ranks[b]) for a, b in _usable(edges, inside[0], inside[-1])}
            assert _usable(after, first, last) == expected


def _usable(edges: Edges, first: int, last: int) -> set[tuple[int, int]]:
    """Return the ends of the edges that are used in a range."""
    tails, heads, boxes = separated(edges)
    a, b, c, d = boxes.T
    used = (a <= first) & (first <= b) & (c <= last) & (last <= d)
    return {(int(t), int(h)) for t, h in zip(tails[used], heads[used], strict=True)}


def test_an_insertion_in_parallel_gives_the_same_index(tmp_path: Path) -> None:
    whole = ranged(900, 9)
    saved = []
    for threads in (1, 2):
        method = Dsg(SMALL["paper"])
        method.build(part(whole, np.arange(600)).data())
        method.insert(whole.vectors[600:], whole.attributes["year"].values[600:], threads)
        (tmp_path / str(threads)).mkdir()
        method.save(tmp_path / str(threads))
        saved.append((tmp_path / str(threads) / "dsg.npz").read_bytes())
    assert saved[0] == saved[1]


def test_the_rewrite_refuses_insertions_and_to_delete_what_is_not_there() -> None:
    problem = ranged(60, 9)
    method = Dsg(SMALL["rewrite"])
    method.build(problem.data())
    with pytest.raises(BenchError, match="static"):
        method.insert(problem.vectors, problem.attributes["year"].values)
    method.delete(np.array([3]))
    for item in (-1, 3, 60):
        with pytest.raises(BenchError, match=f"no item {item} "):
            method.delete(np.array([item]))
