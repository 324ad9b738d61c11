"""How vectors are stored for a search: as they are, or in two bytes or one per value.

============  ======================================================  ==============
float32       the values themselves                                   4 bytes a value
float16       the nearest half-precision value                        2
bfloat16      the upper half of the float32, rounded to even          2
int8          value / scale, rounded; a scale per vector, float32     1
============  ======================================================  ==============

A method that reads codes searches with them; its candidates are then ranked by the exact distances of the vectors on
disk.
"""

from __future__ import annotations

from dataclasses import dataclass
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


BYTES = {Storage.FLOAT32: 4, Storage.FLOAT16: 2, Storage.BFLOAT16: 2, Storage.INT8: 1}
"""Bytes per value."""


@dataclass(frozen=True)
class Codes:
    """Vectors in a smaller format.

    Attributes:
        storage: the format.
        values: [n, d], float16, uint16 (the bits of bfloat16) or int8; may be memory-mapped.
        scales: float32[n], the factors of int8 values; empty for other formats.
    """

    storage: Storage
    values: NDArray[Any]
    scales: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.values)

    def take(self, items: NDArray[np.integer[Any]] | slice) -> Codes:
        """Return the codes of some items; if `items` are ids, a copy that starts at a cache line."""
        chosen = self.values[items] if isinstance(items, slice) else dense(self.values, items, self.values.dtype.type)
        return Codes(self.storage, chosen, self.scales[items] if len(self.scales) else self.scales)

    def decode(self) -> NDArray[np.float32]:
        """Return float32[n, d], the vectors that the codes represent."""
        if self.storage is Storage.BFLOAT16:
            return (self.values.astype(np.uint32) << 16).view(np.float32)
        values = self.values.astype(np.float32)
        return values * self.scales[:, None] if len(self.scales) else values


def encode(rows: NDArray[np.float32], storage: Storage) -> Codes:
    """Return the codes of float32[n, d] in a format other than float32.

    Raises:
        BenchError: a value exceeds the largest float16, 65,504.
    """
    none = np.empty(0, np.float32)
    match storage:
        case Storage.FLOAT16:
            with np.errstate(over="ignore"):
                halves = rows.astype(np.float16)
            if not np.isfinite(halves).all():
                raise BenchError(
                    f"storage.format=float16 ends at 65,504, but a value is {np.abs(rows).max():g}; use bfloat16"
                )
            return Codes(storage, halves, none)
        case Storage.BFLOAT16:
            bits = np.ascontiguousarray(rows).view(np.uint32)
            rounded = bits + np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))
            return Codes(storage, (rounded >> np.uint32(16)).astype(np.uint16), none)
        case Storage.INT8:
            scales = np.abs(rows).max(axis=1) / np.float32(127)
            values = np.rint(rows / np.where(scales > 0, scales, np.float32(1))[:, None]).astype(np.int8)
            return Codes(storage, values, scales.astype(np.float32))
    raise ValueError(f"{storage} needs no codes")
