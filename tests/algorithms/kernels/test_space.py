"""Distances, against those computed in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from algorithms.kernels.jit import kernel
from algorithms.kernels.space import distance, distances, l2, query_target, space_of, target
from bench.core.formats import Storage, encode


@kernel
def _distances(space: Any, queries: Any, items: Any, out: Any, single: Any) -> None:
    query = query_target(space, queries, 0)
    distances(query, items, len(items), out)
    for i in range(len(items)):
        single[i] = distance(query, items[i])


@kernel
def _between(space: Any, items: Any, out: Any) -> None:
    here = target(space, items[0])
    for i in range(len(items)):
        out[i] = distance(here, items[i])


@pytest.mark.parametrize("d", [1, 15, 64, 100])
@pytest.mark.parametrize("count", [0, 1, 4, 7])
def test_distances_are_squared_l2(d: int, count: int) -> None:
    rng = np.random.default_rng(d)
    rows, queries = rng.normal(size=(9, d)).astype(np.float32), rng.normal(size=(1, d)).astype(np.float32)
    items = rng.integers(0, 9, count).astype(np.int32)
    out, single = np.empty(count, np.float32), np.empty(count, np.float32)
    _distances(l2(rows), queries, items, out, single)
    expected = ((rows[items].astype(np.float64) - queries[0]) ** 2).sum(axis=1)
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(single, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("storage", [Storage.FLOAT16, Storage.BFLOAT16, Storage.INT8])
@pytest.mark.parametrize("d", [1, 15, 100])
def test_distances_to_codes_are_those_to_what_they_stand_for(storage: Storage, d: int) -> None:
    rng = np.random.default_rng(d)
    rows, queries = rng.normal(size=(9, d)).astype(np.float32), rng.normal(size=(1, d)).astype(np.float32)
    codes = encode(rows, storage)
    space, meant = space_of(codes), codes.decode().astype(np.float64)
    items = np.array([3, 0, 8, 8, 1, 5, 2], np.int32)
    out, single = np.empty((2, len(items)), np.float32)
    _distances(space, queries, items, out, single)
    expected = ((meant[items] - queries[0]) ** 2).sum(axis=1)
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(single, expected, rtol=1e-4, atol=1e-4)
    _between(space, items, out)
    np.testing.assert_allclose(out, ((meant[items] - meant[3]) ** 2).sum(axis=1), rtol=1e-4, atol=1e-4)
