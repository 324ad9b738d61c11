"""The item in the middle of a group, where searches of a flat graph start."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np


@nb.njit(cache=True, nogil=True)
def medoids(rows: Any, bounds: Any) -> Any:
    """Return int32[g], of each group of rows the one nearest to their mean, or -1 for an empty group.

    Args:
        rows: float32[n, d].
        bounds: int64[g + 1]; group i is ``rows[bounds[i]:bounds[i + 1]]``.
    """
    found = np.full(len(bounds) - 1, -1, np.int32)
    mean = np.empty(rows.shape[1], np.float64)
    for g in range(len(found)):
        start, stop = bounds[g], bounds[g + 1]
        mean[:] = 0
        for i in range(start, stop):
            for t in range(len(mean)):
                mean[t] += rows[i, t]
        mean /= max(stop - start, 1)
        best = np.inf
        for i in range(start, stop):
            squared = 0.0
            for t in range(len(mean)):
                squared += (rows[i, t] - mean[t]) ** 2
            if squared < best:
                best, found[g] = squared, i
    return found
