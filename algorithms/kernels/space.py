"""Squared L2 distances over rows, each one inner product: |x|^2 + |q|^2 - 2 q.x with squared norms kept.

A *space* holds items. A *target* is what distances are measured to: an item, or a query over the same items.
Methods with a metric of their own bring their own space and target, and implement the operations.

Rows are of any type that `decode.value` reads. Queries are float32, so that only the items are rounded.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.decode import value
from algorithms.kernels.jit import kernel, part
from algorithms.kernels.policy import implements, operation
from algorithms.kernels.prefetch import prefetch
from algorithms.kernels.types import Distance, Distances, Item, Items, Queries, Space, Target
from bench.core.formats import Codes, Storage

AHEAD = 256
"""Bytes of a row that are prefetched while the rows before it are read; the processor goes on by itself."""

_LINE = 64

Row: TypeAlias = int | np.integer[Any]
Length: TypeAlias = float | np.floating[Any]
"""Numbers of a width that matters to the compiler: a row as unsigned needs no check of its sign."""


@operation
def target(space: Space, item: Item) -> Target:  # type: ignore[empty-body]
    """Return an item of the space as a target."""


@operation
def distance(target: Target, item: Item) -> Distance:  # type: ignore[empty-body]
    """Return the distance from the target to an item, float32."""


@operation
def distances(target: Target, items: Items, count: int, out: Distances) -> None:
    """Write the distances to the first `count` of `items` (int32) to `out` (float32)."""


@operation
def query_target(space: Space, queries: Queries, row: int) -> Target:  # type: ignore[empty-body]
    """Return ``queries[row]``, of float32[q, d], as a target in the space."""


@operation
def coordinate(space: Space, item: Item, t: int) -> float:  # type: ignore[empty-body]
    """Return a coordinate of an item, float32."""


class L2(NamedTuple):
    """Items under squared L2.

    Attributes:
        rows: [n, d], C-contiguous, of a type that `decode.value` reads.
        norms: float32[n], the squared norms of the rows.
    """

    rows: NDArray[Any]
    norms: NDArray[np.float32]


class L2Target(NamedTuple):
    """A row of `queries` [q, d] among the items `rows` under squared L2; `norm` is its squared norm."""

    rows: NDArray[Any]
    norms: NDArray[np.float32]
    queries: NDArray[Any]
    row: Row
    norm: Length


class ScaledL2(NamedTuple):
    """Items under squared L2, item i being ``scales[i] * rows[i]``; `norms` are those of the scaled rows."""

    rows: NDArray[Any]
    scales: NDArray[np.float32]
    norms: NDArray[np.float32]


class ScaledTarget(NamedTuple):
    """A row of `queries` [q, d], times `scale`, among scaled items; `norm` is its squared norm after scaling."""

    rows: NDArray[Any]
    scales: NDArray[np.float32]
    norms: NDArray[np.float32]
    queries: NDArray[Any]
    row: Row
    scale: Length
    norm: Length


Vectors: TypeAlias = L2 | ScaledL2
"""Items under squared L2, of whatever format."""


@part
def product(a: NDArray[Any], i: Row, b: NDArray[Any], j: Row) -> Length:
    """Return the inner product of ``a[i]`` and ``b[j]``."""
    total = np.float32(0)
    for t in range(a.shape[1]):
        total += value(a[i, t]) * value(b[j, t])
    return total


@part
def products(rows: NDArray[Any], items: Items, count: int, queries: NDArray[Any], row: Row, out: Distances) -> None:
    """Write the inner products of ``queries[row]`` with the first `count` of `items` (int32) to `out` (float32).

    Four rows are read at a time: a random row waits for memory, and four wait together.
    """
    width = rows.shape[1]
    line = _LINE // rows.itemsize
    ahead = min(width, AHEAD // rows.itemsize)
    whole = count & ~3
    for i in range(0, whole, 4):
        a, b = np.uint32(items[i]), np.uint32(items[i + 1])
        c, d = np.uint32(items[i + 2]), np.uint32(items[i + 3])
        for j in range(i + 4, min(i + 8, count)):
            for t in range(0, ahead, line):
                prefetch(rows, items[j], t)
        to_a = to_b = to_c = to_d = np.float32(0)
        for t in range(width):
            there = value(queries[row, t])
            to_a += value(rows[a, t]) * there
            to_b += value(rows[b, t]) * there
            to_c += value(rows[c, t]) * there
            to_d += value(rows[d, t]) * there
        out[i], out[i + 1], out[i + 2], out[i + 3] = to_a, to_b, to_c, to_d
    for i in range(whole, count):
        out[i] = product(rows, np.uint32(items[i]), queries, row)


@kernel
def _square(rows: NDArray[Any], norms: Distances) -> None:
    for i in range(len(rows)):
        norms[i] = product(rows, i, rows, i)


def l2(rows: NDArray[Any]) -> L2:
    """Return the space of the rows [n, d], C-contiguous, under squared L2."""
    norms = np.empty(len(rows), np.float32)
    _square(rows, norms)
    return L2(rows, norms)


def space_of(vectors: NDArray[np.float32] | Codes) -> Vectors:
    """Return the space of float32[n, d], C-contiguous, or of codes, under squared L2."""
    if not isinstance(vectors, Codes):
        return l2(vectors)
    rows = vectors.values.view(np.int16) if vectors.storage is Storage.FLOAT16 else vectors.values
    plain = l2(rows)
    return ScaledL2(rows, vectors.scales, plain.norms * vectors.scales**2) if len(vectors.scales) else plain


@implements(query_target, L2)
def query_target_l2(space: L2, queries: Queries, row: int) -> L2Target:
    """Measure the query's norm once."""
    return L2Target(space.rows, space.norms, queries, row, product(queries, row, queries, row))


