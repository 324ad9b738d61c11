"""Edges back and rows with distances, against dictionaries."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from algorithms.kernels import edges as edges_kernels
from algorithms.kernels import heap
from algorithms.kernels.edges import edges_back, new_links
from tests.support.kernels import compiled, padded_rows

add_tails = compiled(edges_kernels.add_tails)
head_of = compiled(edges_kernels.head_of)
insert_sorted = compiled(heap.insert_sorted)
make_key = compiled(heap.make_key)
read_row = compiled(edges_kernels.read_row)
write_row = compiled(edges_kernels.write_row)


@given(st.data(), st.integers(1, 8))
def test_edges_back_are_grouped_by_head_in_the_order_of_the_rows(data: st.DataObject, n: int) -> None:
    ids = data.draw(padded_rows(n, 4))
    lengths = np.arange(ids.size, dtype=np.float32).reshape(ids.shape)
    tails = np.array(data.draw(st.permutations(range(100, 100 + n))), np.int32)
    expected: dict[int, list[tuple[int, float]]] = {}
    for tail, row, row_lengths in zip(tails, ids, lengths, strict=True):
        for head, length in zip(row, row_lengths, strict=True):
            if head >= 0:
                expected.setdefault(int(head), []).append((int(tail), float(length)))
    back = edges_back(tails, ids, lengths)
    groups = [
        (int(head_of(back, g)), list(zip(back.tails[a:b].tolist(), back.lengths[a:b].tolist(), strict=True)))
        for g, (a, b) in enumerate(zip(back.groups, back.groups[1:], strict=False))
    ]
    assert groups == sorted(expected.items())


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), max_size=6, unique_by=lambda edge: edge[0]))
def test_a_row_that_was_written_is_read(edges: list[tuple[int, int]]) -> None:
    links = new_links(3, 6, degree=6)
    links.ids[:], links.lengths[:] = 7, 7
    keys = np.array([make_key(np.float32(length), item) for item, length in edges], np.int64)
    write_row(links.ids, links.lengths, 1, keys, len(keys))
    out = np.empty(6, np.int64)
    assert read_row(links.ids, links.lengths, 1, out) == len(keys)
    assert out[: len(keys)].tolist() == keys.tolist()
    assert links.ids[1, len(keys) :].tolist() == [-1] * (6 - len(keys))
    assert (links.ids[[0, 2]] == 7).all()


@given(st.data(), st.integers(1, 8), st.sets(st.integers(0, 7)))
def test_tails_are_added_to_ascending_keys_unless_they_are_there(
    data: st.DataObject, n: int, present: set[int]
) -> None:
    ids = data.draw(padded_rows(n, 4))
    lengths = np.arange(ids.size, dtype=np.float32).reshape(ids.shape)[::-1].copy()
    back = edges_back(np.arange(n, dtype=np.int32), ids, lengths)
    for group, (a, b) in enumerate(zip(back.groups, back.groups[1:], strict=False)):
        keys, count = np.empty(16, np.int64), 0
        expected = {item: make_key(np.float32(item), item) for item in present}
        for key in expected.values():
            count = insert_sorted(keys, count, key)
        for tail, length in zip(back.tails[a:b].tolist(), back.lengths[a:b], strict=True):
            expected.setdefault(tail, make_key(length, tail))
        count = add_tails(back, group, keys, count)
        assert keys[:count].tolist() == sorted(expected.values())
