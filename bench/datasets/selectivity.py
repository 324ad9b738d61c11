"""Selectivities: the fraction of items that pass the filter of each query, and percentiles of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.core.masks import FilterBatch

_PERCENTILES = (1, 10, 50, 90, 99)


def selectivities(filters: FilterBatch) -> NDArray[np.float64]:
    """Return float64[queries], the fraction of items that pass the filter of each query."""
    return filters.matches[filters.index] / filters.attributes.n


def percentiles(fractions: NDArray[np.float64]) -> dict[str, float]:
    """Return percentiles of selectivities over queries, by the names p1, p10, p50, p90 and p99."""
    return {f"p{percent}": float(np.percentile(fractions, percent)) for percent in _PERCENTILES}
