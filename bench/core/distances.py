"""Exact squared distances in float64: the ones that answers are ranked and judged by."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray


@nb.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def squared_distance(a: Any, b: Any) -> Any:
    """Return ||a - b||^2, summed in float64, of two rows."""
    total = 0.0
    for j in range(len(a)):
        difference = np.float64(a[j]) - np.float64(b[j])
        total += difference * difference
    return total


@nb.njit(cache=True, parallel=True)
def exact_distances(vectors: NDArray[Any], queries: NDArray[np.float32], ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return float64[q, m], the squared L2 distances from each query to the items of its row in `ids` int64[q, m].

    Infinite where an id is out of range, such as -1. `vectors` may be strided and memory-mapped.
    """
    distances = np.full(ids.shape, np.inf, np.float64)
    for i in nb.prange(len(ids)):
        for j in range(ids.shape[1]):
            if 0 <= ids[i, j] < len(vectors):
                distances[i, j] = squared_distance(vectors[ids[i, j]], queries[i])
    return distances
