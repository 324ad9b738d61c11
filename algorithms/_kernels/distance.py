"""Squared L2 distances over float32 rows, each one inner product: |x|^2 + |q|^2 - 2 q.x with squared norms kept.

A *space* holds items. A *target* is what distances are measured to: an item, or a query over the same items.
Methods with a metric of their own bring their own space and target, and implement the three operations.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms._kernels.policy import FASTMATH, implements, operation
from algorithms._kernels.prefetch import prefetch

AHEAD = 64
"""Floats of a row that are prefetched while the rows before it are read; the processor goes on by itself."""


@operation
def target(space: Any, item: Any) -> Any:
    """Return an item of the space as a target."""


@operation
def distance(target: Any, item: Any) -> Any:
    """Return the distance from the target to an item, float32."""


@operation
def distances(target: Any, items: Any, count: Any, out: Any) -> Any:
    """Write the distances to the first `count` of `items` (int32) to `out` (float32)."""


class L2(NamedTuple):
    """Items under squared L2.

    Attributes:
        rows: float32[n, d], C-contiguous.
        norms: float32[n], the squared norms of the rows.
    """

    rows: NDArray[np.float32]
    norms: NDArray[np.float32]


class L2Target(NamedTuple):
    """A row of `queries`, float32[q, d], among the items `rows` under squared L2; `norm` is its squared norm."""

    rows: NDArray[np.float32]
    norms: NDArray[np.float32]
    queries: NDArray[np.float32]
    row: np.int64
    norm: np.float32


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def product(a: Any, i: Any, b: Any, j: Any) -> Any:
    """Return the inner product of ``a[i]`` and ``b[j]``."""
    total = np.float32(0)
    for t in range(a.shape[1]):
        total += a[i, t] * b[j, t]
    return total


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def products(rows: Any, items: Any, count: Any, queries: Any, row: Any, out: Any) -> None:
    """Write the inner products of ``queries[row]`` with the first `count` of `items` (int32) to `out` (float32).

    Four rows are read at a time: a random row waits for memory, and four wait together.
    """
    width = rows.shape[1]
    ahead = min(width, AHEAD)
    whole = count & ~3
    for i in range(0, whole, 4):
        a, b = np.uint32(items[i]), np.uint32(items[i + 1])
        c, d = np.uint32(items[i + 2]), np.uint32(items[i + 3])
        for j in range(i + 4, min(i + 8, count)):
            for t in range(0, ahead, 16):
                prefetch(rows, items[j], t)
        to_a = to_b = to_c = to_d = np.float32(0)
        for t in range(width):
            value = queries[row, t]
            to_a += rows[a, t] * value
            to_b += rows[b, t] * value
            to_c += rows[c, t] * value
            to_d += rows[d, t] * value
        out[i], out[i + 1], out[i + 2], out[i + 3] = to_a, to_b, to_c, to_d
    for i in range(whole, count):
        out[i] = product(rows, np.uint32(items[i]), queries, row)


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _squared_norms(rows: Any) -> Any:
    norms = np.empty(len(rows), np.float32)
    for i in range(len(rows)):
        norms[i] = product(rows, i, rows, i)
    return norms


def l2(rows: NDArray[np.float32]) -> L2:
    """Return the space of the rows of float32[n, d] under squared L2."""
    return L2(rows, _squared_norms(rows))


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def l2_query(space: Any, queries: Any, row: Any) -> Any:
    """Return ``queries[row]`` as a target in an `L2` space."""
    return L2Target(space.rows, space.norms, queries, row, product(queries, row, queries, row))


@implements(target, L2)
def _target(space: Any, item: Any) -> Any:
    return L2Target(space.rows, space.norms, space.rows, np.int64(item), space.norms[item])


@implements(distance, L2Target)
def _distance(target: Any, item: Any) -> Any:
    dot = product(target.rows, item, target.queries, target.row)
    # Rounding must not make a distance negative.
    return max(target.norms[item] + target.norm - np.float32(2) * dot, np.float32(0))


@implements(distances, L2Target)
def _distances(target: Any, items: Any, count: Any, out: Any) -> None:
    products(target.rows, items, count, target.queries, target.row, out)
    for i in range(count):
        out[i] = max(target.norms[items[i]] + target.norm - np.float32(2) * out[i], np.float32(0))
