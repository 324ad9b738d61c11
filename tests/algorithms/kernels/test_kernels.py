"""The kernels, each against the slow and plain way to say the same."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algorithms.kernels import hnsw
from algorithms.kernels.beam import begin, finish, new_scratch, seed, walk
from algorithms.kernels.filter import Bitmap, passes
from algorithms.kernels.graph import Rows
from algorithms.kernels.heap import (
    insert_sorted,
    key_distance,
    key_id,
    make_key,
    pop_min,
    push_max,
    push_min,
    replace_max,
    sort_max,
)
from algorithms.kernels.insert import batches
from algorithms.kernels.prune import Always, prune
from algorithms.kernels.space import distance, distances, l2, query_target, space_of, target
from algorithms.kernels.visited import next_epoch
from bench.core.attributes import Attributes, boolean
from bench.core.filters import Equals
from bench.core.formats import Storage, encode
from bench.core.masks import FilterBatch

LENGTHS = st.floats(width=32, allow_nan=False)
IDS = st.integers(0, 2**31 - 1)


@given(st.lists(st.tuples(LENGTHS, IDS), min_size=1, max_size=30))
def test_keys_order_as_pairs_of_distance_and_id_and_give_them_back(pairs: list[tuple[float, int]]) -> None:
    pairs = [(length + 0.0, item) for length, item in pairs]  # -0.0 is below 0.0 as a key
    keys = [make_key(np.float32(length), item) for length, item in pairs]
    assert [(float(key_distance(key)), int(key_id(key))) for key in sorted(keys)] == sorted(pairs)


@given(st.lists(st.integers(-100, 100), min_size=1, max_size=60), st.integers(1, 60))
def test_heaps_keep_the_best_and_give_them_in_order(keys: list[int], room: int) -> None:
    smallest, largest = np.empty(len(keys), np.int64), np.empty(room, np.int64)
    for size, key in enumerate(keys):
        push_min(smallest, size, key)
        if size < room:
            push_max(largest, size, key)
        elif key < largest[0]:
            replace_max(largest, room, key)
    assert [pop_min(smallest, size) for size in range(len(keys), 0, -1)] == sorted(keys)
    kept = min(room, len(keys))
    sort_max(largest, kept)
    assert largest[:kept].tolist() == sorted(keys)[:kept]


@given(st.lists(st.integers(0, 20), max_size=30))
def test_a_sorted_list_takes_each_id_once(items: list[int]) -> None:
    keys, count = np.empty(len(items), np.int64), 0
    for item in items:
        count = insert_sorted(keys, count, make_key(np.float32((item * 7) % 11), item))
    assert keys[:count].tolist() == sorted({int(make_key(np.float32((item * 7) % 11), item)) for item in items})


def test_stamps_start_again_when_epochs_run_out() -> None:
    stamps = np.array([5, 2**32 - 1], np.uint32)
    assert next_epoch(stamps, np.uint32(6)) == 7
    assert next_epoch(stamps, np.uint32(2**32 - 1)) == 1
    assert stamps.tolist() == [0, 0]


@nb.njit
def _passing(accept: Any, n: int) -> list[int]:
    return [item for item in range(n) if passes(accept, item)]


def _bitmap(mask: Any) -> Bitmap:
    attributes = Attributes(len(mask), {"passes": boolean(mask.tolist())})
    return Bitmap(FilterBatch([Equals("passes", True)], attributes).bitmaps[0].view(np.uint64))


@pytest.mark.parametrize("n", [1, 63, 64, 65, 200])
def test_a_bitmap_passes_what_the_filter_passes(n: int) -> None:
    mask = np.random.default_rng(n).random(n) < 0.5
    assert _passing(_bitmap(mask), n) == np.flatnonzero(mask).tolist()


@nb.njit
def _distances(space: Any, queries: Any, items: Any, out: Any, single: Any) -> None:
    query = query_target(space, queries, 0)
    distances(query, items, len(items), out)
    for i in range(len(items)):
        single[i] = distance(query, items[i])


@pytest.mark.parametrize("d", [1, 15, 64, 100])
@pytest.mark.parametrize("count", [0, 1, 4, 7])
def test_distances_are_squared_l2(d: int, count: int) -> None:
    rng = np.random.default_rng(d)
    rows, queries = rng.normal(size=(9, d)).astype(np.float32), rng.normal(size=(1, d)).astype(np.float32)
    items = rng.integers(0, 9, count).astype(np.int32)
    out, single = np.empty(count, np.float32), np.empty(count, np.float32)
    _distances(l2(rows), queries, items, out, single)
    expected = ((rows[items].astype(np.float64) - queries[0]) ** 2).sum(axis=1)
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(single, expected, rtol=1e-5, atol=1e-5)


@nb.njit
def _between(space: Any, items: Any, out: Any) -> None:
    here = target(space, items[0])
    for i in range(len(items)):
        out[i] = distance(here, items[i])


@pytest.mark.parametrize("storage", [Storage.FLOAT16, Storage.BFLOAT16, Storage.INT8])
@pytest.mark.parametrize("d", [1, 15, 100])
def test_distances_to_codes_are_those_to_what_they_stand_for(storage: Storage, d: int) -> None:
    rng = np.random.default_rng(d)
    rows, queries = rng.normal(size=(9, d)).astype(np.float32), rng.normal(size=(1, d)).astype(np.float32)
    codes = encode(rows, storage)
    space, meant = space_of(codes), codes.decode().astype(np.float64)
    items = np.array([3, 0, 8, 8, 1, 5, 2], np.int32)
    out, single = np.empty((2, len(items)), np.float32)
    _distances(space, queries, items, out, single)
    expected = ((meant[items] - queries[0]) ** 2).sum(axis=1)
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(single, expected, rtol=1e-4, atol=1e-4)
    _between(space, items, out)
    np.testing.assert_allclose(out, ((meant[items] - meant[3]) ** 2).sum(axis=1), rtol=1e-4, atol=1e-4)


def _plain_prune(rows: Any, node: int, keys: Any, cap: int, alpha: float) -> list[int]:
    """Return what the rule keeps, by its definition: Vamana's passes at 1, 1.2, ... up to alpha."""
    chosen: list[int] = []
    a = 1.0
    while a <= alpha * (1 + 1e-6):
        for key in keys:
            item = int(key_id(key))
            if len(chosen) == cap or item in chosen:
                continue
            to_node = float(key_distance(key))
            before = [c for c in chosen if ((rows[c] - rows[node]) ** 2).sum() <= to_node]
            if all(a * ((rows[c] - rows[item]) ** 2).sum() >= to_node for c in before):
                chosen.append(item)
        a *= 1.2
    return chosen


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 12), st.sampled_from([1.0, 1.2, 1.5]))
def test_pruning_follows_its_rule(draw: int, cap: int, alpha: float) -> None:
    # Small integers as coordinates make all distances exact, and many of them equal.
    rows = np.random.default_rng(draw).integers(-3, 4, (20, 3)).astype(np.float32)
    lengths = ((rows - rows[0]) ** 2).sum(axis=1)
    keys = np.sort([make_key(lengths[i], i) for i in range(1, 20)])
    out = np.empty(cap, np.int64)
    count = prune(l2(rows), Always(), 0, keys.copy(), len(keys), cap, alpha, out)
    assert [int(key_id(key)) for key in out[:count]] == _plain_prune(rows, 0, keys, cap, alpha)


