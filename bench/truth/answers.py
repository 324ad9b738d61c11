"""The true answers of a workload."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class GroundTruth:
    """The exact answers of a workload.

    Attributes:
        ids: int64[q, depth], nearest first, -1 where fewer items match.
        distances: float64[q, depth], squared L2, infinite where there is no id.
        matches: int64[q], how many items pass each query's filter.
    """

    ids: NDArray[np.int64]
    distances: NDArray[np.float64]
    matches: NDArray[np.int64]


def merged(one: GroundTruth, other: GroundTruth) -> GroundTruth:
    """Return the answers over the items of two disjoint parts, from the answers over each."""
    ids = np.hstack([one.ids, other.ids])
    distances = np.hstack([one.distances, other.distances])
    nearest = np.lexsort((ids, distances))[:, : one.ids.shape[1]]
    return GroundTruth(
        np.take_along_axis(ids, nearest, 1),
        np.take_along_axis(distances, nearest, 1),
        one.matches + other.matches,
    )
