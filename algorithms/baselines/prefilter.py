"""Exact pre-filtering: compute the distance to every item that passes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, Algorithm, Data, Info, NoParams
from bench.core.distances import exact_distances
from bench.core.masks import FilterBatch
from bench.core.metrics import Metric

_SLACK = 16
_CHUNK = 1024

Groups = list[tuple[NDArray[np.int64], NDArray[np.int64]]]


class PreFilter(Algorithm):
    """Gathers the passing rows of each distinct filter and searches them with faiss; the exact baseline.

    faiss computes distances of many queries as one matrix product in float32; the nearest of them are ranked
    again in float64, so that the answer is exact.
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
    )

    vectors: NDArray[np.float32]
    metric: Metric

    def build(self, data: Data) -> None:
        """Do nothing: there is no index."""
        self.vectors, self.metric = data.vectors, data.metric

    def save(self, folder: Path) -> None:
        """Write nothing: there is no index."""

    @classmethod
    def load(cls, folder: Path, params: NoParams, data: Data) -> Self:
        """Take the vectors from the data."""
        method = cls(params)
        method.build(data)
        return method

    def prepare(self, filters: FilterBatch) -> Groups:
        """Return for each distinct filter its queries and the ids that pass it."""
        return [(members, np.flatnonzero(filters.mask(u))) for u, members in filters.groups()]

    def search(
        self, queries: NDArray[np.float32], prepared: Groups, k: int, params: Any, threads: int
    ) -> NDArray[np.int64]:
        """See `Algorithm.search`."""
        ids = np.full((len(queries), k), -1, np.int64)
        self.distance_computations = 0
        for members, passing in prepared:
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
