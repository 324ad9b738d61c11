"""Vectors and queries whose inner products rank items: what exact search multiplies.

The score of an item is ||x||^2 - 2 q.x under l2 and hamming, and -2 q.x under ip and cosine, where x and q have unit
length for cosine. A score and the `offset` of its query make the distance.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.metrics import Metric, unit_rows


def factors(rows: NDArray[Any], metric: Metric) -> NDArray[np.float32]:
    """Return float32[n, d], C-contiguous, the rows [n, d] of a real type as they are multiplied."""
    return unit_rows(rows) if metric is Metric.COSINE else np.ascontiguousarray(rows, np.float32)


def squares(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return float32[n], the squared norms of rows [n, d]."""
    return np.einsum("ij,ij->i", rows, rows)


def addends(norms: NDArray[np.float32], metric: Metric) -> NDArray[np.float32]:
    """Return float32[n], what scores add to -2 q.x: the squared norms under l2 and hamming, else 0."""
    return norms if metric in (Metric.L2, Metric.HAMMING) else np.zeros_like(norms)


def offsets(queries: NDArray[np.float32], metric: Metric) -> NDArray[np.float64]:
    """Return float64[q], the distance of an item minus its score, of queries as they are multiplied."""
    if metric is Metric.IP:
        return np.zeros(len(queries))
    if metric is Metric.COSINE:
        return np.full(len(queries), 2.0)
    return np.einsum("ij,ij->i", queries, queries, dtype=np.float64)


def score_error(queries: NDArray[np.float32], largest: float, metric: Metric) -> NDArray[np.float64]:
    """Return float64[q], a bound on the error of scores in float32; `largest` is the greatest squared norm of an item.

    The error of a float32 inner product of length d stays below (sqrt(d) + 8) eps ||q|| ||x|| with overwhelming
    probability (Higham and Mary, 2019).
    """
    unit = (np.sqrt(queries.shape[1]) + 8) * float(np.finfo(np.float32).eps)
    query_squares = np.einsum("ij,ij->i", queries, queries, dtype=np.float64)
    added = largest if metric in (Metric.L2, Metric.HAMMING) else 0.0
    return unit * (2 * np.sqrt(query_squares * largest) + added)
