"""RaBitQ: the rotation, the packing, and what is claimed of its estimates."""

from __future__ import annotations

import numpy as np
import pytest

from bench.core.formats import NORM, Storage, encode
from bench.core.rabitq import CONFIDENCE, error_bounds, pack, rotated, unpack
from bench.core.rotation import rotate, rotate_back, signs_of

FORMATS = [Storage.RABITQ1, Storage.RABITQ2, Storage.RABITQ4]


@pytest.mark.parametrize("width", [64, 320, 384, 512, 1536, 4096])
def test_a_rotation_keeps_lengths_and_angles_and_can_be_undone(width: int) -> None:
    rows = np.random.default_rng(0).normal(size=(5, width)).astype(np.float32)
    turned = rotated(rows, np.zeros(width, np.float32), width)
    np.testing.assert_allclose(turned @ turned.T, rows @ rows.T, rtol=1e-3, atol=1e-3)
    for row in turned:
        rotate_back(row, signs_of(width))
    np.testing.assert_allclose(turned, rows, atol=1e-4)


@pytest.mark.parametrize("width", [64, 320, 512, 1536])
def test_every_coordinate_is_spread_over_all(width: int) -> None:
    """Each is left with the part of the whole that a random direction has, within what chance allows."""
    for t in (0, 1, width // 2, width - 1):
        row = np.zeros(width, np.float32)
        row[t] = 1
        rotate(row, signs_of(width))
        assert np.count_nonzero(row) > width / 2
        assert np.abs(row).max() < 6 / np.sqrt(width)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_levels_are_unpacked_as_they_were_packed(bits: int) -> None:
    levels = np.random.default_rng(bits).integers(0, 1 << bits, (3, 1024)).astype(np.uint8)
    packed = pack(levels, bits)
    assert packed.shape == (3, 1024 * bits // 8)
    assert np.array_equal(unpack(packed, bits), levels)
    assert packed[0, 0] & ((1 << bits) - 1) == levels[0, 0]
    assert packed[0, 0] >> bits & ((1 << bits) - 1) == levels[0, 64]


@pytest.mark.parametrize("storage", FORMATS)
@pytest.mark.parametrize("dim", [64, 384])
def test_estimates_are_unbiased_and_stray_as_far_as_is_said(storage: Storage, dim: int) -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(4000, dim)).astype(np.float32) * rng.uniform(0.5, 2, (4000, 1)).astype(np.float32) + 0.3
    query = rng.normal(size=dim).astype(np.float32)
    codes = encode(rows, storage)
    moved = rows.astype(np.float64) - codes.centre
    asked = query.astype(np.float64) - codes.centre
    errors = (codes.decode() - codes.centre).astype(np.float64) @ asked - moved @ asked
    bounds = error_bounds(codes, query) / 2
    # The mean is 0 up to chance, and deviations are those that the bounds stand for.
    scaled = errors / (bounds / CONFIDENCE)
    assert abs(scaled.mean()) < 4 / np.sqrt(len(scaled))
    assert 0.8 < scaled.std() < 1.1
    # A product strays by more than 1.9 deviations once in 17.
    assert 0.03 < np.mean(np.abs(errors) > bounds) < 0.07


@pytest.mark.parametrize("storage", FORMATS)
def test_more_bits_stray_less(storage: Storage) -> None:
    rows = np.random.default_rng(2).normal(size=(300, 384)).astype(np.float32)
    codes = encode(rows, storage)
    miss = np.linalg.norm(codes.decode() - rows, axis=1) / np.sqrt(codes.factors[:, NORM])
    least, most = {1: (0.6, 0.9), 2: (0.3, 0.4), 4: (0.05, 0.12)}[storage.bits]
    assert least < miss.mean() < most


@pytest.mark.parametrize("storage", FORMATS)
def test_items_at_the_centre_are_codes_too(storage: Storage) -> None:
    rows = np.ones((3, 10), np.float32)
    codes = encode(rows, storage)
    assert np.array_equal(codes.decode(), rows)
    assert (codes.factors[:, NORM] == 0).all()
    assert np.isfinite(codes.factors).all()


def test_codes_are_the_same_whichever_block_they_are_made_in() -> None:
    rows = np.random.default_rng(3).normal(size=(50, 100)).astype(np.float32)
    whole = encode(rows, Storage.RABITQ4, np.zeros(100))
    part = encode(rows[20:], Storage.RABITQ4, np.zeros(100))
    assert np.array_equal(whole.take(slice(20, None)).values, part.values)
    assert np.array_equal(whole.take(np.arange(20, 50)).factors, part.factors)
