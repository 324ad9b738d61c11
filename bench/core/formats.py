"""How vectors are stored for a search: as they are, or in two bytes or one per value.

============  ======================================================  ==============
float32       the values themselves                                   4 bytes a value
float16       the nearest half-precision value                        2
bfloat16      the upper half of the float32, rounded to even          2
int8          value / scale, rounded; a scale per vector, float32     1
============  ======================================================  ==============

A method that reads codes searches by them, and what it finds is ranked by the exact distances of the vectors on disk.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.errors import BenchError
from bench.core.progress import bar
from bench.core.vectors import dense, open_vectors
from bench.system.cache import Cache, digest_of

_BLOCK_BYTES = 64 << 20
_CODES, _SCALES, _FACTS = "codes.npy", "scales.npy", "facts.json"
_FORMAT = 1


class Storage(StrEnum):
    """A format of stored vectors."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"
    INT8 = "int8"


BYTES = {Storage.FLOAT32: 4, Storage.FLOAT16: 2, Storage.BFLOAT16: 2, Storage.INT8: 1}
"""Bytes per value."""

_DTYPE: dict[Storage, type[np.generic]] = {
    Storage.FLOAT16: np.float16,
    Storage.BFLOAT16: np.uint16,
    Storage.INT8: np.int8,
}


@dataclass
class StorageConfig:
    """The key `storage` of ``configs/run.yaml``.

    Attributes:
        format: what the method searches.
        rerank: how many candidates per answer are ranked by exact distances, at least 1; where the format is float32
            there is nothing to mend.
    """

    format: Storage = Storage.FLOAT32
    rerank: float = 1.2


@dataclass(frozen=True)
class Codes:
    """Vectors in a format of fewer bytes.

    Attributes:
        storage: the format.
        values: [n, d], float16, uint16 (the bits of bfloat16) or int8; may be memory-mapped.
        scales: float32[n] by which int8 values are multiplied; empty for other formats.
    """

    storage: Storage
    values: NDArray[Any]
    scales: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.values)

    def take(self, items: NDArray[np.integer[Any]] | slice) -> Codes:
        """Return the codes of some items; a copy that starts at a cache line where `items` are ids."""
        chosen = self.values[items] if isinstance(items, slice) else dense(self.values, items, self.values.dtype.type)
        return Codes(self.storage, chosen, self.scales[items] if len(self.scales) else self.scales)

    def decode(self) -> NDArray[np.float32]:
        """Return float32[n, d], the vectors that the codes stand for."""
        if self.storage is Storage.BFLOAT16:
            return (self.values.astype(np.uint32) << 16).view(np.float32)
        values = self.values.astype(np.float32)
        return values * self.scales[:, None] if len(self.scales) else values


def encode(rows: NDArray[np.float32], storage: Storage) -> Codes:
    """Return the codes of float32[n, d] in a format other than float32.

    Raises:
        BenchError: float16 cannot hold a value; it ends at 65,504.
    """
    none = np.empty(0, np.float32)
    match storage:
        case Storage.FLOAT16:
            with np.errstate(over="ignore"):
                halves = rows.astype(np.float16)
            if not np.isfinite(halves).all():
                raise BenchError(
                    f"storage.format=float16 ends at 65,504 and there is a value of {np.abs(rows).max():g}; "
                    "use bfloat16"
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


def stored(vectors: Path, storage: Storage, cache: Cache) -> Path:
    """Return the folder of a file's vectors in a format other than float32, converted block by block, once.

    Raises:
        BenchError: a value does not fit the format.
    """

    def make(folder: Path) -> None:
        source = open_vectors(vectors)
        n, dim = source.shape
        values = np.lib.format.open_memmap(folder / _CODES, mode="w+", dtype=_DTYPE[storage], shape=(n, dim))
        scales = np.empty(n if storage is Storage.INT8 else 0, np.float32)
        errors = np.empty(n)
        step = max(1, _BLOCK_BYTES // (4 * dim))
        with bar(f"converting to {storage}", n, "item") as progress:
            for start in range(0, n, step):
                block = dense(source[start : start + step])
                codes = encode(block, storage)
                rows = slice(start, start + len(block))
                values[rows] = codes.values
                if len(scales):
                    scales[rows] = codes.scales
                lengths = np.linalg.norm(block, axis=1)
                errors[rows] = np.linalg.norm(block - codes.decode(), axis=1) / np.where(lengths > 0, lengths, 1)
                progress.update(len(block))
        values.flush()
        np.save(folder / _SCALES, scales)
        facts = {"storage": storage, "error_mean": float(errors.mean()), "error_max": float(errors.max())}
        (folder / _FACTS).write_text(json.dumps(facts))

    return cache.folder("storage", digest_of(_FORMAT, cache.digest(vectors), storage), make)


def open_codes(folder: Path) -> Codes:
    """Memory-map the codes that `stored` wrote."""
    facts = json.loads((folder / _FACTS).read_text())
    values = np.load(folder / _CODES, mmap_mode="r")
    return Codes(Storage(facts["storage"]), values, np.load(folder / _SCALES))


def error_of(folder: Path) -> float:
    """Return the mean over the vectors of ||x - decoded|| / ||x||, as measured by `stored`."""
    return float(json.loads((folder / _FACTS).read_text())["error_mean"])
