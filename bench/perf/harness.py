"""The overhead of the harness: ground truth against plain matrix products, and a timed search against a bare call."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from algorithms.base import Data
from algorithms.baselines.faiss import FaissHnswInFilter, Search
from algorithms.baselines.hnsw_params import HnswBuild
from bench.core.attributes import Attributes
from bench.core.filters import Everything
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from bench.measuring.local import LocalWorker
from bench.measuring.timing import Questions, measure
from bench.truth.search import exact_search

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
    products, searches = _alternate(
        lambda: _seconds(lambda: _multiply(vectors, queries)),
        lambda: _seconds(lambda: exact_search(vectors, queries, FilterBatch(filters.filters, filters.attributes), 100)),
        rounds=7,
    )
    product, search = statistics.median(products), statistics.median(searches)
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
    """Compare a search timed like in a worker with a bare call, on faiss HNSW without a filter.

    Returns:
        One row: seconds of both, medians of alternating rounds, and the overhead of the harness as a fraction.
    """
    attributes = Attributes(len(vectors), {})
    data = Data(vectors, attributes, (), FilterType.NONE, 2, 0)
    algorithm = FaissHnswInFilter(HnswBuild())
    algorithm.build(data)
    filters = FilterBatch([Everything()] * len(queries), attributes)
    params = Search(ef=64)
    prepared = algorithm.prepare(filters)

    def bare() -> float:
        return _seconds(lambda: algorithm.search(queries, prepared, 10, params, 1))

    worker = LocalWorker.searching(algorithm, attributes)
    questions = Questions(queries, filters.filters, np.ones(len(queries), np.bool_), len(vectors))

    def through_harness() -> float:
        return measure(
            worker.ask, questions, asdict(params), 10, 1, latency_queries=0, timed_seconds=0.0
        ).search_seconds

    with threadpool_limits(1, "openmp"):
        plain, timed = _alternate(bare, through_harness, rounds=25)
    return pd.DataFrame(
        [
            {
                "measure": "harness / bare call",
                "bare_s": statistics.median(plain),
                "harness_s": statistics.median(timed),
                "added": statistics.median(t / p for t, p in zip(timed, plain, strict=True)) - 1,
            }
        ]
    )


def _seconds(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _alternate(
    first: Callable[[], float], second: Callable[[], float], *, rounds: int
) -> tuple[list[float], list[float]]:
    """Return the results of two measurements, made alternately and in alternating order, after a warm-up."""
    first(), second()
    pairs = []
    for turn in range(rounds):
        if turn % 2:
            b, a = second(), first()
        else:
            a, b = first(), second()
        pairs.append((a, b))
    return [a for a, _ in pairs], [b for _, b in pairs]
