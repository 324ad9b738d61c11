"""Vectors in the format that a method searches: converted once, and kept in the cache."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from bench.core.formats import Codes, Storage, encode
from bench.core.progress import bar
from bench.core.vectors import dense, open_vectors
from bench.system.cache import Cache
from bench.system.files import digest_of

_BLOCK_BYTES = 64 << 20
_CODES, _SCALES, _FACTS = "codes.npy", "scales.npy", "facts.json"
_FORMAT = 1
_DTYPE: dict[Storage, type[np.generic]] = {
    Storage.FLOAT16: np.float16,
    Storage.BFLOAT16: np.uint16,
    Storage.INT8: np.int8,
}


def write_codes(vectors: Path, storage: Storage, cache: Cache) -> Path:
    """Convert the vectors of a file to a format other than float32, once, and return the folder of the codes.

    Raises:
        BenchError: a value exceeds the range of the format.
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
    """Memory-map the codes that `write_codes` wrote."""
    facts = json.loads((folder / _FACTS).read_text())
    values = np.load(folder / _CODES, mmap_mode="r")
    return Codes(Storage(facts["storage"]), values, np.load(folder / _SCALES))


def error_of(folder: Path) -> float:
    """Return the mean over the vectors of ||x - decoded|| / ||x||, as measured by `write_codes`."""
    return float(json.loads((folder / _FACTS).read_text())["error_mean"])
