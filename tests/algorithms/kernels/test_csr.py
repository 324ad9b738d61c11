"""Compressed rows, against lists."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from algorithms.kernels.csr import Csr, csr_of_lists, csr_of_padded, csr_of_pairs, offsets, pack, unpack
from algorithms.kernels.graph import neighbours
from algorithms.kernels.jit import kernel
from algorithms.kernels.visited import Visited
from tests.support.kernels import padded_rows

LISTS = st.lists(st.lists(st.integers(0, 9), max_size=5), max_size=8)


def lists_of(graph: Csr) -> list[list[int]]:
    assert graph.starts.dtype == np.int64
    assert graph.ids.dtype == np.int32
    return [graph.ids[start:stop].tolist() for start, stop in zip(graph.starts, graph.starts[1:], strict=False)]


@given(st.lists(st.integers(0, 9), max_size=9))
def test_offsets_are_where_rows_begin_and_the_last_one_ends(counts: list[int]) -> None:
    assert offsets(counts).tolist() == [sum(counts[:i]) for i in range(len(counts) + 1)]


@given(LISTS)
def test_lists_are_compressed_as_they_are(lists: list[list[int]]) -> None:
    assert lists_of(csr_of_lists([np.array(row, np.int64) for row in lists])) == lists


@given(st.data(), st.integers(1, 8))
def test_padded_rows_are_compressed_without_the_padding(data: st.DataObject, n: int) -> None:
    rows = data.draw(padded_rows(n, 5))
    assert lists_of(csr_of_padded(rows)) == [row[row >= 0].tolist() for row in rows]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=30))
def test_pairs_are_grouped_by_head_in_their_order(pairs: list[tuple[int, int]]) -> None:
    heads, tails = np.array(pairs, np.int64).reshape(-1, 2).T
    assert lists_of(csr_of_pairs(heads, tails, 6)) == [[t for h, t in pairs if h == head] for head in range(6)]


@given(st.data(), st.integers(1, 8))
def test_packed_rows_come_back_from_a_file(data: st.DataObject, n: int) -> None:
    rows = data.draw(padded_rows(n, 5))
    np.random.default_rng(n).shuffle(rows, axis=1)  # unused places may be anywhere
    file = io.BytesIO()
    np.savez(file, other=np.ones(3), **pack(rows))
    file.seek(0)
    with np.load(file) as arrays:
        np.testing.assert_array_equal(unpack(arrays), rows)


@kernel
def _neighbours(graph: Any, node: int, visited: Visited, out: NDArray[np.int32]) -> int:
    return neighbours(graph, node, visited, out)


@given(LISTS.filter(bool), st.sets(st.integers(0, 9)))
def test_neighbours_are_offered_once_and_not_if_met(lists: list[list[int]], met: set[int]) -> None:
    stamps, out = np.zeros(10, np.uint32), np.empty(6, np.int32)
    stamps[list(met)] = 1
    count = _neighbours(csr_of_lists([np.array(row, np.int32) for row in lists]), 0, Visited(stamps, np.uint32(1)), out)
    assert out[:count].tolist() == [item for item in dict.fromkeys(lists[0]) if item not in met]
    assert set(np.flatnonzero(stamps).tolist()) == met | set(lists[0])
