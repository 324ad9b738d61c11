"""Pruning, against its definition."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from algorithms.kernels import heap
from algorithms.kernels import prune as prune_kernels
from algorithms.kernels.prune import Always
from algorithms.kernels.space import l2
from tests.support.kernels import compiled

key_distance = compiled(heap.key_distance)
key_id = compiled(heap.key_id)
make_key = compiled(heap.make_key)
prune = compiled(prune_kernels.prune)


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
