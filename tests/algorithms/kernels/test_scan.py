"""Scans, against sorting all that passes."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from algorithms.kernels.beam import COMPUTED, begin, finish, new_scratch
from algorithms.kernels.jit import kernel
from algorithms.kernels.scan import scan, scan_between, scan_passing
from algorithms.kernels.space import l2, query_target
from tests.support.kernels import bitmap

N = 40
RNG = np.random.default_rng(0)
ROWS = RNG.integers(-9, 9, (N, 3)).astype(np.float32)
QUERIES = RNG.integers(-9, 9, (1, 3)).astype(np.float32)
SQUARED = ((ROWS - QUERIES[0]) ** 2).sum(axis=1)


@kernel
def _scan(space: Any, queries: Any, accept: Any, items: Any, bounds: Any, ef: int, scratch: Any, out: Any) -> None:
    begin(scratch)
    query = query_target(space, queries, 0)
    for start, stop in bounds:
        scan(query, accept, items, start, stop, ef, scratch)
    finish(scratch, out[0], out[1])


@kernel
def _scan_between(space: Any, queries: Any, accept: Any, bounds: Any, ef: int, scratch: Any, out: Any) -> None:
    begin(scratch)
    query = query_target(space, queries, 0)
    for start, stop in bounds:
        scan_between(query, accept, start, stop - 1, ef, scratch)
    finish(scratch, out[0], out[1])


@kernel
def _scan_passing(space: Any, queries: Any, accept: Any, ef: int, scratch: Any, out: Any) -> None:
    begin(scratch)
    scan_passing(query_target(space, queries, 0), accept, ef, scratch)
    finish(scratch, out[0], out[1])


def check(items: NDArray[np.int64], mask: NDArray[np.bool_], ef: int, scratch: Any, ids: NDArray[np.int32]) -> None:
    passing = [int(item) for item in items if mask[item]]
    nearest = sorted(passing, key=lambda item: (SQUARED[item], item))[:ef]
    assert ids.tolist() == nearest + [-1] * (ef - len(nearest))
    assert scratch.counters[COMPUTED] == len(passing)


@given(
    st.lists(st.booleans(), min_size=N, max_size=N),
    st.lists(st.integers(0, N), min_size=3, max_size=3),
    st.integers(1, N),
    st.integers(1, 7),
)
def test_scans_of_two_runs_keep_the_nearest_that_pass(
    passing: list[bool], cuts: list[int], ef: int, width: int
) -> None:
    mask = np.array(passing)
    first, middle, last = sorted(cuts)
    bounds = np.array([[first, middle], [middle, last]])
    items = np.random.default_rng(last).permutation(N).astype(np.int32)
    out = np.empty(ef, np.int32), np.empty(ef, np.float32)
    scratch = new_scratch(N, width)
    _scan(l2(ROWS), QUERIES, bitmap(mask), items, bounds, ef, scratch, out)
    check(items[first:last], mask, ef, scratch, out[0])
    scratch = new_scratch(N, width)
    _scan_between(l2(ROWS), QUERIES, bitmap(mask), bounds, ef, scratch, out)
    check(np.arange(first, last), mask, ef, scratch, out[0])
    scratch = new_scratch(N, width)
    _scan_passing(l2(ROWS), QUERIES, bitmap(mask), ef, scratch, out)
    check(np.arange(N), mask, ef, scratch, out[0])
