"""What the harness itself costs: ground truth against plain matrix products, a timed search against the bare call."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algorithms._hnswlib import HnswBuild
from algorithms.base import Data
from algorithms.faiss_hnsw_infilter import FaissHnswInFilter, Search
from bench.attributes import Attributes
from bench.exact import exact_search
from bench.filters import Everything, FilterBatch, FilterType
from bench.worker import measure

_ROUNDS = 5
_BLOCK = 4096


def ground_truth_rate(vectors: NDArray[np.float32], queries: NDArray[np.float32], filters: FilterBatch) -> pd.DataFrame:
    """Compare exact filtered search with float32 matrix products of the same shape in numpy, on the same cores.

    Args:
        vectors: float32[n, d].
        queries: float32[q, d].
        filters: one per query.

    Returns:
        One row: GFLOP/s of both, medians of alternating rounds, and their ratio.
    """
    flop = 2.0 * vectors.shape[0] * vectors.shape[1] * len(queries)
    product, search = _alternate(
        lambda: _multiply(vectors, queries),
        lambda: exact_search(vectors, queries, FilterBatch(filters.filters, filters.attributes), 100),
    )
    return pd.DataFrame(
        [
            {
                "measure": "ground truth / matrix product",
                "product_gflops": flop / product / 1e9,
                "ground_truth_gflops": flop / search / 1e9,
                "ratio": product / search,
            }
        ]
    )


def _multiply(vectors: NDArray[np.float32], queries: NDArray[np.float32]) -> None:
    for start in range(0, len(vectors), _BLOCK):
        queries @ vectors[start : start + _BLOCK].T


def overhead(vectors: NDArray[np.float32], queries: NDArray[np.float32]) -> pd.DataFrame:
    """Compare a search as the worker times it with the bare call, on faiss HNSW without a filter.

    Returns:
        One row: seconds of both, medians of alternating rounds, and what the harness adds as a fraction.
    """
    attributes = Attributes(len(vectors), {})
    data = Data(vectors, attributes, (), FilterType.NONE, 2, 0)
    algorithm = FaissHnswInFilter(HnswBuild())
    algorithm.build(data)
    filters = FilterBatch([Everything()] * len(queries), attributes)
    params = Search(ef=64)
    prepared = algorithm.prepare(filters)
    timed: list[float] = []

    def through_harness() -> None:
        result = measure(algorithm, params, 10, 1, 0, queries, [(slice(None), filters)])
        timed.append(result["search_seconds"])

    bare, _ = _alternate(lambda: algorithm.search(queries, prepared, 10, params, 1), through_harness)
    harness = statistics.median(timed[1:])
    return pd.DataFrame(
        [{"measure": "harness / bare call", "bare_s": bare, "harness_s": harness, "added": harness / bare - 1}]
    )


def _alternate(first: Callable[[], Any], second: Callable[[], Any]) -> tuple[float, float]:
    """Return the median seconds of two calls, run in turn after one warm-up of each."""
    times: list[list[float]] = [[], []]
    for turn in range(_ROUNDS + 1):
        for call, taken in zip((first, second), times, strict=True):
            started = time.perf_counter()
            call()
            if turn:
                taken.append(time.perf_counter() - started)
    return statistics.median(times[0]), statistics.median(times[1])
