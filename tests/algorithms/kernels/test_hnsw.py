"""HNSW: its degrees and layers."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from algorithms.kernels import hnsw
from algorithms.kernels.layers import draw_levels
from algorithms.kernels.space import l2


def check_row(node: int, row: NDArray[np.int32], members: set[int]) -> None:
    used = row[row >= 0].tolist()
    assert (row[len(used) :] == -1).all()
    assert len(set(used)) == len(used)
    assert set(used) <= members - {node}
    assert used or len(members) == 1


@pytest.mark.parametrize("n", [1, 2, 50, 2000])
def test_rows_lead_to_distinct_others_of_their_layer(n: int) -> None:
    rows = np.random.default_rng(n).normal(size=(n, 6)).astype(np.float32)
    index = hnsw.build(l2(rows), M=4, ef_construction=20, seed=0, threads=2)
    levels = draw_levels(n, 4, np.random.default_rng(0))
    assert index.base.shape == (n, 8)
    assert index.ids.shape == (levels.levels.sum(), 4)
    assert index.top == levels.levels[index.entry] == levels.top
    for level in range(levels.top + 1):
        members = set(levels.members(level).tolist())
        for node in members:
            row = index.ids[index.first[node] + level - 1] if level else index.base[node]
            check_row(node, row, members)
