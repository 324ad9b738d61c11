"""Exact ranking of the candidates that a search by codes returns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.base import Algorithm
from bench.core.distances import exact_distances
from bench.core.masks import FilterBatch, failing_of
from bench.core.metrics import Metric
from bench.core.plans import QueryPlans


class Reranked:
    """A method that searches codes: it returns more candidates than answers, which are ranked by the vectors."""

    def __init__(self, algorithm: Algorithm, vectors: NDArray[Any], metric: Metric, factor: float) -> None:
        """Rank `factor` candidates per answer by `vectors` [n, d]; only the candidates' are read."""
        self.algorithm, self._vectors, self._metric, self._factor = algorithm, vectors, metric, factor
        self.distance_computations: int | None = None
        self.candidates: NDArray[Any] | None = None
        self.program_seconds: float | None = None

    def prepare(self, filters: FilterBatch) -> tuple[FilterBatch, Any]:
        """See `Algorithm.prepare`; the filters tell which candidates of a method for AFANNS fail."""
        return filters, self.algorithm.prepare(filters)

    def search(
        self, queries: NDArray[np.float32], prepared: tuple[FilterBatch, Any], k: int, params: Any, threads: int
    ) -> NDArray[np.integer[Any]]:
        """See `Algorithm.search`."""
        filters, of_method = prepared
        candidates = np.array(self.algorithm.search(queries, of_method, math.ceil(self._factor * k), params, threads))
        self.candidates = candidates
        count = self.algorithm.distance_computations
        self.distance_computations = None if count is None else count + int(np.count_nonzero(candidates >= 0))
        failing = failing_of(filters, candidates) if self.algorithm.info.afanns else None
        return nearest(self._vectors, queries, candidates, k, self._metric, failing)

    def plans(self) -> QueryPlans | None:
        """See `Algorithm.plans`."""
        return self.algorithm.plans()


def nearest(
    vectors: NDArray[Any],
    queries: NDArray[np.float32],
    ids: NDArray[np.integer[Any]],
    k: int,
    metric: Metric,
    failing: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """Return int64[q, k], the nearest of the candidates in each row of `ids` [q, m] by exact distances, -1 at the end.

    Args:
        vectors: [n, d], may be strided and memory-mapped.
        queries: float32[q, d], C-contiguous.
        ids: the candidates; -1 stands for none.
        k: answers per query.
        metric: what they are ranked by.
        failing: bool[q, m], which of them come after all others.
    """
    candidates = np.ascontiguousarray(ids, np.int64)
    distances = exact_distances(vectors, queries, candidates, metric)
    if failing is None:
        order = np.argsort(distances, axis=1, kind="stable")
    else:
        order = np.lexsort((distances, failing), axis=1)
    return np.take_along_axis(candidates, order[:, :k], 1)
