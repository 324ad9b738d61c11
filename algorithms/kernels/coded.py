"""Squared L2 distances over integer codes: |x|^2 + |q|^2 - 2 q.x, with the product computed of integers.

An item stands for ``scale * (levels - offset)``, and so does whatever it is measured to: another item, or a query,
which is rounded to integers of 8 bits once, or of 4 where items have a bit per dimension. What the offsets add to a
product depends on the sums of the levels alone, which are kept. Codes of RaBitQ are of vectors that were moved and
rotated, and so are queries; norms are those of the vectors themselves.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.integers import BITS, Bits, Bytes, Nibbles, Packing, Pairs, multiply
from algorithms.kernels.jit import kernel, part, read_only
from algorithms.kernels.policy import implements
from algorithms.kernels.space import Row, coordinate, distance, distances, prefetch_four, query_target, target
from algorithms.kernels.types import Distance, Distances, Item, Items, Queries
from algorithms.kernels.workers import Workers
from bench.core.formats import ERROR, FACTORS, LINE, NORM, SCALE, SUM, Codes
from bench.core.rabitq import rotated

_PACKINGS: dict[int, Packing] = {BITS[kind]: kind() for kind in (Bytes, Nibbles, Pairs, Bits)}
_BYTE_ZERO = 128.0
_PLANES = 4
_QUERY_ZERO = 7.5
_FIRST = 0  # of the items in a tuple of one


class Coded(NamedTuple):
    """Items as integer codes under squared L2.

    Attributes:
        rows: [n, width], int8 or uint8, see `integers`.
        packing: how levels are packed in a row.
        factors: float32[n, 4], see `bench.core.formats.SCALE`.
        centre: float32[d], what is subtracted from queries before they are rotated; empty if they are not.
        offset: the level that stands for 0.
        dim: how many levels a row has.
    """

    rows: NDArray[Any]
    packing: Packing
    factors: NDArray[np.float32]
    centre: NDArray[np.float32]
    offset: float
    dim: int


class CodedQueries(NamedTuple):
    """Queries as integers.

    Attributes:
        values: int8[q, width]; for items of a bit per dimension, uint8[q, width], planes of 1 bit, see `integers`.
        factors: float32[q, 4], as of items.
    """

    values: NDArray[Any]
    factors: NDArray[np.float32]


class CodedTarget(NamedTuple):
    """A row of `queries` among coded items.

    Attributes:
        space: the items.
        queries: rows of integers, those of queries or of the items themselves.
        row: which of them it is.
        scale: what its integers are multiplied by.
        norm: its squared norm.
        constant: what is added to a product of integers, whatever the item.
        offset: what the sum of an item's integers is multiplied by before it is subtracted.
    """

    space: Coded
    queries: NDArray[Any]
    row: Row
    scale: float
    norm: float
    constant: float
    offset: float


def coded_space(codes: Codes) -> Coded:
    """Return the space of integer codes."""
    bits = codes.storage.bits
    offset = _BYTE_ZERO if bits == 8 else ((1 << bits) - 1) / 2
    dim = codes.values.shape[1] * 8 // bits
    return Coded(
        read_only(codes.values), _PACKINGS[bits], read_only(codes.factors), read_only(codes.centre), offset, dim
    )


def coded_queries(space: Coded, queries: Queries, workers: Workers) -> CodedQueries:
    """Return queries, float32[q, d], as they are measured in a space."""
    q, width = len(queries), space.dim if BITS[type(space.packing)] > 1 else _PLANES * space.rows.shape[1]
    values = np.zeros((q, width), np.int8 if BITS[type(space.packing)] > 1 else np.uint8)
    factors = np.empty((q, FACTORS), np.float32)
    code = _slice if isinstance(space.packing, Bits) else _round

    def work(start: int, stop: int, scratch: Any) -> None:
        rows = queries[start:stop]
        code(
            rotated(rows, space.centre, space.dim) if len(space.centre) else rows,
            values[start:stop],
            factors[start:stop],
        )

    workers.run(work, q)
    return CodedQueries(read_only(values), read_only(factors))


@kernel
def _round(rows: Queries, values: NDArray[np.int8], factors: NDArray[np.float32]) -> None:
    """Write rows as int8, and their factors."""
    for i in range(len(rows)):
        largest = square = np.float32(0)
        for t in range(rows.shape[1]):
            largest = max(largest, abs(rows[i, t]))
            square += rows[i, t] * rows[i, t]
        inverse = np.float32(127) / largest if largest > 0 else np.float32(0)
        total = np.int32(0)
        for t in range(rows.shape[1]):
            values[i, t] = np.int8(np.rint(rows[i, t] * inverse))
            total += np.int32(values[i, t])
        factors[i, SCALE], factors[i, NORM] = largest / np.float32(127), square
        factors[i, SUM], factors[i, ERROR] = total, 0


@kernel
def _slice(rows: Queries, planes: NDArray[np.uint8], factors: NDArray[np.float32]) -> None:
    """Write rows as 4 bits, in planes of 1 bit, and their factors; `planes` is 0."""
    size = planes.shape[1] // _PLANES
    for i in range(len(rows)):
        largest = square = np.float32(0)
        for t in range(rows.shape[1]):
            largest = max(largest, abs(rows[i, t]))
            square += rows[i, t] * rows[i, t]
        inverse = np.float32(_QUERY_ZERO) / largest if largest > 0 else np.float32(0)
        total = np.int32(0)
        for first in range(0, rows.shape[1], LINE):
            # These dimensions are one bit of each byte of a line, in every plane.
            line, bit = first // (8 * LINE) * LINE, np.uint8(first // LINE % 8)
            for j in range(LINE):
                level = np.uint8(np.rint(rows[i, first + j] * inverse + np.float32(_QUERY_ZERO)))
                total += np.int32(level)
                for p in range(_PLANES):
                    planes[i, p * size + line + j] |= (level >> np.uint8(_PLANES - 1 - p) & np.uint8(1)) << bit
        factors[i, SCALE], factors[i, NORM] = largest / np.float32(_QUERY_ZERO), square
        factors[i, SUM], factors[i, ERROR] = total, 0


@part
def _target(space: Coded, queries: NDArray[Any], factors: NDArray[np.float32], row: Row, offset: float) -> CodedTarget:
    """Return a row as a target; `offset` is the level that stands for 0 in it."""
    constant = space.offset * (space.dim * offset - factors[row, SUM])
    return CodedTarget(space, queries, row, factors[row, SCALE], factors[row, NORM], constant, offset)


@implements(query_target, Coded)
def query_target_coded(space: Coded, queries: CodedQueries, row: int) -> CodedTarget:
    """Take the query's factors; only the levels of planes have an offset."""
    offset = _QUERY_ZERO if queries.values.shape[1] != space.dim else 0.0
    return _target(space, queries.values, queries.factors, row, offset)


