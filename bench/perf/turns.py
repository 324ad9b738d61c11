"""Recall and QPS of several indexes that take turns, because on a shared machine only ratios within one run count."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from algorithms.base import Algorithm, Data
from bench.core.masks import FilterBatch
from bench.measuring.local import LocalWorker
from bench.measuring.rerank import Reranked
from bench.measuring.timing import Questions, measure
from bench.truth.answers import GroundTruth
from bench.truth.judge import judge

K = 10
RECALLS = (0.90, 0.95, 0.99)
TURNS = 3
TIMED_SECONDS = 0.1
QUERIES = 1000
"""Number of queries: enough for a stable recall, few enough for short turns."""


@dataclass(frozen=True)
class Contender:
    """An index, its search settings, and the filters and true answers of the queries."""

    algorithm: Algorithm | Reranked
    settings: list[Any]
    filters: FilterBatch
    truth: GroundTruth


def build(method: type[Algorithm], params: Any, data: Data) -> tuple[Algorithm, float]:
    """Build an index, and return it with the seconds that it took."""
    algorithm = method(params)
    with threadpool_limits(data.threads, "openmp"):
        started = time.perf_counter()
        algorithm.build(data)
        return algorithm, time.perf_counter() - started


def through_disk(method: type[Algorithm], params: Any, data: Data) -> Algorithm:
    """Build, save and load an index, as runs do before a search."""
    with TemporaryDirectory() as folder:
        build(method, params, data)[0].save(Path(folder))
        return method.load(Path(folder), params, data)


def curves(
    contenders: Mapping[str, Contender], vectors: NDArray[np.float32], queries: NDArray[np.float32]
) -> dict[str, pd.DataFrame]:
    """Return `recall` and `qps` of each contender at each of its settings; the time excludes preparing the filters.

    The contenders take turns on one thread; the time is the median over turns, and the answers of all turns are equal.

    Args:
        contenders: by their names.
        vectors: float32[n, d].
        queries: float32[q, d].
    """
    seconds: dict[str, list[list[float]]] = {name: [] for name in contenders}
    recalls: dict[str, list[float]] = {}
    for turn in range(TURNS):
        for name, contender in contenders.items():
            worker = LocalWorker.searching(contender.algorithm, contender.filters.attributes)
            filters = contender.filters.filters
            questions = Questions(queries, filters, np.ones(len(queries), np.bool_), len(vectors))
            with threadpool_limits(1, "openmp"):
                results = [
                    measure(
                        worker.ask, questions, asdict(setting), K, 1, latency_queries=0, timed_seconds=TIMED_SECONDS
                    )
                    for setting in contender.settings
                ]
            seconds[name].append([result.search_seconds for result in results])
            if turn == 0:
                verdicts = (
                    judge(result.passes[-1].ids[0], K, contender.truth, contender.filters, vectors, queries)
                    for result in results
                )
                recalls[name] = [float(np.nanmean(verdict.recall)) for verdict in verdicts]
    return {
        name: pd.DataFrame({"recall": recalls[name], "qps": len(queries) / np.median(seconds[name], axis=0)})
        for name in contenders
    }


def qps_at(curve: pd.DataFrame, recall: float) -> float:
    """Return the QPS at a recall, interpolating log QPS linearly between settings; NaN above the curve.

    Below the first point of the curve, its QPS hold.
    """
    curve = curve.sort_values("recall")
    return float(np.exp(np.interp(recall, curve.recall, np.log(curve.qps), right=np.nan)))
