"""The first items or dimensions of a dataset, for studies of how methods scale."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bench.core.errors import BenchError
from bench.core.reading import reading
from bench.core.vectors import dense, open_vectors
from bench.datasets.dataset import Dataset
from bench.system.cache import Cache
from bench.system.files import digest_of

_BLOCK = 4096
_UNIT = 1e-3


@dataclass
class SubsetConfig:
    """The key `subset` of ``configs/run.yaml``, which explains its keys."""

    items: int | None = None
    dimensions: int | None = None


def take_subset(dataset: Dataset, config: SubsetConfig, cache: Cache) -> Dataset:
    """Write the subset to the cache and return it; return the dataset itself if the subset is all of it.

    Dimensions can be cut where the embedding is a Matryoshka one; unit vectors are scaled to unit length again.

    Raises:
        BenchError: the dataset has fewer items or dimensions.
    """
    n, dim = dataset.shape
    items = n if config.items is None else config.items
    dimensions = dim if config.dimensions is None else config.dimensions
    for key, value, most in (("items", items, n), ("dimensions", dimensions, dim)):
        if not 1 <= value <= most:
            raise BenchError(f"subset.{key}={value} is out of range; dataset '{dataset.name}' has {most} {key}")
    if (items, dimensions) == (n, dim):
        return dataset
    digest = digest_of(dataset.digest, items, dimensions)

    def make(folder: Path) -> None:
        for name, path, rows in (("vectors", dataset.vectors, items), ("queries", dataset.queries, None)):
            np.save(folder / f"{name}.npy", _cut(open_vectors(path)[:rows], dimensions))

    folder = cache.folder("subsets", digest, make)
    attributes = dataset.attributes
    if attributes is not None and items < n:
        source = attributes
        key = digest_of("first", items, cache.digest(source))
        attributes = cache.file("attributes", key, ".parquet", lambda out: _write_first(source, items, out))
    vectors, queries = folder / "vectors.npy", folder / "queries.npy"
    return replace(dataset, vectors=vectors, queries=queries, attributes=attributes, digest=digest, truth=None)


def _write_first(source: Path, rows: int, target: Path) -> None:
    """Copy the first rows of a Parquet file, whatever types its columns have."""
    with reading(source, "Parquet file"):
        file = pq.ParquetFile(source)
        with pq.ParquetWriter(target, file.schema_arrow, compression="zstd") as writer:
            for batch in file.iter_batches(_BLOCK):
                writer.write_batch(batch.slice(0, rows))
                rows -= min(rows, len(batch))
                if not rows:
                    break


def _cut(rows: NDArray[np.float32], dimensions: int) -> NDArray[np.float32]:
    """Return the first dimensions of rows as float32[n, dimensions], block by block."""
    cut = np.empty((len(rows), dimensions), np.float32)
    for start in range(0, len(rows), _BLOCK):
        block = dense(rows[start : start + _BLOCK])
        part = block[:, :dimensions]
        unit = np.abs(np.linalg.norm(block, axis=1, keepdims=True) - 1) < _UNIT
        lengths = np.linalg.norm(part, axis=1, keepdims=True)
        cut[start : start + len(part)] = np.where(unit & (lengths > 0), part / np.maximum(lengths, 1e-30), part)
    return cut
