"""The time of one distance by format: random rows, beyond the cache, on one thread."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np
import pandas as pd

from algorithms.kernels.jit import kernel
from algorithms.kernels.space import distances, query_target
from algorithms.kernels.spaces import Vectors, queries_in, space_of
from algorithms.kernels.types import Distances, Items
from algorithms.kernels.workers import Workers
from bench.core.formats import Storage, encode
from bench.perf.turns import TURNS

DIMENSIONS = (96, 384, 1536, 4096)
_BATCH = 16
_MEASURED = 1 << 16
_SAMPLE = 1 << 10


def nanoseconds(gib: float = 1.0) -> pd.DataFrame:
    """Return the time of a distance to a random row, for each dimension and format.

    Rows are random, and what is measured is how fast they are read and multiplied. The formats of a dimension have as
    many rows, so that all of them exceed the cache if the smallest does; they take turns.

    Args:
        gib: the size of the float32 rows.

    Returns:
        A row per dimension and format: bytes of a vector, nanoseconds of a distance (the median of turns), and how many
        times faster it is than float32.
    """
    lines = []
    for dim in DIMENSIONS:
        spaces = {storage: _space(storage, dim, int(gib * 2**30 / (4 * dim))) for storage in Storage}
        seconds: dict[Storage, list[float]] = {storage: [] for storage in Storage}
        for _ in range(TURNS):
            for storage, space in spaces.items():
                seconds[storage].append(_seconds(space, dim))
        medians = {storage: statistics.median(taken) / _MEASURED for storage, taken in seconds.items()}
        for storage in Storage:
            lines.append(
                {
                    "measure": "distance",
                    "dimensions": dim,
                    "format": storage,
                    "bytes": storage.vector_bytes(dim),
                    "ns": medians[storage] * 1e9,
                    "times float32": medians[Storage.FLOAT32] / medians[storage],
                }
            )
    return pd.DataFrame(lines)


def _space(storage: Storage, dim: int, n: int) -> Vectors:
    """Return n items of a format: some random vectors, again and again."""
    sample = np.random.default_rng(0).standard_normal((_SAMPLE, dim), np.float32)
    items = np.arange(n) % _SAMPLE
    return space_of(sample[items] if storage is Storage.FLOAT32 else encode(sample, storage).take(items))


def _seconds(space: Vectors, dim: int) -> float:
    """Return the time of measuring random items, a neighbourhood at a time, after that of compiling."""
    rng = np.random.default_rng(1)
    queries = queries_in(space, rng.standard_normal((1, dim), np.float32), Workers([None]))
    items = rng.integers(0, len(space.rows), _MEASURED).astype(np.int32)
    out = np.empty(_BATCH, np.float32)
    _measure(space, queries, items[:_BATCH], out)
    started = time.perf_counter()
    _measure(space, queries, items, out)
    return time.perf_counter() - started


@kernel
def _measure(space: Vectors, queries: Any, items: Items, out: Distances) -> None:
    query = query_target(space, queries, 0)
    for start in range(0, len(items), len(out)):
        distances(query, items[start : start + len(out)], len(out), out)
