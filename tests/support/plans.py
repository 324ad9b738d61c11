"""Plans of runs over the small dataset; methods are described in this process, not in a child."""

from __future__ import annotations

import importlib
import os
from functools import cache as once
from pathlib import Path
from typing import Any

from algorithms.loading import load_target
from bench.config.algorithm import AlgorithmConfig
from bench.core.formats import Storage
from bench.core.leaf import FilterType
from bench.core.method import Method
from bench.core.typed_json import dumps, loads
from bench.datasets.codes import write_codes
from bench.datasets.dataset import Dataset
from bench.datasets.reduction import searched_files
from bench.datasets.sources import LayoutSource
from bench.datasets.subset import SubsetConfig
from bench.measuring.serving import description
from bench.results.store import Overwrite
from bench.runs.config import LimitsConfig, RunConfig, StorageConfig
from bench.runs.description import code_digest
from bench.runs.plan import Plan
from bench.system.cache import Cache
from bench.workloads.sources import PublishedWorkload, WorkloadSource

EM = PublishedWorkload("em", FilterType.EM)


@once
def described(target: str) -> Method:
    """Return what `bench.runs.description.method_of` returns."""
    method = load_target(target)
    if method.info.compiled:
        importlib.import_module("algorithms.kernels.compiled")  # as workers do
    return loads(Method, dumps(description(target, method)))


def plan_of(
    name: str,
    dataset: Dataset,
    cache: Cache,
    *,
    source: WorkloadSource = EM,
    efforts: tuple[int, ...] = (0,),
    k: int = 10,
    seconds: float = 60.0,
    memory_gib: float | None = None,
    latency_queries: int = 2,
    storage: Storage = Storage.FLOAT32,
    overwrite: Overwrite = Overwrite.NEVER,
    build: dict[str, Any] | None = None,
) -> Plan:
    """Return the plan of a method of `tests.support.adversarial` at some settings of `effort`."""
    target = f"tests.support.adversarial.{name}"
    method = described(target)
    marks = os.environ.get("MARKS")
    writable = [str(Path(marks).parent)] if marks else []
    search: dict[str, Any] = {"effort": list(efforts)}
    config = RunConfig(
        dataset=LayoutSource(dataset.name, str(dataset.folder)),
        subset=SubsetConfig(),
        storage=StorageConfig(storage),
        workload=source,
        algorithm=AlgorithmConfig(name, target, build or {}, search),
        limits=LimitsConfig(seconds, seconds, memory_gib, writable),
        k=k,
        repeats=1,
        seed=0,
        threads_build=1,
        threads_search=1,
        latency_queries=latency_queries,
        timed_seconds=0.1,
        truth_memory_gib=1.0,
        tuned=None,
        overwrite=overwrite,
        dry_run=False,
        results=Path(),
    )
    workload = source.open(dataset, cache)
    settings = [method.check_params("search", setting) for setting in config.algorithm.settings()]
    reason = method.unsupported[workload.filter_type]
    params, digest = method.check_params("build", config.algorithm.build), code_digest(method)
    codes = None if storage is Storage.FLOAT32 else write_codes(dataset.vectors, storage, cache)
    searched = searched_files(dataset, method.metrics, cache)
    return Plan(config, dataset, workload, method, digest, params, settings, reason, 1, searched, codes)
