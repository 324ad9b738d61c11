"""A random rotation that takes O(d log d): signs are flipped, and a Hadamard transform mixes what they are on.

A transform needs a power of two. Where the width is not one, transforms of the largest power below it take turns at the
front and at the back, which overlap by more than nothing; four of them mix every coordinate with every other.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

_SEED = 20120125


@cache
def signs_of(width: int) -> NDArray[np.float32]:
    """Return float32[rounds, span], the signs of each round, divided by the root of the span: the same always.

    The span is the largest power of two up to `width`.
    """
    span = 1 << (width.bit_length() - 1)
    flips = np.random.default_rng((_SEED, width)).integers(0, 2, (2 if span == width else 4, span))
    signs = ((1 - 2 * flips) / np.sqrt(span)).astype(np.float32)
    signs.flags.writeable = False
    return signs


@nb.njit(cache=True, nogil=True)
def rotate(row: Any, signs: Any) -> None:
    """Rotate a row, float32[width], in place; see `signs_of`."""
    span = signs.shape[1]
    for r in range(len(signs)):
        part = row[(len(row) - span) * (r & 1) :][:span]
        for t in range(span):
            part[t] *= signs[r, t]
        _transform(part)


@nb.njit(cache=True, nogil=True)
def rotate_back(row: Any, signs: Any) -> None:
    """Undo `rotate`."""
    span = signs.shape[1]
    for r in range(len(signs) - 1, -1, -1):
        part = row[(len(row) - span) * (r & 1) :][:span]
        _transform(part)
        for t in range(span):
            part[t] *= signs[r, t]


@nb.njit(cache=True, nogil=True)
def _transform(row: Any) -> None:
    """Multiply a row by a Hadamard matrix, in place; its length is a power of two."""
    half = 1
    while half < len(row):
        for start in range(0, len(row), 2 * half):
            for t in range(start, start + half):
                a, b = row[t], row[t + half]
                row[t], row[t + half] = a + b, a - b
        half *= 2
