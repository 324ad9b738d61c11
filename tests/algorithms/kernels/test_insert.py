"""Batches of insertion."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from algorithms.kernels.insert import batches


@given(st.integers(0, 50), st.integers(0, 5000))
def test_batches_cover_all_items_once_and_never_outgrow_what_is_inserted(start: int, more: int) -> None:
    bounds = list(batches(start, start + more))
    assert [i for low, high in bounds for i in range(low, high)] == list(range(start, start + more))
    assert all(high - low <= max(1, low) for low, high in bounds)
