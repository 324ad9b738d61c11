"""Our HNSW against those of hnswlib and faiss at equal parameters: search on one thread without a filter, and build.

All three are measured through their post-filtering methods, which never widen without a filter.
"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algorithms.base import Algorithm, Data
from algorithms.baselines.faiss import FaissHnswPostFilter
from algorithms.baselines.hnsw import HnswPostFilter
from algorithms.baselines.hnsw_params import HnswBuild
from algorithms.baselines.hnswlib import HnswlibPostFilter
from algorithms.baselines.widening import WideningSearch
from bench.core.attributes import Attributes
from bench.core.filters import Everything
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from bench.perf.turns import RECALLS, TURNS, Contender, K, build, curves, qps_at, through_disk
from bench.truth.search import exact_search

SETTINGS = [WideningSearch(ef) for ef in (10, 20, 40, 80, 160, 320, 640)]
OURS = "ours"
ENGINES: dict[str, type[Algorithm]] = {
    OURS: HnswPostFilter,
    "hnswlib": HnswlibPostFilter,
    "faiss": FaissHnswPostFilter,
}
LIBRARIES = [engine for engine in ENGINES if engine != OURS]


def unfiltered(method: type[Algorithm], vectors: NDArray[np.float32], queries: NDArray[np.float32]) -> Contender:
    """Return an HNSW over float32[n, d] with M 16 and efConstruction 200, to search without a filter."""
    filters = unfiltered_filters(vectors, queries)
    truth = exact_search(vectors, queries, filters, K)
    return Contender(through_disk(method, HnswBuild(), unfiltered_data(vectors, 2)), SETTINGS, filters, truth)


def unfiltered_filters(vectors: NDArray[np.float32], queries: NDArray[np.float32]) -> FilterBatch:
    """Return, for every query, a filter that all items pass."""
    return FilterBatch([Everything()] * len(queries), Attributes(len(vectors), {}))


def unfiltered_data(vectors: NDArray[np.float32], threads: int) -> Data:
    """Return the data for a method that indexes vectors without attributes."""
    return Data(vectors, Attributes(len(vectors), {}), (), FilterType.NONE, threads, 0)


def search_ratios(vectors: NDArray[np.float32], queries: NDArray[np.float32]) -> pd.DataFrame:
    """Return the ratio of our QPS to those of each library at equal recall@10.

    Args:
        vectors: float32[n, d].
        queries: float32[q, d].

    Returns:
        A row per recall; NaN if an engine does not reach it.
    """
    contenders = {name: unfiltered(method, vectors, queries) for name, method in ENGINES.items()}
    curve_of = curves(contenders, vectors, queries)
    qps = {engine: [qps_at(curve_of[engine], recall) for recall in RECALLS] for engine in ENGINES}
    ratios = {f"/ {library}": np.divide(qps[OURS], qps[library]) for library in LIBRARIES}
    return pd.DataFrame({"measure": "HNSW search", "recall": RECALLS, "qps": qps[OURS], **ratios})


def build_ratios(vectors: NDArray[np.float32]) -> pd.DataFrame:
    """Return the ratio of our build time over float32[n, d] to those of each library: a row for 1 thread and for 2."""
    build(HnswPostFilter, HnswBuild(), unfiltered_data(vectors[:100], 2))  # compiles
    rows = [
        (engine, threads, build(method, HnswBuild(), unfiltered_data(vectors, threads))[1])
        for _, threads, (engine, method) in itertools.product(range(TURNS), (1, 2), ENGINES.items())
    ]
    table = pd.DataFrame(rows, columns=["engine", "threads", "seconds"])
    seconds = table.groupby(["threads", "engine"]).seconds.median().unstack()
    ratios = {f"/ {library}": seconds[OURS] / seconds[library] for library in LIBRARIES}
    return pd.DataFrame({"measure": "HNSW build", "threads": seconds.index, "seconds": seconds[OURS], **ratios})
