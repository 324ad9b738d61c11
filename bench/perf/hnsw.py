"""Our HNSW beside hnswlib's and faiss's, at equal parameters: search on one thread without a filter, and building.

All three are measured through their post-filtering methods, which without a filter never widen. They take turns, and
every figure is a median over turns: on a shared machine only ratios within one run mean anything.
"""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from algorithms._hnsw import HnswBuild
from algorithms._postfilter import WideningSearch
from algorithms.base import Algorithm, Data
from algorithms.faiss_hnsw_postfilter import FaissHnswPostFilter
from algorithms.hnsw_postfilter import HnswPostFilter
from algorithms.hnswlib_postfilter import HnswlibPostFilter
from bench.attributes import Attributes
from bench.exact import exact_search
from bench.filters import Everything, FilterBatch, FilterType
from bench.metrics import judge
from bench.worker import measure

K = 10
EFS = (10, 20, 40, 80, 160, 320, 640)
RECALLS = (0.90, 0.95, 0.99)
TURNS = 3
QUERIES = 1000
"""How many queries are searched: enough for a steady recall, few enough that turns are short."""
OURS = "ours"
ENGINES: dict[str, type[Algorithm]] = {
    OURS: HnswPostFilter,
    "hnswlib": HnswlibPostFilter,
    "faiss": FaissHnswPostFilter,
}
LIBRARIES = [engine for engine in ENGINES if engine != OURS]


def search_ratios(vectors: NDArray[np.float32], queries: NDArray[np.float32]) -> pd.DataFrame:
    """Return our QPS as a ratio to each library's at equal recall@10.

    Args:
        vectors: float32[n, d].
        queries: float32[q, d].

    Returns:
        A row per recall; NaN for recalls that an engine does not reach.
    """
    filters = FilterBatch([Everything()] * len(queries), Attributes(len(vectors), {}))
    truth = exact_search(vectors, queries, filters, K)
    algorithms = {engine: _through_disk(method, vectors) for engine, method in ENGINES.items()}
    rows = []
    for _, ef, (engine, algorithm) in itertools.product(range(TURNS), EFS, algorithms.items()):
        with threadpool_limits(1, "openmp"):
            result = measure(algorithm, WideningSearch(ef), K, 1, 0, queries, [(slice(None), filters)])
        rows.append((engine, ef, result["search_seconds"], result["ids"]))
    cells = pd.DataFrame(rows, columns=["engine", "ef", "seconds", "ids"]).groupby(["engine", "ef"], as_index=False)
    curves = cells.agg(seconds=("seconds", "median"), ids=("ids", "first"))  # the same answers in every turn
    curves["qps"] = len(queries) / curves.seconds
    curves["recall"] = [judge(ids, K, truth, filters, vectors, queries).recall.mean() for ids in curves.ids]
    qps = {engine: [qps_at(curves[curves.engine == engine], recall) for recall in RECALLS] for engine in ENGINES}
    ratios = {f"/ {library}": np.divide(qps[OURS], qps[library]) for library in LIBRARIES}
    return pd.DataFrame({"measure": "HNSW search", "recall": RECALLS, "qps": qps[OURS], **ratios})


def build_ratios(vectors: NDArray[np.float32]) -> pd.DataFrame:
    """Return our build time over float32[n, d] as a ratio to each library's with as many threads: a row for 1 and 2."""
    _build(HnswPostFilter, vectors[:100], 2)  # compiles
    rows = [
        (engine, threads, _build(method, vectors, threads)[1])
        for _, threads, (engine, method) in itertools.product(range(TURNS), (1, 2), ENGINES.items())
    ]
    table = pd.DataFrame(rows, columns=["engine", "threads", "seconds"])
    seconds = table.groupby(["threads", "engine"]).seconds.median().unstack()
    ratios = {f"/ {library}": seconds[OURS] / seconds[library] for library in LIBRARIES}
    return pd.DataFrame({"measure": "HNSW build", "threads": seconds.index, "seconds": seconds[OURS], **ratios})


def _build(method: type[Algorithm], vectors: NDArray[np.float32], threads: int) -> tuple[Algorithm, float]:
    """Return a built index and how many seconds it took."""
    algorithm = method(HnswBuild())
    with threadpool_limits(threads, "openmp"):
        started = time.perf_counter()
        algorithm.build(_data(vectors, threads))
        return algorithm, time.perf_counter() - started


def _through_disk(method: type[Algorithm], vectors: NDArray[np.float32]) -> Algorithm:
    """Return an index that was saved and loaded, as a search gets it."""
    with TemporaryDirectory() as folder:
        _build(method, vectors, 2)[0].save(Path(folder))
        return method.load(Path(folder), HnswBuild(), _data(vectors, 1))


def _data(vectors: NDArray[np.float32], threads: int) -> Data:
    return Data(vectors, Attributes(len(vectors), {}), (), FilterType.NONE, threads, 0)


def qps_at(curve: pd.DataFrame, recall: float) -> float:
    """Return the QPS at a recall, interpolated between settings: log QPS over recall; NaN outside of the curve.

    Of a curve that begins above the recall the QPS of its first point is taken, which is at least that.
    """
    curve = curve.sort_values("recall")
    return float(np.exp(np.interp(recall, curve.recall, np.log(curve.qps), right=np.nan)))
