"""Every metric as squared L2: vectors and queries whose squared L2 distances rank items as the metric does.

=======  ==========================================================================================
cosine   rows and queries of unit length
ip       rows divided by the greatest norm M and lengthened to unit length in further dimensions, in
         which queries are 0; queries of unit length (Bachrach et al., Speeding Up the Xbox Recommender
         System Using a Euclidean Transformation for Inner-Product Spaces, RecSys 2014)
hamming  a dimension per bit
=======  ==========================================================================================

In real numbers these are exact. In float32, inner products far below the greatest norm drown; so rows that are too
short are refused. Answers are always judged by the metric itself, over the vectors as they were given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.errors import BenchError
from bench.core.metrics import Metric, unit_rows, zero_rows
from bench.core.progress import bar
from bench.core.vectors import open_vectors
from bench.datasets.dataset import Dataset
from bench.system.cache import Cache
from bench.system.files import digest_of

FURTHER = 16
"""Dimensions by which rows are lengthened: a cache line, and short enough each to be rounded well to one byte."""

_VERSION = 1
_BLOCK_BYTES = 64 << 20
_SHORTEST = 1e-4
_VECTORS, _QUERIES = "vectors.npy", "queries.npy"


@dataclass(frozen=True)
class Searched:
    """What a method gets of a dataset.

    Attributes:
        vectors: the file of the items' vectors.
        queries: the file of the queries.
        metric: what these are ranked by.
    """

    vectors: Path
    queries: Path
    metric: Metric


def searched_files(dataset: Dataset, metrics: tuple[Metric, ...], cache: Cache) -> Searched:
    """Return vectors and queries under a metric that a method serves: as they are, or reduced to squared L2.

    Args:
        dataset: the vectors, queries and their metric.
        metrics: those that the method computes itself.
        cache: keeps the reduced vectors.

    Raises:
        BenchError: rows are too short to be reduced.
    """
    if dataset.metric in metrics:
        return Searched(dataset.vectors, dataset.queries, dataset.metric)
    if dataset.metric is Metric.HAMMING:
        return Searched(dataset.vectors, dataset.queries, Metric.L2)
    reduce = {Metric.COSINE: _reduce_cosine, Metric.IP: _reduce_ip}[dataset.metric]
    folder = cache.folder("reduced", digest_of(_VERSION, dataset.digest), lambda out: reduce(dataset, out))
    return Searched(folder / _VECTORS, folder / _QUERIES, Metric.L2)


def _reduce_cosine(dataset: Dataset, folder: Path) -> None:
    """Scale everything to unit length; rows of zeros get a direction that is orthogonal to all others."""
    further = FURTHER if any(len(zero_rows(block)) for block in _blocks(dataset.vectors)) else 0

    def reduced(rows: NDArray[Any]) -> NDArray[np.float32]:
        return _lengthened(unit_rows(rows), further)

    _write(folder / _VECTORS, dataset.vectors, further, reduced)
    _write(folder / _QUERIES, dataset.queries, further, lambda rows: _padded(unit_rows(rows), further))


def _reduce_ip(dataset: Dataset, folder: Path) -> None:
    greatest, shortest, where, row = 0.0, np.inf, 0, 0
    for block in _blocks(dataset.vectors):
        lengths = np.sqrt(np.einsum("ij,ij->i", block, block, dtype=np.float64))
        greatest = max(greatest, float(lengths.max()))
        lengths[lengths == 0] = np.inf  # its products are 0, which is exact
        if lengths.min() < shortest:
            shortest, where = float(lengths.min()), row + int(lengths.argmin())
        row += len(block)
    if shortest < _SHORTEST * greatest:
        raise BenchError(
            f"{dataset.vectors_name}: row {where} has the length {shortest:.3g}, and the longest row {greatest:.3g}; "
            "inner products that differ so much cannot be ranked in float32; scale or drop such rows"
        )

    def reduced(rows: NDArray[Any]) -> NDArray[np.float32]:
        return _lengthened((np.asarray(rows, np.float64) / (greatest or 1.0)).astype(np.float32), FURTHER)

    _write(folder / _VECTORS, dataset.vectors, FURTHER, reduced)
    _write(folder / _QUERIES, dataset.queries, FURTHER, lambda rows: _padded(unit_rows(rows), FURTHER))


def _lengthened(rows: NDArray[np.float32], further: int) -> NDArray[np.float32]:
    """Return rows with further dimensions, over which what they lack to unit length is spread."""
    rows = _padded(rows, further)
    if further:
        lacking = 1 - np.einsum("ij,ij->i", rows, rows, dtype=np.float64)
        rows[:, -further:] = np.sqrt(np.maximum(lacking, 0) / further)[:, None]
    return rows


def _padded(rows: NDArray[np.float32], further: int) -> NDArray[np.float32]:
    """Return a copy of rows with further dimensions of 0."""
    return np.pad(rows, ((0, 0), (0, further)))


def as_bits(vectors: Path, queries: Path, digest: str, cache: Cache) -> tuple[Path, Path]:
    """Return files of vectors and queries with a uint8 of 0 or 1 per bit; rows of other uint8 hold eight bits each.

    Raises:
        BenchError: the values are neither bits nor uint8.
    """
    if all(_are_bits(path) for path in (vectors, queries)):
        return vectors, queries
    for path in (vectors, queries):
        if (dtype := open_vectors(path).dtype) != np.uint8:
            raise BenchError(
                f"{path} holds {dtype} other than 0 and 1; the hamming distance is between bits: rows of 0 and 1, or "
                "of uint8 with eight bits each"
            )

    def make(folder: Path) -> None:
        for source, name in ((vectors, _VECTORS), (queries, _QUERIES)):
            dim = open_vectors(source).shape[1]
            _write(folder / name, source, 7 * dim, lambda rows: np.unpackbits(rows, axis=1), np.uint8)

    folder = cache.folder("reduced", digest_of("bits", digest), make)
    return folder / _VECTORS, folder / _QUERIES


def _are_bits(path: Path) -> bool:
    return all(bool(np.all((block == 0) | (block == 1))) for block in _blocks(path))


def _blocks(path: Path) -> Iterator[NDArray[Any]]:
    n, dim = open_vectors(path).shape
    step = max(1, _BLOCK_BYTES // (8 * dim))
    for start in range(0, n, step):
        yield open_vectors(path)[start : start + step]  # opened anew, so that the pages read are released


def _write(
    out: Path,
    source: Path,
    further: int,
    convert: Callable[[NDArray[Any]], NDArray[Any]],
    dtype: type[np.generic] = np.float32,
) -> None:
    """Write the rows of a file, converted block by block, with further dimensions."""
    n, dim = open_vectors(source).shape
    target = np.lib.format.open_memmap(out, mode="w+", dtype=dtype, shape=(n, dim + further))
    row = 0
    with bar(f"converting {source.name}", n, "item") as progress:
        for block in _blocks(source):
            target[row : row + len(block)] = convert(block)
            row += len(block)
            progress.update(len(block))
    target.flush()
