"""How vectors are stored for a search: as they are, or in fewer bits.

============  ==========================================================  ==================
float32       the values themselves                                       32 bits a dimension
float16       the nearest half-precision value                            16
bfloat16      the upper half of the float32, rounded to even              16
int8          value / scale, rounded; a scale per vector                  8
rabitq4       RaBitQ: the nearest of 16 levels after a rotation           4
rabitq2       of 4 levels                                                 2
rabitq1       of 2 levels: the sign                                       1
============  ==========================================================  ==================

The last four are *integer codes*: rows of whole cache lines, which the processor multiplies as integers, and four
factors for each row. `bench.core.rabitq` explains RaBitQ.

A method that reads codes searches with them; its candidates are then ranked by the exact distances of the vectors on
disk.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.errors import BenchError
from bench.core.vectors import dense


class Storage(StrEnum):
    """A format of stored vectors."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"
    INT8 = "int8"
    RABITQ4 = "rabitq4"
    RABITQ2 = "rabitq2"
    RABITQ1 = "rabitq1"

    @property
    def bits(self) -> int:
        """Bits per dimension."""
        return _BITS[self]

    @property
    def is_integer(self) -> bool:
        """Whether vectors are integer codes."""
        return self.bits <= 8

    @property
    def is_rotated(self) -> bool:
        """Whether they are codes of RaBitQ."""
        return self.bits < 8

    @property
    def rerank(self) -> float:
        """How many candidates per answer have to be ranked exactly, so that as many answers are true as in float32."""
        return _RERANK.get(self, 1.2)

    def row_bytes(self, dim: int) -> int:
        """Return the bytes of a row of `dim` dimensions: whole cache lines, if they are integer codes."""
        return -(-dim * self.bits // (8 * LINE)) * LINE if self.is_integer else dim * self.bits // 8

    def vector_bytes(self, dim: int) -> int:
        """Return the bytes of a vector of `dim` dimensions: its row and its factors."""
        return self.row_bytes(dim) + 4 * FACTORS * self.is_integer


_BITS = {
    Storage.FLOAT32: 32,
    Storage.FLOAT16: 16,
    Storage.BFLOAT16: 16,
    Storage.INT8: 8,
    Storage.RABITQ4: 4,
    Storage.RABITQ2: 2,
    Storage.RABITQ1: 1,
}
_RERANK = {Storage.RABITQ4: 2.0, Storage.RABITQ2: 5.0, Storage.RABITQ1: 10.0}
LINE = 64
"""Bytes of a cache line."""

FACTORS = 4
SCALE, NORM, SUM, ERROR = range(FACTORS)
"""The factors of a row of integer codes: what its integers are multiplied by, the squared norm of the vector that it
stands for, the sum of its integers, and how far products with it stray, see `bench.core.rabitq.error_bounds`."""


@dataclass(frozen=True)
class Codes:
    """Vectors in a smaller format.

    Attributes:
        storage: the format.
        dim: how many dimensions the vectors have.
        values: [n, width], float16 or uint16 (the bits of bfloat16) with a width of `dim`; int8 with zeros up to a
            whole number of lines; or uint8, packed by `bench.core.rabitq`. May be memory-mapped.
        factors: float32[n, 4] of integer codes, see `SCALE`; for other formats float32[0, 4].
        centre: float32[dim], what RaBitQ subtracts from every vector; empty for other formats.
    """

    storage: Storage
    dim: int
    values: NDArray[Any]
    factors: NDArray[np.float32]
    centre: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.values)

    def take(self, items: NDArray[np.integer[Any]] | slice) -> Codes:
        """Return the codes of some items; if `items` are ids, a copy that starts at a cache line."""
        if isinstance(items, slice):
            return replace(self, values=self.values[items], factors=self.factors[items])
        values = dense(self.values, items, self.values.dtype.type)
        return replace(self, values=values, factors=self.factors[items] if len(self.factors) else self.factors)

    def decode(self) -> NDArray[np.float32]:
        """Return float32[n, d], the vectors that the codes represent."""
        if self.storage is Storage.BFLOAT16:
            return (self.values.astype(np.uint32) << 16).view(np.float32)
        if self.storage.is_rotated:
            from bench.core import rabitq  # needs Numba, which takes long to import

            return rabitq.decode(self)
        values = self.values[:, : self.dim].astype(np.float32)
        return values * self.factors[:, SCALE, None] if self.storage is Storage.INT8 else values


def encode(rows: NDArray[np.float32], storage: Storage, centre: NDArray[Any] | None = None) -> Codes:
    """Return the codes of float32[n, d] in a format other than float32.

    Args:
        rows: the vectors.
        storage: the format.
        centre: [d], for RaBitQ; by default the mean of the rows.

    Raises:
        BenchError: a value exceeds the largest float16, 65,504.
    """
    dim, no_factors, no_centre = rows.shape[1], np.empty((0, FACTORS), np.float32), np.empty(0, np.float32)
    match storage:
        case Storage.FLOAT16:
            with np.errstate(over="ignore"):
                halves = rows.astype(np.float16)
            if not np.isfinite(halves).all():
                raise BenchError(
                    f"storage.format=float16 ends at 65,504, but a value is {np.abs(rows).max():g}; use bfloat16"
                )
            return Codes(storage, dim, halves, no_factors, no_centre)
        case Storage.BFLOAT16:
            bits = np.ascontiguousarray(rows).view(np.uint32)
            rounded = bits + np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))
            return Codes(storage, dim, (rounded >> np.uint32(16)).astype(np.uint16), no_factors, no_centre)
        case Storage.INT8:
            return Codes(storage, dim, *_rounded(rows), no_centre)
        case Storage.RABITQ4 | Storage.RABITQ2 | Storage.RABITQ1:
            from bench.core import rabitq  # needs Numba, which takes long to import

            return rabitq.encode(rows, storage, rows.mean(axis=0, dtype=np.float64) if centre is None else centre)
    raise ValueError(f"{storage} needs no codes")


def _rounded(rows: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return the rows as int8, and their factors."""
    scales = (np.abs(rows).max(axis=1) / np.float32(127)).astype(np.float32)
    values = np.zeros((len(rows), Storage.INT8.row_bytes(rows.shape[1])), np.int8)
    values[:, : rows.shape[1]] = np.rint(rows / np.where(scales > 0, scales, np.float32(1))[:, None])
    factors = np.zeros((len(rows), FACTORS), np.float32)
    factors[:, SCALE] = scales
    factors[:, NORM] = np.einsum("ij,ij->i", values, values, dtype=np.int64) * scales.astype(np.float64) ** 2
    factors[:, SUM] = values.sum(axis=1, dtype=np.int64)
    return values, factors