@nb.njit
def _search(graph: Any, accept: Any, space: Any, queries: Any, ef: Any, scratch: Any, ids: Any, lengths: Any) -> None:
    query = query_target(space, queries, 0)
    visited = begin(scratch)
    seed(query, accept, visited, 0, ef, scratch)
    walk(query, graph, accept, visited, ef, scratch)
    finish(scratch, ids, lengths)


def test_a_beam_as_wide_as_all_items_finds_the_nearest_that_pass_by_way_of_those_that_fail() -> None:
    rng = np.random.default_rng(0)
    n = 100
    rows, queries = rng.normal(size=(n, 8)).astype(np.float32), rng.normal(size=(1, 8)).astype(np.float32)
    ring = np.stack([(np.arange(n) + 1) % n, (np.arange(n) - 1) % n], axis=1).astype(np.int32)
    mask = np.arange(n) % 7 == 3
    scratch, ids, lengths = new_scratch(n, 2), np.empty(20, np.int32), np.empty(20, np.float32)
    for _ in range(2):  # the second search finds nothing of the first
        _search(Rows(ring), _bitmap(mask), l2(rows), queries, n, scratch, ids, lengths)
        passing = np.flatnonzero(mask)
        expected = passing[((rows[passing] - queries[0]) ** 2).sum(axis=1).argsort()]
        assert ids.tolist() == [*expected.tolist(), *[-1] * (20 - len(expected))]
        assert np.isinf(lengths[len(expected) :]).all()


@given(st.integers(0, 50), st.integers(0, 5000))
def test_batches_cover_all_items_once_and_never_outgrow_what_is_inserted(start: int, more: int) -> None:
    bounds = list(batches(start, start + more))
    assert [i for low, high in bounds for i in range(low, high)] == list(range(start, start + more))
    assert all(high - low <= max(1, low) for low, high in bounds)


@pytest.mark.parametrize("n", [1, 2, 50, 2000])
def test_a_hierarchy_keeps_to_its_degrees_and_links_no_item_to_itself(n: int) -> None:
    rows = np.random.default_rng(n).normal(size=(n, 6)).astype(np.float32)
    index = hnsw.build(rows, m=4, ef_construction=20, seed=0, threads=2)
    assert index.base.shape == (n, 8)
    for node, row in enumerate(index.base):
        used = row[row >= 0]
        assert node not in used
        assert len(set(used.tolist())) == len(used)
        assert (row[len(used) :] == -1).all()
    level = np.bincount(index.upper.first[index.upper.first >= 0], minlength=1)
    assert level.max(initial=0) <= 1  # no two items share a row
