"""Keys and heaps, against sorting."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from algorithms.kernels import heap as heap_kernels
from tests.support.kernels import compiled

admit = compiled(heap_kernels.admit)
insert_sorted = compiled(heap_kernels.insert_sorted)
key_distance = compiled(heap_kernels.key_distance)
key_id = compiled(heap_kernels.key_id)
make_key = compiled(heap_kernels.make_key)
pop_min = compiled(heap_kernels.pop_min)
push_max = compiled(heap_kernels.push_max)
push_min = compiled(heap_kernels.push_min)
replace_max = compiled(heap_kernels.replace_max)
sort_max = compiled(heap_kernels.sort_max)

LENGTHS = st.floats(width=32, allow_nan=False)
IDS = st.integers(0, 2**31 - 1)
KEYS = st.lists(st.integers(-100, 100), min_size=1, max_size=60)


@given(st.lists(st.tuples(LENGTHS, IDS), min_size=1, max_size=30))
def test_keys_order_as_pairs_of_distance_and_id_and_give_them_back(pairs: list[tuple[float, int]]) -> None:
    pairs = [(length + 0.0, item) for length, item in pairs]  # -0.0 is below 0.0 as a key
    keys = [make_key(np.float32(length), item) for length, item in pairs]
    assert [(float(key_distance(key)), int(key_id(key))) for key in sorted(keys)] == sorted(pairs)


@given(KEYS, st.integers(1, 60))
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


@given(KEYS, st.integers(1, 60))
def test_a_heap_admits_what_is_among_the_smallest_so_far(keys: list[int], limit: int) -> None:
    heap = np.empty(limit, np.int64)
    for count, key in enumerate(keys):
        before = sorted(keys[:count])[:limit]
        assert admit(heap, len(before), limit, key) == (len(before) < limit or key < before[-1])
        assert sorted(heap[: min(limit, count + 1)].tolist()) == sorted(keys[: count + 1])[:limit]


@given(st.lists(st.integers(0, 20), max_size=30))
def test_a_sorted_list_takes_each_id_once(items: list[int]) -> None:
    keys, count = np.empty(len(items), np.int64), 0
    for item in items:
        count = insert_sorted(keys, count, make_key(np.float32((item * 7) % 11), item))
    assert keys[:count].tolist() == sorted({int(make_key(np.float32((item * 7) % 11), item)) for item in items})
