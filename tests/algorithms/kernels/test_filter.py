"""Filters of kernels, against the masks that define what passes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from algorithms.kernels import filter
from algorithms.kernels.filter import Bitmaps, Everything, Interval, Intervals, filter_of, passes, selections_of
from algorithms.kernels.jit import kernel
from bench.core.attributes import Attributes
from bench.core.encode import boolean, ordered
from bench.core.filters import Between, Equals
from bench.core.masks import FilterBatch
from tests.support.kernels import bitmap, compiled


@kernel
def _test(filters: Any, row: int, passing: NDArray[np.bool_]) -> None:
    accept = filter_of(filters, row)
    for item in range(len(passing)):
        passing[item] = passes(accept, item)


def _passing(filters: Any, n: int, row: int = 0) -> list[int]:
    passing = np.empty(n, np.bool_)
    _test(filters, row, passing)
    items: list[int] = np.flatnonzero(passing).tolist()
    return items


_filter_of = compiled(filter_of)
_next_passing = compiled(filter.next_passing)


@pytest.mark.parametrize("n", [1, 63, 64, 65, 200])
def test_a_bitmap_passes_what_the_filter_passes(n: int) -> None:
    mask = np.random.default_rng(n).random(n) < 0.5
    attributes = Attributes(n, {"passes": boolean(mask.tolist())})
    words = FilterBatch([Equals("passes", True)], attributes).bitmaps[0].view(np.uint64)
    assert _passing(Bitmaps(words[None], np.zeros(1, np.int64)), n) == np.flatnonzero(mask).tolist()


@pytest.mark.parametrize(("n", "passing"), [(1, []), (1, [0]), (64, [63]), (300, [0, 5, 64, 127, 128, 299]), (300, [])])
def test_the_next_that_passes_is_the_first_from_an_item_on(n: int, passing: list[int]) -> None:
    mask = np.zeros(n, np.bool_)
    mask[passing] = True
    bits = -(-n // 64) * 64
    for item in range(bits + 1):
        assert _next_passing(bitmap(mask), item) == min([i for i in passing if i >= item], default=bits)


def test_every_query_has_its_selection_and_how_many_pass() -> None:
    numbers = Attributes(100, {"number": ordered([i % 10 for i in range(100)])})
    selections = selections_of(FilterBatch([Equals("number", 3), Between("number", 0, 4)] * 2, numbers))
    for row, matches in enumerate((10, 50, 10, 50)):
        selection = filter_of(selections, row)
        assert selection.matches == matches
        assert sum(bool(passes(selection.bitmap, item)) for item in range(100)) == matches


def test_every_query_of_a_batch_has_its_filter() -> None:
    intervals = Intervals(np.array([[2, 5], [1, 0]]))
    assert _filter_of(intervals, 0) == Interval(2, 5)
    assert _filter_of(intervals, 1) == Interval(1, 0)
    assert _passing(Everything(), 3, row=1) == [0, 1, 2]


def test_every_query_gets_its_bitmap() -> None:
    masks = np.random.default_rng(0).random((3, 192)) < 0.5
    words = np.packbits(masks, axis=1, bitorder="little").view(np.uint64)
    rows = np.array([2, 0, 2, 1])
    for query, row in enumerate(rows):
        bitmap = filter_of(Bitmaps(words, rows), query)
        assert [bool(passes(bitmap, item)) for item in range(192)] == masks[row].tolist()
