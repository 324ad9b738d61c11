"""Stamps: what was met in this search, and what in an earlier one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from algorithms.kernels import visited as visited_kernels
from algorithms.kernels.jit import kernel
from algorithms.kernels.visited import Visited, visit
from tests.support.kernels import compiled

next_epoch = compiled(visited_kernels.next_epoch)


@kernel
def _visit_all(visited: Visited, items: NDArray[np.int32], fresh: NDArray[np.bool_]) -> None:
    for i in range(len(items)):
        fresh[i] = visit(visited, items[i])


@given(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=20), min_size=1, max_size=4))
def test_an_item_is_met_for_the_first_time_once_per_search(searches: list[list[int]]) -> None:
    stamps, epoch = np.zeros(10, np.uint32), np.uint32(0)
    for items in searches:
        epoch = next_epoch(stamps, epoch)
        fresh = np.empty(len(items), np.bool_)
        _visit_all(Visited(stamps, np.uint32(epoch)), np.array(items, np.int32), fresh)
        assert fresh.tolist() == [item not in items[:i] for i, item in enumerate(items)]


def test_stamps_start_again_when_epochs_run_out() -> None:
    stamps = np.array([5, 2**32 - 1], np.uint32)
    assert next_epoch(stamps, np.uint32(6)) == 7
    assert next_epoch(stamps, np.uint32(2**32 - 1)) == 1
    assert stamps.tolist() == [0, 0]