@implements(query_target, ScaledL2)
def query_target_scaled(space: ScaledL2, queries: Queries, row: int) -> ScaledTarget:
    """Take the query as it is: only items are scaled."""
    norm = product(queries, row, queries, row)
    return ScaledTarget(space.rows, space.scales, space.norms, queries, row, np.float32(1), norm)


@implements(coordinate, L2)
def coordinate_l2(space: L2, item: Item, t: int) -> Length:
    """Return the stored value."""
    return value(space.rows[item, t])


@implements(coordinate, ScaledL2)
def coordinate_scaled(space: ScaledL2, item: Item, t: int) -> float:
    """Return the stored value, scaled."""
    return space.scales[item] * value(space.rows[item, t])


@implements(target, L2)
def target_l2(space: L2, item: Item) -> L2Target:
    """Take the item's norm from the space."""
    return L2Target(space.rows, space.norms, space.rows, np.int64(item), space.norms[item])


@implements(distance, L2Target)
def distance_l2(target: L2Target, item: Item) -> Distance:
    """Return |x|^2 + |q|^2 - 2 q.x."""
    dot = product(target.rows, item, target.queries, target.row)
    # Rounding must not make a distance negative.
    return max(target.norms[item] + target.norm - np.float32(2) * dot, np.float32(0))


@implements(distances, L2Target)
def distances_l2(target: L2Target, items: Items, count: int, out: Distances) -> None:
    """Compute all inner products first, then the distances."""
    products(target.rows, items, count, target.queries, target.row, out)
    for i in range(count):
        out[i] = max(target.norms[items[i]] + target.norm - np.float32(2) * out[i], np.float32(0))


@implements(target, ScaledL2)
def target_scaled(space: ScaledL2, item: Item) -> ScaledTarget:
    """Take the item's scale and norm from the space."""
    scale, norm = space.scales[item], space.norms[item]
    return ScaledTarget(space.rows, space.scales, space.norms, space.rows, np.int64(item), scale, norm)


@implements(distance, ScaledTarget)
def distance_scaled(target: ScaledTarget, item: Item) -> Distance:
    """Return |x|^2 + |q|^2 - 2 q.x, with both scales in the product."""
    dot = target.scale * target.scales[item] * product(target.rows, item, target.queries, target.row)
    return max(target.norms[item] + target.norm - np.float32(2) * dot, np.float32(0))


@implements(distances, ScaledTarget)
def distances_scaled(target: ScaledTarget, items: Items, count: int, out: Distances) -> None:
    """Compute all inner products first, then scale them."""
    products(target.rows, items, count, target.queries, target.row, out)
    for i in range(count):
        dot = target.scale * target.scales[items[i]] * out[i]
        out[i] = max(target.norms[items[i]] + target.norm - np.float32(2) * dot, np.float32(0))
