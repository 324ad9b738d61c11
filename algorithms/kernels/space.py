"""Squared L2 distances over rows, each one inner product: |x|^2 + |q|^2 - 2 q.x with squared norms kept.

A *space* holds items. A *target* is what distances are measured to: an item, or a query over the same items.
Methods with a metric of their own bring their own space and target, and implement the operations.

Rows are of any type that `decode.value` reads; `coded` has the space of integer codes. Queries are float32, so that
only the items are rounded.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.decode import value
from algorithms.kernels.jit import kernel, part, read_only
from algorithms.kernels.policy import implements, operation
from algorithms.kernels.prefetch import prefetch
from algorithms.kernels.types import Distance, Distances, Item, Items, Queries, Space, Target

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
def query_target(space: Space, queries: Any, row: int) -> Target:  # type: ignore[empty-body]
    """Return a query as a target in the space, given all of them as `spaces.queries_in` gives them."""


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


@part
def product(a: NDArray[Any], i: Row, b: NDArray[Any], j: Row) -> Length:
    """Return the inner product of ``a[i]`` and ``b[j]``."""
    total = np.float32(0)
    for t in range(a.shape[1]):
        total += value(a[i, t]) * value(b[j, t])
    return total


@part
def prefetch_four(rows: NDArray[Any], items: Items, first: int, count: int) -> None:
    """Prefetch the rows of up to four items from ``items[first]`` on, of `count`."""
    line = _LINE // rows.itemsize
    ahead = min(rows.shape[1], AHEAD // rows.itemsize)
    for j in range(first, min(first + 4, count)):
        for t in range(0, ahead, line):
            prefetch(rows, items[j], t)


@part
def products(rows: NDArray[Any], items: Items, count: int, queries: NDArray[Any], row: Row, out: Distances) -> None:
    """Write the inner products of ``queries[row]`` with the first `count` of `items` (int32) to `out` (float32).

    Four rows are read at a time: a random row waits for memory, and four wait together.
    """
    width = rows.shape[1]
    whole = count & ~3
    for i in range(0, whole, 4):
        prefetch_four(rows, items, i + 4, count)
        a, b = np.uint32(items[i]), np.uint32(items[i + 1])
        c, d = np.uint32(items[i + 2]), np.uint32(items[i + 3])
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
    rows, norms = read_only(rows), np.empty(len(rows), np.float32)
    _square(rows, norms)
    return L2(rows, norms)


@implements(query_target, L2)
def query_target_l2(space: L2, queries: Queries, row: int) -> L2Target:
    """Measure the query's norm once."""
    return L2Target(space.rows, space.norms, queries, row, product(queries, row, queries, row))


@implements(coordinate, L2)
def coordinate_l2(space: L2, item: Item, t: int) -> Length:
    """Return the stored value."""
    return value(space.rows[item, t])


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
