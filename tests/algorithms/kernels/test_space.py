"""Distances, against those computed in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from algorithms.kernels.coded import Coded, CodedQueries
from algorithms.kernels.jit import kernel
from algorithms.kernels.medoid import medoids
from algorithms.kernels.space import distance, distances, l2, query_target, target
from algorithms.kernels.spaces import queries_in, space_of
from algorithms.kernels.workers import Workers
from bench.core.formats import NORM, SCALE, Codes, Storage, encode
from bench.core.rabitq import rotated, unpack


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


@pytest.mark.parametrize("storage", [Storage.FLOAT16, Storage.BFLOAT16])
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


def rotated_values(codes: Codes) -> Any:
    """Return float64[n, w], what codes stand for, before RaBitQ rotates it back."""
    if codes.storage is Storage.INT8:
        levels = codes.values.astype(np.float64)
    else:
        levels = unpack(codes.values, codes.storage.bits) - ((1 << codes.storage.bits) - 1) / 2
    return levels * codes.factors[:, SCALE, None].astype(np.float64)


INTEGERS = [storage for storage in Storage if storage.is_integer]


@pytest.mark.parametrize("storage", INTEGERS)
@pytest.mark.parametrize("d", [1, 15, 100, 600])
def test_distances_over_integers_stray_by_no_more_than_queries_are_rounded(storage: Storage, d: int) -> None:
    rng = np.random.default_rng(d)
    rows, queries = rng.normal(size=(9, d)).astype(np.float32), rng.normal(size=(1, d)).astype(np.float32)
    codes = encode(rows, storage)
    space = space_of(codes)
    assert isinstance(space, Coded)
    meant, asked = rotated_values(codes), np.pad(queries[0], (0, space.dim - d)).astype(np.float64)
    if storage.is_rotated:
        asked = rotated(queries, codes.centre, space.dim)[0].astype(np.float64)
    norms = codes.factors[:, NORM].astype(np.float64)
    items = np.array([3, 0, 8, 8, 1, 5, 2], np.int32)
    out, single = np.empty((2, len(items)), np.float32)
    coded = queries_in(space, queries, Workers([None]))
    assert isinstance(coded, CodedQueries)
    _distances(space, coded, items, out, single)
    expected = norms[items] + asked @ asked - 2 * meant[items] @ asked
    rounding = coded.factors[0, SCALE] / 2 * np.sqrt(space.dim)
    assert (np.abs(out - np.maximum(expected, 0)) <= 2 * np.linalg.norm(meant[items], axis=1) * rounding + 1e-3).all()
    np.testing.assert_array_equal(single, out)
    _between(space, items, out)
    expected = norms[items] + norms[3] - 2 * meant[items] @ meant[3]
    np.testing.assert_allclose(out, np.maximum(expected, 0), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("storage", INTEGERS)
def test_coordinates_of_integer_codes_are_what_they_stand_for(storage: Storage) -> None:
    rows, bounds = np.random.default_rng(0).normal(size=(60, 100)).astype(np.float32), np.array([0, 20, 20, 60])
    codes = encode(rows, storage)
    assert np.array_equal(medoids(space_of(codes), bounds), medoids(l2(codes.decode()), bounds))


@pytest.mark.parametrize("storage", INTEGERS)
def test_queries_are_encoded_alike_by_any_number_of_threads(storage: Storage) -> None:
    rng = np.random.default_rng(0)
    space = space_of(encode(rng.normal(size=(9, 100)).astype(np.float32), storage))
    queries = rng.normal(size=(40, 100)).astype(np.float32)
    queries[3] = 0
    one, three = (queries_in(space, queries, Workers([None] * threads)) for threads in (1, 3))
    for a, b in zip(one, three, strict=True):
        assert np.array_equal(a, b)
