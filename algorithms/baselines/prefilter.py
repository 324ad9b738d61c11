"""Exact pre-filtering: compute the distance to every item that passes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, ALL_FORMATS, Algorithm, Data, Info, NoParams
from algorithms.kernels.beam import Scratch
from algorithms.kernels.filter import Bitmap, Bitmaps
from algorithms.kernels.policy import implements
from algorithms.kernels.queries import BatchSearch, search_one
from algorithms.kernels.scan import scan_passing
from algorithms.kernels.spaces import Vectors, space_of
from algorithms.kernels.types import Target
from bench.core.distances import exact_distances
from bench.core.masks import FilterBatch
from bench.core.metrics import Metric

_SLACK = 16
_CHUNK = 1024

Groups = list[tuple[NDArray[np.int64], NDArray[np.int64]]]


class PreFilter(Algorithm):
    """Gathers the passing rows of each distinct filter and searches them with faiss; the exact baseline.

    faiss computes distances of many queries as one matrix product in float32; the nearest of them are ranked
    again in float64, so that the answer is exact. Codes are measured by this project's kernels, query by query.
    """

    info = Info(
        paper="exhaustive search (faiss)",
        year=2017,
        approach="pre-filtering",
        technique="none",
        serves=ALL_FILTERS,
        libraries=("faiss-cpu",),
        metrics=frozenset({Metric.L2, Metric.IP}),
        compiled=True,
        reads=ALL_FORMATS,
    )

    vectors: NDArray[np.float32]
    metric: Metric
    codes: _Codes | None = None

    def build(self, data: Data) -> None:
        """Do nothing: there is no index."""
        self.metric = data.metric
        if data.codes is None:
            self.vectors = data.vectors
        else:
            self.codes = _Codes(space_of(data.codes))

    def save(self, folder: Path) -> None:
        """Write nothing: there is no index."""

    @classmethod
    def load(cls, folder: Path, params: NoParams, data: Data) -> Self:
        """Take the vectors from the data."""
        method = cls(params)
        method.build(data)
        return method

    def prepare(self, filters: FilterBatch) -> Groups | Bitmaps:
        """Return for each distinct filter its queries and the ids that pass it; for codes, the bitmaps of all."""
        if self.codes is not None:
            return Bitmaps(filters.words, filters.index)
        return [(members, np.flatnonzero(filters.mask(u))) for u, members in filters.groups()]

    def search(
        self, queries: NDArray[np.float32], prepared: Any, k: int, params: Any, threads: int
    ) -> NDArray[np.integer[Any]]:
        """See `Algorithm.search`."""
        if self.codes is not None:
            ids, self.distance_computations = self.codes.search(queries, prepared, k, threads)
            return ids
        return self._search_vectors(queries, prepared, k)

    def _search_vectors(self, queries: NDArray[np.float32], groups: Groups, k: int) -> NDArray[np.int64]:
        ids = np.full((len(queries), k), -1, np.int64)
        self.distance_computations = 0
        for members, passing in groups:
            rows = self.vectors if len(passing) == len(self.vectors) else self.vectors[passing]
            for start in range(0, len(members), _CHUNK):
                chunk = members[start : start + _CHUNK]
                top = _nearest(queries[chunk], rows, k, self.metric)
                ids[chunk, : top.shape[1]] = passing[top]
            self.distance_computations += len(members) * len(passing)
        return ids


def _nearest(queries: NDArray[np.float32], rows: NDArray[np.float32], k: int, metric: Metric) -> NDArray[np.int64]:
    """Return int64[q, min(k, len(rows))], the positions in `rows` of the nearest."""
    if not len(rows):
        return np.empty((len(queries), 0), np.int64)
    measure = faiss.METRIC_INNER_PRODUCT if metric is Metric.IP else faiss.METRIC_L2
    _, near = faiss.knn(queries, rows, min(k + _SLACK, len(rows)), metric=measure)
    order = np.lexsort((near, exact_distances(rows, queries, near, metric)))
    return np.take_along_axis(near, order[:, :k], 1)


class _Codes:
    """Items as codes, of which all that pass are measured."""

    def __init__(self, space: Vectors) -> None:
        self._space, self._batch = space, BatchSearch(len(space.rows), _CHUNK)

    def search(
        self, queries: NDArray[np.float32], filters: Bitmaps, k: int, threads: int
    ) -> tuple[NDArray[np.int32], int]:
        """Return int32[q, k] ids, and how many distances were computed."""
        answer = self._batch.run(AllPassing(), self._space, queries, filters, Nearest(k), k, threads)
        return answer.ids, int(answer.computed.sum())


class AllPassing(NamedTuple):
    """No index: every item that passes is measured."""


class Nearest(NamedTuple):
    """How many items are kept."""

    k: int


@implements(search_one, AllPassing)
def search_all(index: AllPassing, query: Target, accept: Bitmap, params: Nearest, scratch: Scratch) -> None:
    """Measure all items that pass."""
    scan_passing(query, accept, params.k, scratch)
