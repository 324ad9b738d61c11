"""Ground truth over more vectors than the budget holds: its time against products and disk, and its peak memory."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import time
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.core.progress import bar
from bench.core.vectors import open_vectors
from bench.datasets.dataset import load_rows
from bench.datasets.sources import VectorsSource
from bench.perf.methods import reset_peak
from bench.system.cache import Cache
from bench.system.files import make_folder
from bench.system.memory import peak_rss
from bench.workloads.ground_truth import ground_truth
from bench.workloads.sources import UnfilteredWorkload

DIM = 4096
QUERIES = 1000
_BLOCK = 4096
_READ_BYTES = 8 << 20


def rates(folder: Path, gib: float, memory: int) -> pd.DataFrame:
    """Compute ground truth over `gib` GiB of random unit vectors of 4,096 dimensions, which are kept in `folder`.

    Returns:
        One row: seconds of products of the same shape, of reading the file, and of the ground truth, with the file out
        of the page cache; the ratio of the longer of the first two to the third; and the peak memory.
    """
    vectors, queries = _generate(make_folder(folder), gib)
    n = len(open_vectors(vectors))
    product = _product_seconds(load_rows(vectors, slice(_BLOCK)), load_rows(queries)) * n / _BLOCK
    _evict(vectors)
    reading = _read_seconds(vectors)
    _evict(vectors)
    context = multiprocessing.get_context("spawn")  # a separate process, whose peak is that of the ground truth
    with context.Pool(1) as pool:
        seconds, peak = pool.apply(_ground_truth, (vectors, queries, folder, memory))
    return pd.DataFrame(
        [
            {
                "measure": "out of core",
                "GB": vectors.stat().st_size / 1e9,
                "products s": product,
                "reading s": reading,
                "ground truth s": seconds,
                "ratio": max(product, reading) / seconds,
                "budget MiB": memory / 2**20,
                "peak MiB": peak / 2**20,
            }
        ]
    )


def _generate(folder: Path, gib: float) -> tuple[Path, Path]:
    n = int(gib * 2**30) // (4 * DIM)
    vectors, queries = folder / f"vectors-{n}.npy", folder / "queries.npy"
    rng = np.random.Generator(np.random.SFC64(0))
    if not vectors.exists():
        out = np.lib.format.open_memmap(vectors.with_suffix(".part"), mode="w+", dtype=np.float32, shape=(n, DIM))
        with bar("generating vectors", n, "item") as progress:
            for start in range(0, n, _BLOCK):
                block = rng.random((min(_BLOCK, n - start), DIM), np.float32) - np.float32(0.5)
                out[start : start + len(block)] = block / np.linalg.norm(block, axis=1, keepdims=True)
                progress.update(len(block))
        out.flush()
        vectors.with_suffix(".part").rename(vectors)
    points = rng.standard_normal((QUERIES, DIM), np.float32)
    np.save(queries, points / np.linalg.norm(points, axis=1, keepdims=True))
    return vectors, queries


def _product_seconds(block: NDArray[np.float32], queries: NDArray[np.float32]) -> float:
    seconds = []
    for _ in range(7):
        started = time.perf_counter()
        queries @ block.T
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def _evict(path: Path) -> None:
    """Drop a file from the page cache."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def _read_seconds(path: Path) -> float:
    started = time.perf_counter()
    with path.open("rb", buffering=0) as file:
        buffer = bytearray(_READ_BYTES)
        while file.readinto(buffer):
            pass
    return time.perf_counter() - started


def _ground_truth(vectors: Path, queries: Path, folder: Path, memory: int) -> tuple[float, int]:
    """Return the seconds and the peak memory in bytes of ground truth without a filter."""
    cache = Cache(folder / "cache")
    dataset = VectorsSource("random", str(vectors), str(queries)).open(cache)
    workload = UnfilteredWorkload("none").open(dataset, cache)
    cache.drop("ground_truth")
    _evict(vectors)
    before = reset_peak()
    started = time.perf_counter()
    ground_truth(dataset, workload, cache, memory=memory)
    return time.perf_counter() - started, peak_rss() - before
