"""Plans of runs over the small dataset; methods are described in this process, not in a child."""

from __future__ import annotations

from functools import cache as once
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.config.algorithm import AlgorithmConfig
from bench.core.filters import FilterType
from bench.core.method import Method
from bench.core.typed_json import loads
from bench.datasets.dataset import Dataset
from bench.datasets.sources import LayoutSource
from bench.datasets.subset import SubsetConfig
from bench.results.store import Overwrite
from bench.runs import worker
from bench.runs.config import LimitsConfig, RunConfig, StorageConfig
from bench.runs.description import code_digest
from bench.runs.plan import Plan
from bench.runs.task import DESCRIPTION_FILE
from bench.system.cache import Cache
from bench.workloads.sources import PublishedWorkload, WorkloadSource

EM = PublishedWorkload("em", FilterType.EM)


@once
def described(target: str) -> Method:
    """Return what `bench.runs.description.method_of` returns."""
    with TemporaryDirectory() as name:
        worker.describe(target, Path(name))
        return loads(Method, (Path(name) / DESCRIPTION_FILE).read_text())


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
    overwrite: Overwrite = Overwrite.NEVER,
) -> Plan:
    """Return the plan of a method of `tests.support.adversarial` at some settings of `effort`."""
    target = f"tests.support.adversarial.{name}"
    method = described(target)
    search: dict[str, Any] = {"effort": list(efforts)}
    config = RunConfig(
        dataset=LayoutSource(dataset.name, str(dataset.folder)),
        subset=SubsetConfig(),
        storage=StorageConfig(),
        workload=source,
        algorithm=AlgorithmConfig(name, target, {}, search),
        limits=LimitsConfig(seconds, seconds, memory_gib),
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
    params, digest = method.check_params("build", {}), code_digest(method)
    return Plan(config, dataset, workload, method, digest, params, settings, reason, 1, None)
