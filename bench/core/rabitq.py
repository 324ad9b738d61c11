"""RaBitQ: 1, 2 or 4 bits a dimension, with unbiased estimates of products and a bound on their error.

From Gao and Long, *RaBitQ* (SIGMOD 2024, arXiv 2405.12497), and its extension to several bits by Gao et al. (arXiv
2409.09913). A vector x is moved by a centre c and rotated at random: r = R(x - c). Its code is a vector y of levels,
half-integers from -(2^B - 1) / 2 to (2^B - 1) / 2, in a direction as near to r as a step between levels allows. For a
query rotated likewise, q, the product <r, q> is estimated as F <y, q> with F = |r|^2 / <r, y>. As the rotation is
random, what y misses of r points anywhere: the estimate is unbiased, and its error is about |r| |q| tan(r, y) /
sqrt(w - 1) in w dimensions.

Differences from the papers: the step is the best of some multiples of that for Gaussian coordinates, not the best of
all; the rotation is that of `bench.core.rotation`; there is one centre, not one per cluster.

Codes are packed in lines of 64 bytes. A line has 8 / B parts of 64 dimensions: B bits of its byte j, from the lowest
on, are dimension j of the first part, and the next B bits that of the second part.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from bench.core.formats import ERROR, FACTORS, LINE, NORM, SCALE, SUM, Codes, Storage
from bench.core.rotation import rotate, rotate_back, signs_of

CONFIDENCE = 1.9
"""The papers' epsilon: how many deviations a bound is wide. About 6 % of all products stray farther."""

_STEPS = {1: 1.596, 2: 0.996, 4: 0.335}
"""By bits, the step between levels with the least error for Gaussian coordinates of deviation 1 (Max, 1960)."""

_TRIALS = np.linspace(0.7, 1.3, 13)


def encode(rows: NDArray[np.float32], storage: Storage, centre: NDArray[Any]) -> Codes:
    """Return the codes of float32[n, d] around a centre [d]."""
    centre = centre.astype(np.float32)
    turned = rotated(rows, centre, storage.row_bytes(rows.shape[1]) * 8 // storage.bits)
    levels, factors = np.empty(turned.shape, np.uint8), np.empty((len(rows), FACTORS), np.float32)
    steps = _TRIALS * _STEPS[storage.bits]
    _choose_levels(turned, storage.bits, steps[:1] if storage.bits == 1 else steps, levels, factors)
    return Codes(storage, rows.shape[1], pack(levels, storage.bits), factors, centre)


def decode(codes: Codes) -> NDArray[np.float32]:
    """Return float32[n, d], the vectors F y, moved back."""
    bits = codes.storage.bits
    rows = unpack(codes.values, bits).astype(np.float32) - np.float32(((1 << bits) - 1) / 2)
    rows *= codes.factors[:, SCALE, None]
    _rotate_all_back(rows, signs_of(rows.shape[1]))
    return rows[:, : codes.dim] + codes.centre


def error_bounds(codes: Codes, query: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return float32[n], the bounds on how far squared distances from a query, float32[d], stray: see `CONFIDENCE`."""
    return 2 * CONFIDENCE * codes.factors[:, ERROR] * np.linalg.norm(query - codes.centre)


def rotated(rows: NDArray[np.float32], centre: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """Return float32[n, width], the rows moved by the centre, filled with zeros, and rotated."""
    turned = np.zeros((len(rows), width), np.float32)
    np.subtract(rows, centre, out=turned[:, : rows.shape[1]])
    _rotate_all(turned, signs_of(turned.shape[1]))
    return turned


def pack(levels: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    """Return uint8[n, w * bits / 8] with the levels [n, w], each less than 2^bits."""
    parts = levels.reshape(len(levels), -1, 8 // bits, LINE)
    packed = np.zeros((len(levels), parts.shape[1], LINE), np.uint8)
    for p in range(8 // bits):
        packed |= parts[:, :, p] << np.uint8(p * bits)
    return packed.reshape(len(levels), -1)


def unpack(packed: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    """Return the levels uint8[n, w] that `pack` packed."""
    lines = packed.reshape(len(packed), -1, 1, LINE)
    shifts = np.arange(0, 8, bits, dtype=np.uint8)[:, None]
    return (lines >> shifts & np.uint8((1 << bits) - 1)).reshape(len(packed), packed.shape[1] * 8 // bits)


@nb.njit(cache=True, nogil=True)
def _rotate_all(rows: Any, signs: Any) -> None:
    for i in range(len(rows)):
        rotate(rows[i], signs)


@nb.njit(cache=True, nogil=True)
def _rotate_all_back(rows: Any, signs: Any) -> None:
    for i in range(len(rows)):
        rotate_back(rows[i], signs)


@nb.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _project(row: Any, inverse: Any, last: Any) -> Any:
    """Return the product of a row with its levels, and their square; `last` is the highest level."""
    product = square = np.float32(0)
    for t in range(len(row)):
        level = min(max(np.floor(row[t] * inverse) + np.float32(0.5), -last), last)
        product += row[t] * level
        square += level * level
    return product, square


@nb.njit(cache=True, nogil=True)
def _choose_levels(rows: Any, bits: Any, steps: Any, levels: Any, factors: Any) -> None:
    """Write the levels of each row, counted from 0, and its factors; steps are in deviations of a coordinate."""
    w, last = rows.shape[1], np.float32(((1 << bits) - 1) / 2)
    for i in range(len(rows)):
        norm = 0.0
        for t in range(w):
            norm += np.float64(rows[i, t]) ** 2
        # Choose the step that turns the levels most into the direction of the row.
        best, inverse = np.float32(-1), np.float32(0)
        for step in steps:
            trial = np.float32(1 / (step * np.sqrt(norm / w))) if norm > 0 else np.float32(0)
            product, square = _project(rows[i], trial, last)
            if product / np.sqrt(square) > best:
                best, inverse = product / np.sqrt(square), trial
        # Write the levels.
        product, square, total = 0.0, 0.0, np.int64(0)
        for t in range(w):
            level = min(max(np.floor(rows[i, t] * inverse) + np.float32(0.5), -last), last)
            product += np.float64(rows[i, t]) * level
            square += np.float64(level) ** 2
            levels[i, t] = np.uint8(level + last)
            total += np.int64(levels[i, t])
        scale = norm / product if product > 0 else 0.0
        factors[i, SCALE] = scale
        factors[i, NORM] = norm
        factors[i, SUM] = total
        factors[i, ERROR] = np.sqrt(max(scale * scale * square - norm, 0.0) / max(w - 1, 1))
