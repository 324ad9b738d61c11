"""Our HNSW beside hnswlib's and faiss's: search on one thread, and building, at equal parameters.

The three take turns, and every figure is a median over turns: on a shared machine only ratios within one run mean
anything.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

import faiss
import hnswlib
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algorithms._kernels import hnsw
from algorithms._kernels.distance import aligned

M = 16
EF_CONSTRUCTION = 200
K = 10
EFS = (16, 24, 32, 48, 64, 96, 128, 192, 256, 384)
OURS = "ours"

Search = Callable[[NDArray[np.float32], int], NDArray[Any]]
"""From queries and ef to ids [q, K], on one thread."""


def _build_ours(vectors: NDArray[np.float32], threads: int) -> Search:
    searcher = hnsw.Searcher(hnsw.build(vectors, M, EF_CONSTRUCTION, seed=1, threads=threads), vectors)
    return lambda queries, ef: searcher.search(queries, K, ef).ids


def _build_hnswlib(vectors: NDArray[np.float32], threads: int) -> Search:
    index = hnswlib.Index("l2", vectors.shape[1])
    index.init_index(len(vectors), M=M, ef_construction=EF_CONSTRUCTION, random_seed=1)
    index.add_items(vectors, num_threads=threads)

    def search(queries: NDArray[np.float32], ef: int) -> NDArray[Any]:
        index.set_ef(ef)
        return index.knn_query(queries, K, num_threads=1)[0]

    return search


def _build_faiss(vectors: NDArray[np.float32], threads: int) -> Search:
    index = faiss.IndexHNSWFlat(vectors.shape[1], M)
    index.hnsw.efConstruction = EF_CONSTRUCTION
    faiss.omp_set_num_threads(threads)
    index.add(vectors)

    def search(queries: NDArray[np.float32], ef: int) -> NDArray[Any]:
        faiss.omp_set_num_threads(1)
        index.hnsw.efSearch = ef
        return index.search(queries, K)[1]

    return search


ENGINES = {OURS: _build_ours, "hnswlib": _build_hnswlib, "faiss": _build_faiss}


def compare(
    vectors: NDArray[np.float32],
    queries: NDArray[np.float32],
    truth: NDArray[np.integer[Any]],
    efs: tuple[int, ...] = EFS,
    turns: int = 5,
    build_threads: int = 2,
) -> pd.DataFrame:
    """Measure recall@10 and the median QPS of the three engines, on one thread.

    Args:
        vectors: float32[n, d].
        queries: float32[q, d].
        truth: integer[q, at least 10], the ids of the nearest.
        efs: beams to search with.
        turns: how often each engine answers all queries with each beam.
        build_threads: for the builds, which are not measured here.

    Returns:
        columns engine, ef, recall, qps.
    """
    vectors, queries = aligned(vectors), aligned(queries)
    searches = {engine: build(vectors, build_threads) for engine, build in ENGINES.items()}
    seconds: dict[tuple[str, int], list[float]] = {cell: [] for cell in itertools.product(searches, efs)}
    recalls = {}
    for ef, engine in itertools.product(efs, searches):  # warms up as well
        recalls[engine, ef] = _recall(searches[engine](queries, ef), truth)
    for _, ef, engine in itertools.product(range(turns), efs, searches):
        start = time.perf_counter()
        searches[engine](queries, ef)
        seconds[engine, ef].append(time.perf_counter() - start)
    return pd.DataFrame(
        [(*cell, recalls[cell], len(queries) / float(np.median(seconds[cell]))) for cell in seconds],
        columns=["engine", "ef", "recall", "qps"],
    )


def compare_builds(vectors: NDArray[np.float32], threads: tuple[int, ...] = (1, 2), turns: int = 3) -> pd.DataFrame:
    """Measure the median time of building over float32[n, d].

    Returns:
        columns engine, threads, seconds.
    """
    vectors = aligned(vectors)
    _build_ours(vectors[:100], max(threads))  # compiles
    seconds: dict[tuple[str, int], list[float]] = {cell: [] for cell in itertools.product(ENGINES, threads)}
    for _, count, engine in itertools.product(range(turns), threads, ENGINES):
        start = time.perf_counter()
        ENGINES[engine](vectors, count)
        seconds[engine, count].append(time.perf_counter() - start)
    return pd.DataFrame(
        [(*cell, float(np.median(times))) for cell, times in seconds.items()], columns=["engine", "threads", "seconds"]
    )


def search_ratios(frame: pd.DataFrame, recalls: tuple[float, ...] = (0.90, 0.95, 0.99)) -> pd.DataFrame:
    """Return our QPS as a ratio to each library's at equal recall, a row per recall; NaN beyond what was measured."""
    ours = {recall: _qps_at(frame, OURS, recall) for recall in recalls}
    columns = {
        f"/ {engine}": [ours[r] / _qps_at(frame, engine, r) for r in recalls] for engine in ENGINES if engine != OURS
    }
    return pd.DataFrame({"measure": "HNSW search", "recall": recalls, "qps": list(ours.values()), **columns})


def build_ratios(frame: pd.DataFrame) -> pd.DataFrame:
    """Return our build time as a ratio to each library's with as many threads, a row per number of threads."""
    table = frame.pivot(index="threads", columns="engine", values="seconds")
    columns = {f"/ {engine}": table[OURS] / table[engine] for engine in ENGINES if engine != OURS}
    return pd.DataFrame({"measure": "HNSW build", "threads": table.index, "seconds": table[OURS], **columns})


def _qps_at(frame: pd.DataFrame, engine: str, recall: float) -> float:
    """Return an engine's QPS at a recall, interpolated between settings: log QPS over recall."""
    curve = frame[frame.engine == engine].sort_values("recall")
    return float(np.exp(np.interp(recall, curve.recall, np.log(curve.qps), left=np.nan, right=np.nan)))


def _recall(ids: NDArray[Any], truth: NDArray[Any]) -> float:
    hits = (ids[:, :K, None] == truth[:, None, :K]).any(axis=2)
    return float(hits.mean())
