"""Levels and layers: rows that nobody shares, batches that cover a layer, and a descent to the nearest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algorithms.kernels.beam import new_scratch
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Rows
from algorithms.kernels.hnsw import AllEdges
from algorithms.kernels.jit import kernel
from algorithms.kernels.layers import Levels, Upper, descend, draw_levels, row_of
from algorithms.kernels.space import l2, query_target


def drawn(n: int, M: int, seed: int) -> Levels:
    return draw_levels(n, M, np.random.default_rng(seed))


def test_levels_fall_off_by_a_factor_of_m() -> None:
    levels = drawn(100_000, 10, 0).levels
    counts = [np.count_nonzero(levels >= level) for level in range(3)]
    np.testing.assert_allclose(counts, [100_000, 10_000, 1_000], rtol=0.1)


@given(st.integers(1, 300), st.integers(2, 8), st.integers(0, 99))
def test_every_row_of_a_hierarchy_is_one_items_in_one_layer(n: int, M: int, seed: int) -> None:
    levels = drawn(n, M, seed)
    upper = levels.hierarchy(5)
    assert upper.ids.shape == (levels.levels.sum(), 5)
    assert (upper.ids == -1).all()
    assert levels.levels[upper.entry] == upper.top == levels.top
    rows = [
        row
        for level in range(1, levels.top + 1)
        for row in row_of(Upper(upper.ids, upper.first, level), levels.members(level)).tolist()
    ]
    assert sorted(rows) == list(range(len(upper.ids)))
    assert row_of(Rows(upper.ids), 3) == 3


@given(st.integers(1, 3000), st.integers(2, 8), st.integers(0, 99))
def test_batches_cover_a_layer_and_descend_only_to_what_leads_to_it(n: int, M: int, seed: int) -> None:
    levels = drawn(n, M, seed)
    assert sorted(levels.order.tolist()) == list(range(n))
    assert (np.diff(levels.levels[levels.order]) <= 0).all()
    for level in range(levels.top + 1):
        members = levels.members(level).tolist()
        assert set(members) == set(np.flatnonzero(levels.levels >= level).tolist())
        inserted = members[:1]
        for items, last in levels.batches(level):
            above = set(np.flatnonzero(levels.levels > level).tolist())
            assert last == (level + 1 if above <= set(inserted) else levels.top + 1)
            inserted += items.tolist()
        assert inserted == members


@kernel
def _descend(space: Any, queries: Any, upper: Any, last: int, scratch: Any) -> int:
    return descend(query_target(space, queries, 0), upper, AllEdges(), Everything(), last, scratch)


@pytest.mark.parametrize("last", [1, 2, 9])
def test_a_descent_through_complete_layers_reaches_the_nearest(last: int) -> None:
    rng = np.random.default_rng(1)
    rows, queries = rng.normal(size=(60, 4)).astype(np.float32), rng.normal(size=(1, 4)).astype(np.float32)
    levels = drawn(60, 3, 1)
    assert levels.top >= 2
    upper = levels.hierarchy(60)
    for level in range(1, levels.top + 1):
        members = levels.members(level)
        upper.ids[row_of(Upper(upper.ids, upper.first, level), members), : len(members)] = members
    members = levels.members(last) if last <= levels.top else np.array([upper.entry])
    nearest = members[((rows[members] - queries[0]) ** 2).sum(axis=1).argmin()]
    assert _descend(l2(rows), queries, upper, last, new_scratch(60, 60)) == nearest
