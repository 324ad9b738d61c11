"""Our methods against unfiltered hnswlib, in one run on one search thread, and the costs of their builds.

The ratio to the same engine on the same vectors carries over from machine to machine. So our figures can be compared
with those of the authors' implementation, measured against that engine elsewhere.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algorithms.base import Algorithm, Data
from algorithms.baselines.hnswlib import HnswlibPostFilter
from algorithms.loading import load_target
from bench.config.algorithm import AlgorithmConfig
from bench.core.masks import FilterBatch
from bench.measuring.serving import warm_up_build
from bench.perf.hnsw import unfiltered
from bench.perf.turns import QUERIES, RECALLS, Contender, K, build, curves, qps_at, through_disk
from bench.truth.search import exact_search
from bench.workloads.workload import Workload

_PEAK = Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Contest:
    """Vectors float32[n, d] and filtered queries float32[q, d], to measure methods on."""

    vectors: NDArray[np.float32]
    queries: NDArray[np.float32]
    workload: Workload

    def data(self, threads: int) -> Data:
        """Return the data for a build."""
        workload = self.workload
        return Data(self.vectors, workload.attributes, workload.filtered, workload.filter_type, threads, 0)

    def methods(self, configs: list[AlgorithmConfig]) -> Iterator[tuple[AlgorithmConfig, type[Algorithm], Any]]:
        """Yield the methods that serve the workload, with their build parameters."""
        for config in configs:
            method = load_target(config.target)
            if method.unsupported(self.workload.filter_type) is None:
                yield config, method, method.BuildParams(**config.build)


def contest(vectors: NDArray[np.float32], queries: NDArray[np.float32], workload: Workload) -> Contest:
    """Return a contest over the first `QUERIES` of the queries."""
    return Contest(vectors, queries[workload.rows][:QUERIES], workload)


def search_ratios(on: Contest, configs: list[AlgorithmConfig]) -> pd.DataFrame:
    """Return the ratio of QPS of each method to unfiltered hnswlib, M 16 and efConstruction 200, at equal recall@10.

    Each method alternates with hnswlib; its curve is printed. Methods that do not serve the workload are skipped.

    Returns:
        A row per method: the ratio at each recall, NaN if either does not reach it, and its highest recall.
    """
    filters = FilterBatch(on.workload.filters[: len(on.queries)], on.workload.attributes)
    truth = exact_search(on.vectors, on.queries, filters, K)
    reference = unfiltered(HnswlibPostFilter, on.vectors, on.queries)
    rows = []
    for config, method, params in on.methods(configs):
        settings = [method.SearchParams(**setting) for setting in config.settings()]
        ours = Contender(through_disk(method, params, on.data(2)), settings, filters, truth)
        curve_of = curves({"hnswlib": reference, config.name: ours}, on.vectors, on.queries)
        curve, theirs = curve_of[config.name], curve_of["hnswlib"]
        ratios = {f"at {r:.2f}": qps_at(curve, r) / qps_at(theirs, r) for r in RECALLS}
        rows.append({"method": config.name, **ratios, "highest recall": curve.recall.max()})
        print(f"{config.name}: " + " ".join(f"{p.recall:.3f}:{p.qps:.0f}" for p in curve.itertuples()), flush=True)
    return pd.DataFrame(rows)


def build_costs(on: Contest, configs: list[AlgorithmConfig]) -> pd.DataFrame:
    """Return the costs of the builds of the methods that serve the workload.

    Returns:
        A row per method: seconds with one thread and with two, their ratio, whether both gave the same bytes, the
        index size in MB, and the peak memory of vectors and build, as a multiple of vectors and index.
    """
    rows = []
    for config, method, params in on.methods(configs):
        warm_up_build(method, params, on.data(2))
        one, two = (_cost(method, params, on.data(threads)) for threads in (1, 2))
        rows.append(
            {
                "method": config.name,
                "1 thread (s)": one.seconds,
                "2 threads (s)": two.seconds,
                "ratio": one.seconds / two.seconds,
                "same bytes": one.digest == two.digest,
                "index (MB)": two.size / 1e6,
                "peak / (vectors + index)": (on.vectors.nbytes + two.peak) / (on.vectors.nbytes + two.size),
            }
        )
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class _Cost:
    seconds: float
    peak: int
    size: int
    digest: str


def _cost(method: type[Algorithm], params: Any, data: Data) -> _Cost:
    """Build once; `peak` is the additional memory in bytes, `size` and `digest` are those of the saved files."""
    gc.collect()  # else the memory of an earlier index could be reused, and would not be counted
    before = reset_peak()
    algorithm, seconds = build(method, params, data)
    peak = _memory("VmHWM") - before
    digest, size = hashlib.sha256(), 0
    with TemporaryDirectory() as folder:
        algorithm.save(Path(folder))
        for path in sorted(Path(folder).iterdir()):
            digest.update(path.read_bytes())
            size += path.stat().st_size
    return _Cost(seconds, peak, size, digest.hexdigest())


def reset_peak() -> int:
    """Reset the peak memory of this process to its current memory (Linux), and return that in bytes."""
    _PEAK.write_text("5")
    return _memory("VmRSS")


def _memory(field: str) -> int:
    """Return a field of the status of this process, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))