@implements(target, Coded)
def target_coded(space: Coded, item: Item) -> CodedTarget:
    """Take the item's factors; bytes are stored without an offset."""
    offset = 0.0 if space.offset == _BYTE_ZERO else space.offset
    return _target(space, space.rows, space.factors, np.int64(item), offset)


@implements(coordinate, Coded)
def coordinate_coded(space: Coded, item: Item, t: int) -> float:
    """Return the level in its place, scaled."""
    bits = 8 * space.rows.shape[1] // space.dim
    byte = np.uint8(space.rows[item, t // (LINE * (8 // bits)) * LINE + t % LINE])
    level = (
        byte ^ np.uint8(128)
        if bits == 8
        else byte >> np.uint8(t // LINE % (8 // bits) * bits) & np.uint8((1 << bits) - 1)
    )
    return space.factors[item, SCALE] * np.float32(level - space.offset)


@part
def _squared(target: CodedTarget, item: Row, product: int) -> Distance:
    """Return the squared distance to an item, from the product of integers."""
    factors = target.space.factors
    inner = product + target.constant - target.offset * factors[item, SUM]
    squared = factors[item, NORM] + target.norm - 2 * target.scale * factors[item, SCALE] * inner
    return float(np.float32(max(squared, 0.0)))


@implements(distance, CodedTarget)
def distance_coded(target: CodedTarget, item: Item) -> Distance:
    """Multiply one row."""
    space = target.space
    products = multiply(space.packing, space.rows, (np.uint32(item),), target.queries, target.row)
    return _squared(target, item, products[_FIRST])


@implements(distances, CodedTarget)
def distances_coded(target: CodedTarget, items: Items, count: int, out: Distances) -> None:
    """Multiply four rows at a time, as `space.products` does."""
    space = target.space
    whole = count & ~3
    for i in range(0, whole, 4):
        prefetch_four(space.rows, items, i + 4, count)
        prefetch_four(space.factors, items, i + 4, count)
        a, b = np.uint32(items[i]), np.uint32(items[i + 1])
        c, d = np.uint32(items[i + 2]), np.uint32(items[i + 3])
        to_a, to_b, to_c, to_d = multiply(space.packing, space.rows, (a, b, c, d), target.queries, target.row)
        out[i], out[i + 1] = _squared(target, a, to_a), _squared(target, b, to_b)
        out[i + 2], out[i + 3] = _squared(target, c, to_c), _squared(target, d, to_d)
    for i in range(whole, count):
        out[i] = distance(target, items[i])
