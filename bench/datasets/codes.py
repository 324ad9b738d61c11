"""Vectors in the format that a method searches: converted once, and kept in the cache."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.formats import FACTORS, Codes, Storage, encode
from bench.core.progress import bar
from bench.core.vectors import dense, open_vectors
from bench.system.cache import Cache
from bench.system.files import digest_of

_BLOCK_BYTES = 64 << 20
_CENTRE_ROWS = 1 << 14
_CODES, _FACTORS, _CENTRE, _FACTS = "codes.npy", "factors.npy", "centre.npy", "facts.json"
_FORMAT = 2


def write_codes(vectors: Path, storage: Storage, cache: Cache) -> Path:
    """Convert the vectors of a file to a format other than float32, once, and return the folder of the codes.

    Raises:
        BenchError: a value exceeds the range of the format.
    """

    def make(folder: Path) -> None:
        source = open_vectors(vectors)
        n, dim = source.shape
        centre = _centre(source) if storage.is_rotated else None
        first = encode(dense(source[:1]), storage, centre)
        shape = (n, first.values.shape[1])
        values = np.lib.format.open_memmap(folder / _CODES, mode="w+", dtype=first.values.dtype, shape=shape)
        factors = np.empty((n if storage.is_integer else 0, FACTORS), np.float32)
        errors = np.empty(n)
        step = max(1, _BLOCK_BYTES // (4 * dim))
        with bar(f"converting to {storage}", n, "item") as progress:
            for start in range(0, n, step):
                block = dense(source[start : start + step])
                codes = encode(block, storage, centre)
                rows = slice(start, start + len(block))
                values[rows] = codes.values
                if len(factors):
                    factors[rows] = codes.factors
                lengths = np.linalg.norm(block, axis=1)
                errors[rows] = np.linalg.norm(block - codes.decode(), axis=1) / np.where(lengths > 0, lengths, 1)
                progress.update(len(block))
        values.flush()
        np.save(folder / _FACTORS, factors)
        np.save(folder / _CENTRE, first.centre)
        facts = {
            "storage": storage,
            "dim": dim,
            "error_mean": float(errors.mean()),
            "error_max": float(errors.max()),
        }
        (folder / _FACTS).write_text(json.dumps(facts))

    return cache.folder("storage", digest_of(_FORMAT, cache.digest(vectors), storage), make)


def _centre(source: NDArray[Any]) -> NDArray[np.float64]:
    """Return the mean of rows that are spread evenly over [n, d]."""
    n = len(source)
    return dense(source, np.arange(0, n, -(-n // _CENTRE_ROWS))).mean(axis=0, dtype=np.float64)


def open_codes(folder: Path) -> Codes:
    """Memory-map the codes that `write_codes` wrote."""
    facts = json.loads((folder / _FACTS).read_text())
    values = np.load(folder / _CODES, mmap_mode="r")
    return Codes(Storage(facts["storage"]), facts["dim"], values, np.load(folder / _FACTORS), np.load(folder / _CENTRE))


def error_of(folder: Path) -> float:
    """Return the mean over the vectors of ||x - decoded|| / ||x||, as measured by `write_codes`."""
    return float(json.loads((folder / _FACTS).read_text())["error_mean"])
