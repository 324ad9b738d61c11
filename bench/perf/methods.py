"""The methods of our own beside unfiltered hnswlib, in one run on one search thread; and what their builds cost.

The ratio to the same engine on the same vectors is what carries over from machine to machine: a method's figures are
comparable with those of its authors' implementation, measured beside the same engine elsewhere.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from omegaconf import OmegaConf
from threadpoolctl import threadpool_limits

from algorithms._hnsw import HnswBuild
from algorithms._postfilter import WideningSearch
from algorithms.base import Algorithm, Data
from algorithms.hnswlib_postfilter import HnswlibPostFilter
from bench.attributes import Attributes
from bench.config import AlgorithmConfig, typed
from bench.errors import BenchError, nearest
from bench.exact import GroundTruth, exact_search
from bench.filters import Everything, FilterBatch, FilterType
from bench.metrics import judge
from bench.paths import CONFIGS
from bench.perf.hnsw import EFS, QUERIES, RECALLS, TURNS, qps_at
from bench.worker import load_target, measure
from bench.workloads import Workload

K = 10
_WARM_UP = 512
_PEAK = Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Contest:
    """Vectors float32[n, d] and filtered queries float32[q, d], for methods to be measured on."""

    vectors: NDArray[np.float32]
    queries: NDArray[np.float32]
    workload: Workload

    def data(self, threads: int) -> Data:
        """Return what a method is given to build with."""
        workload = self.workload
        return Data(self.vectors, workload.attributes, workload.filtered, workload.filter_type, threads, 0)

    @property
    def filters(self) -> FilterBatch:
        """The filters of the queries, one each."""
        return FilterBatch(self.workload.filters[: len(self.queries)], self.workload.attributes)


def contest(vectors: NDArray[np.float32], queries: NDArray[np.float32], workload: Workload) -> Contest:
    """Return a contest over the first of the queries: enough for a steady recall, few enough for many turns."""
    return Contest(vectors, queries[: min(QUERIES, len(workload.filters))], workload)


def configured(names: Iterable[str]) -> list[AlgorithmConfig]:
    """Return the configurations of methods.

    Raises:
        BenchError: a name has no file in ``configs/algorithm``.
    """
    known = {path.stem: path for path in sorted((CONFIGS / "algorithm").glob("*.yaml"))}
    for name in names:
        if name not in known:
            raise BenchError(f"algorithms={name} is unknown{nearest(name, known)}")
    return [typed(AlgorithmConfig, OmegaConf.load(known[name]), name) for name in names]


def search_ratios(on: Contest, configs: list[AlgorithmConfig]) -> pd.DataFrame:
    """Return each method's QPS as a ratio to unfiltered hnswlib's, M 16 and efConstruction 200, at equal recall@10.

    Each method takes turns with hnswlib. Methods that do not serve the workload are left out.

    Returns:
        A row per method: the ratio at each recall, NaN where its curve does not span it, and its highest recall.
    """
    open_ = FilterBatch([Everything()] * len(on.queries), Attributes(len(on.vectors), {}))
    truth, open_truth = (exact_search(on.vectors, on.queries, filters, K) for filters in (on.filters, open_))
    bare = Data(on.vectors, open_.attributes, (), FilterType.NONE, 2, 0)
    reference = _through_disk(HnswlibPostFilter, HnswBuild(), bare)
    efs = [WideningSearch(ef) for ef in EFS]
    rows = []
    for config in configs:
        method: type[Algorithm] = load_target(config.target)
        if method.unsupported(on.workload.filter_type, {}) is not None:
            continue
        algorithm = _through_disk(method, method.BuildParams(**config.build), on.data(2))
        settings = [method.SearchParams(**setting) for setting in config.settings()]
        turns = [(_timed(reference, efs, on, open_), _timed(algorithm, settings, on, on.filters)) for _ in range(TURNS)]
        theirs = _curve([turn[0] for turn in turns], on, open_, open_truth)
        ours = _curve([turn[1] for turn in turns], on, on.filters, truth)
        ratios = {f"at {r:.2f}": qps_at(ours, r) / qps_at(theirs, r) for r in RECALLS}
        rows.append({"method": config.name, **ratios, "highest recall": ours.recall.max()})
        print(f"{config.name}: " + " ".join(f"{c.recall:.3f}:{c.qps:.0f}" for c in ours.itertuples()), flush=True)
    return pd.DataFrame(rows)


def build_costs(on: Contest, configs: list[AlgorithmConfig]) -> pd.DataFrame:
    """Return what the builds of methods cost.

    Returns:
        A row per method: seconds with one thread and with two, their ratio, whether both gave the same bytes, the
        index size in MB, and the peak memory of the build beyond what was held, as a multiple of vectors and index.
    """
    rows = []
    for config in configs:
        method: type[Algorithm] = load_target(config.target)
        if method.unsupported(on.workload.filter_type, {}) is not None:
            continue
        params = method.BuildParams(**config.build)
        head = Attributes(
            _WARM_UP, {name: on.workload.attributes[name].head(_WARM_UP) for name in on.workload.filtered}
        )
        method(params).build(Data(on.vectors[:_WARM_UP], head, on.workload.filtered, on.workload.filter_type, 2, 0))
        one, two = (_cost(method, params, on.data(threads)) for threads in (1, 2))
        rows.append(
            {
                "method": config.name,
                "1 thread (s)": one.seconds,
                "2 threads (s)": two.seconds,
                "ratio": one.seconds / two.seconds,
                "same bytes": one.digest == two.digest,
                "index (MB)": two.size / 1e6,
                "peak / (vectors + index)": 1 + two.peak / (on.vectors.nbytes + two.size),
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
    """Build once; `peak` is in bytes beyond what was held before, `size` and `digest` are of the saved files."""
    held = _reset_peak()
    started = time.perf_counter()
    algorithm = method(params)
    algorithm.build(data)
    seconds = time.perf_counter() - started
    peak = _memory("VmHWM") - held
    digest, size = hashlib.sha256(), 0
    with TemporaryDirectory() as folder:
        algorithm.save(Path(folder))
        for path in sorted(Path(folder).iterdir()):
            digest.update(path.read_bytes())
            size += path.stat().st_size
    return _Cost(seconds, peak, size, digest.hexdigest())


def _reset_peak() -> int:
    """Make the memory that is held now the peak (Linux), and return it in bytes."""
    _PEAK.write_text("5")
    return _memory("VmRSS")


def _memory(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def _through_disk(method: type[Algorithm], params: Any, data: Data) -> Algorithm:
    """Return an index that was saved and loaded, as a search gets it."""
    algorithm = method(params)
    with TemporaryDirectory() as folder, threadpool_limits(data.threads, "openmp"):
        algorithm.build(data)
        algorithm.save(Path(folder))
        return method.load(Path(folder), params, data)


def _timed(algorithm: Algorithm, settings: list[Any], on: Contest, filters: FilterBatch) -> pd.DataFrame:
    """Search once at each setting; preparing the filters is not in `seconds`."""
    with threadpool_limits(1, "openmp"):
        results = [measure(algorithm, s, K, 1, 0, on.queries, [(slice(None), filters)]) for s in settings]
    return pd.DataFrame([{"seconds": r["search_seconds"], "ids": r["ids"]} for r in results])


def _curve(turns: list[pd.DataFrame], on: Contest, filters: FilterBatch, truth: GroundTruth) -> pd.DataFrame:
    """Return `recall` and `qps` of each setting, the median over turns; the answers are the same in every turn."""
    verdicts = (judge(ids, K, truth, filters, on.vectors, on.queries) for ids in turns[0].ids)
    seconds = np.median([turn.seconds for turn in turns], axis=0)
    return pd.DataFrame({"recall": [np.nanmean(v.recall) for v in verdicts], "qps": len(on.queries) / seconds})
