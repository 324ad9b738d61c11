"""The item in the middle of a group, where searches of a flat graph start."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.jit import kernel
from algorithms.kernels.space import coordinate
from algorithms.kernels.spaces import Vectors, dimensions
from algorithms.kernels.types import Items, Offsets


def medoids(space: Vectors, bounds: Offsets) -> Items:
    """Return int32[g], of each group of items the one nearest to their mean, or -1 for an empty group.

    Args:
        space: the items.
        bounds: int64[g + 1]; group i is the items from ``bounds[i]`` on, before ``bounds[i + 1]``.
    """
    nearest = np.full(len(bounds) - 1, -1, np.int32)
    _find_medoids(space, bounds, np.empty(dimensions(space)), nearest)
    return nearest


@kernel
def _find_medoids(space: Vectors, bounds: Offsets, mean: NDArray[np.float64], nearest: Items) -> None:
    """Write the medoids to `nearest`; `mean`, float64[d], is overwritten."""
    for g in range(len(nearest)):
        start, stop = bounds[g], bounds[g + 1]
        mean[:] = 0
        for i in range(start, stop):
            for t in range(len(mean)):
                mean[t] += coordinate(space, i, t)
        for t in range(len(mean)):
            mean[t] /= max(stop - start, 1)
        best = np.inf
        for i in range(start, stop):
            squared = 0.0
            for t in range(len(mean)):
                squared += (coordinate(space, i, t) - mean[t]) ** 2
            if squared < best:
                best, nearest[g] = squared, i
