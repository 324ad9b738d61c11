"""The true answers of a workload."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.core.metrics import Metric


@dataclass(frozen=True)
class GroundTruth:
    """The exact answers of a workload.

    Attributes:
        ids: int64[q, depth], nearest first, padded with -1 if fewer items match.
        distances: float64[q, depth], see `bench.core.metrics`; infinite for padding.
        matches: int64[q], how many items pass each query's filter.
        metric: what the items are ranked by.
    """

    ids: NDArray[np.int64]
    distances: NDArray[np.float64]
    matches: NDArray[np.int64]
    metric: Metric


def merged(one: GroundTruth, other: GroundTruth) -> GroundTruth:
    """Return the answers over two disjoint sets of items, given the answers over each."""
    ids = np.hstack([one.ids, other.ids])
    distances = np.hstack([one.distances, other.distances])
    order = np.lexsort((ids, distances))[:, : one.ids.shape[1]]
    return GroundTruth(
        np.take_along_axis(ids, order, 1),
        np.take_along_axis(distances, order, 1),
        one.matches + other.matches,
        one.metric,
    )
