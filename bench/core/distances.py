"""Exact distances in float64: the ones that answers are ranked and judged by."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from bench.core.metrics import Metric


@nb.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def squared_distance(a: Any, b: Any) -> Any:
    """Return ||a - b||^2, summed in float64, of two rows."""
    total = 0.0
    for j in range(len(a)):
        difference = np.float64(a[j]) - np.float64(b[j])
        total += difference * difference
    return total


@nb.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _products(a: Any, b: Any) -> Any:
    """Return a.a and a.b, summed in float64, of two rows."""
    square = product = 0.0
    for j in range(len(a)):
        x = np.float64(a[j])
        square += x * x
        product += x * np.float64(b[j])
    return square, product


@nb.njit(cache=True, parallel=True)
def _squared_distances(vectors: Any, queries: Any, ids: Any, distances: Any) -> None:
    for i in nb.prange(len(ids)):
        for j in range(ids.shape[1]):
            if 0 <= ids[i, j] < len(vectors):
                distances[i, j] = squared_distance(vectors[ids[i, j]], queries[i])


@nb.njit(cache=True, parallel=True)
def _product_distances(vectors: Any, queries: Any, ids: Any, scaled: Any, distances: Any) -> None:
    """Write -2 q.x; if `scaled`, write 2 - 2 cos(x, q)."""
    for i in nb.prange(len(ids)):
        query_square, _ = _products(queries[i], queries[i])
        for j in range(ids.shape[1]):
            if 0 <= ids[i, j] < len(vectors):
                square, product = _products(vectors[ids[i, j]], queries[i])
                if scaled:
                    lengths = np.sqrt(square) * np.sqrt(query_square)
                    distances[i, j] = 2.0 - 2.0 * product / lengths if lengths > 0 else 2.0
                else:
                    distances[i, j] = -2.0 * product


def exact_distances(
    vectors: NDArray[Any], queries: NDArray[np.float32], ids: NDArray[np.int64], metric: Metric
) -> NDArray[np.float64]:
    """Return float64[q, m], the distances from each query to the items of its row in `ids` int64[q, m].

    Infinite where an id is out of range, such as -1. `vectors` may be strided and memory-mapped.
    """
    distances = np.full(ids.shape, np.inf, np.float64)
    if metric in (Metric.L2, Metric.HAMMING):
        _squared_distances(vectors, queries, ids, distances)
    else:
        _product_distances(vectors, queries, ids, metric is Metric.COSINE, distances)
    return distances
