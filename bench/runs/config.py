"""Everything that decides a run, as typed configuration."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from bench.config.algorithm import AlgorithmConfig
from bench.config.typed import source_of, typed
from bench.core.errors import BenchError, suggestion
from bench.core.formats import Storage
from bench.datasets.sources import SOURCES, Source
from bench.datasets.subset import SubsetConfig
from bench.results.store import Overwrite
from bench.workloads.sources import WORKLOADS, WorkloadSource


@dataclass
class StorageConfig:
    """The key `storage` of ``configs/run.yaml``.

    Attributes:
        format: the format of the vectors that the method searches.
        rerank: how many candidates per answer are ranked by exact distances, at least 1; ignored for float32. None
            for as many as the format needs.
    """

    format: Storage = Storage.FLOAT32
    rerank: float | None = None

    @property
    def candidates(self) -> float:
        """How many candidates per answer are ranked by exact distances."""
        return self.format.rerank if self.rerank is None else self.rerank


@dataclass
class LimitsConfig:
    """What a worker may use; one that uses more is killed.

    Attributes:
        build_seconds: the time of a build.
        search_seconds: the time of one search setting.
        memory_gib: memory of the worker and all that it starts; None for nine tenths of the machine's.
        writable: folders that a method may write to, besides that of its index and temporary ones.
    """

    build_seconds: float = 3600.0
    search_seconds: float = 600.0
    memory_gib: float | None = None
    writable: list[str] = field(default_factory=list)


@dataclass
class RunConfig:
    """Everything that decides a run; see ``configs/run.yaml`` for the meaning of each key."""

    dataset: Source
    subset: SubsetConfig
    storage: StorageConfig
    workload: WorkloadSource
    algorithm: AlgorithmConfig
    limits: LimitsConfig
    k: int
    repeats: int
    seed: int
    threads_build: int | None
    threads_search: int
    latency_queries: int
    timed_seconds: float
    truth_memory_gib: float
    tuned: str | None
    overwrite: Overwrite
    dry_run: bool
    results: Path
    originals: str = "originals"
    shards: int = 1


def parse_run(config: DictConfig) -> RunConfig:
    """Turn the composed configuration of ``bench.run`` into its typed form.

    A preset (``+preset=NAME``) replaces build parameters of the methods that it names; its key `filter_type` says for
    which filters they were searched.

    Raises:
        BenchError: a key or value does not fit.
    """
    values: dict[str, Any] = dict(OmegaConf.to_container(config, resolve=True))  # type: ignore[arg-type]
    preset = values.pop("preset", None) or {}
    names = [f.name for f in dataclasses.fields(RunConfig)]
    for key in values:
        if key not in names:
            raise BenchError(f"no key '{key}'{suggestion(key, names)}")
    for key in names:
        if values.get(key) is None and key not in ("threads_build", "tuned"):
            raise BenchError(f"{key} is not set; set {key}=VALUE")
    algorithm = typed(AlgorithmConfig, values.pop("algorithm"), "algorithm")
    algorithm.check()
    algorithm.build |= preset.get(algorithm.name, {})
    run = RunConfig(
        dataset=source_of(values.pop("dataset"), SOURCES, "dataset"),
        subset=typed(SubsetConfig, values.pop("subset"), "subset"),
        storage=_storage(values.pop("storage")),
        workload=source_of(values.pop("workload"), WORKLOADS, "workload"),
        algorithm=algorithm,
        limits=typed(LimitsConfig, values.pop("limits"), "limits"),
        overwrite=_overwrite(values.pop("overwrite")),
        results=Path(values.pop("results")),
        **values,
    )
    _check_values(run)
    return run


def _check_values(run: RunConfig) -> None:
    whole = {"k": 1, "repeats": 1, "seed": 0, "threads_search": 1, "latency_queries": 0, "shards": 1}
    if run.threads_build is not None:
        whole["threads_build"] = 1
    for key, low in whole.items():
        value = getattr(run, key)
        if type(value) is not int or value < low:
            raise BenchError(f"{key}={value!r} is out of range; it is a whole number, at least {low}")
    limits = {
        f"limits.{key}": value
        for key, value in vars(run.limits).items()
        if type(value) is not list and value is not None
    }
    above_zero = {"timed_seconds": run.timed_seconds, "truth_memory_gib": run.truth_memory_gib}
    for key, value in (above_zero | limits).items():
        if type(value) not in (int, float) or not 0 < value < math.inf:
            raise BenchError(f"{key}={value!r} is out of range; it is a finite number above 0")
    if not 1 <= run.storage.candidates < math.inf:
        raise BenchError(f"storage.rerank={run.storage.rerank!r} is out of range; it is a finite number, at least 1")
    if type(run.dry_run) is not bool:
        raise BenchError(f"dry_run={run.dry_run!r} should be true or false")


def _storage(values: dict[str, Any]) -> StorageConfig:
    """Return the typed key `storage`; OmegaConf would expect the names of the formats in capitals."""
    name = str(values.get("format", Storage.FLOAT32))
    if name not in list(Storage):
        raise BenchError(f"storage.format={name} is unknown{suggestion(name, Storage)}")
    return typed(StorageConfig, values | {"format": Storage(name)}, "storage")


def _overwrite(value: str) -> Overwrite:
    try:
        return Overwrite(value)
    except ValueError:
        raise BenchError(f"overwrite={value} is unknown{suggestion(value, Overwrite)}") from None
