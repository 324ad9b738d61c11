"""Typed configuration: what Hydra composed becomes dataclasses, and a typo an error that names the nearest key."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from bench.core.errors import BenchError, nearest
from bench.core.formats import Storage, StorageConfig
from bench.core.paths import CONFIGS
from bench.datasets.sources import SOURCES, Source
from bench.datasets.subset import SubsetConfig
from bench.results.store import Overwrite
from bench.workloads.sources import WORKLOADS, WorkloadSource

T = TypeVar("T")


@dataclass
class AlgorithmConfig:
    """A method with its parameters, as ``configs/algorithm/*.yaml`` gives it.

    Attributes:
        name: as results and figures name it.
        target: the class, as ``module.Class``.
        build: the build parameters.
        search: the search parameters; a list is swept, several lists as their product.
        candidates: ordered lists of values for build parameters, in which `bench.tune` searches; no part of a run.
        style: how figures draw it (see `bench.reports.figures.style`); no part of a run.
    """

    name: str
    target: str
    build: dict[str, Any] = field(default_factory=dict)
    search: dict[str, Any] = field(default_factory=dict)
    candidates: dict[str, Any] = field(default_factory=dict)
    style: dict[str, Any] = field(default_factory=dict)

    def settings(self) -> list[dict[str, Any]]:
        """Return every search setting, the last parameter changing fastest."""
        choices = [value if isinstance(value, list) else [value] for value in self.search.values()]
        return [dict(zip(self.search, values, strict=True)) for values in itertools.product(*choices)]


@dataclass
class LimitsConfig:
    """What a worker may use before it is killed.

    Attributes:
        build_seconds: the time of a build.
        search_seconds: the time of one search setting.
        memory_gib: resident memory; None for nine tenths of the machine's.
    """

    build_seconds: float = 3600.0
    search_seconds: float = 600.0
    memory_gib: float | None = None


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


@dataclass
class TunerConfig:
    """The keys of ``configs/tuner/*.yaml``.

    Attributes:
        name: greedy, grid or optuna.
        recall: the recall at which the QPS are the reward.
        builds: how many builds are averaged.
        queries: how many of the dataset's first queries are searched with; reports leave them out.
        gain: the share that a greedy round must gain for another one.
        trials: how many points Optuna tries.
        keep_indexes: whether indexes that ignore attributes stay on disk for searches of other workloads and methods.
    """

    name: str
    recall: float
    builds: int
    queries: int
    gain: float
    trials: int
    keep_indexes: bool


def typed(schema: type[T], values: Any, where: str) -> T:
    """Return an instance of the dataclass `schema` with the values of a configuration node.

    Raises:
        BenchError: a key is unknown or missing, or a value is of the wrong type; names key and value.
    """
    if OmegaConf.is_config(values):
        values = OmegaConf.to_container(values, resolve=True)
    if not isinstance(values, Mapping):
        raise BenchError(f"{where} is {values!r}; it should be a group of keys")
    names = [f.name for f in dataclasses.fields(schema)]  # type: ignore[arg-type]
    for key in values:
        if key not in names:
            raise BenchError(f"{where} has no key '{key}'{nearest(key, names)}")
    for f in dataclasses.fields(schema):  # type: ignore[arg-type]
        required = f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        if required and values.get(f.name, "???") == "???":
            raise BenchError(f"{where}.{f.name} is not set; say {where}.{f.name}=VALUE")
    try:
        node = OmegaConf.merge(OmegaConf.structured(schema), dict(values))
        return OmegaConf.to_object(node)  # type: ignore[return-value]
    except OmegaConfBaseException as error:
        key = f"{where}.{error.full_key}" if error.full_key else where
        raise BenchError(f"{key}: {str(error).splitlines()[0]}") from error


def algorithm_config(name: str) -> AlgorithmConfig:
    """Return the configuration of a method, ``configs/algorithm/NAME.yaml``.

    Raises:
        BenchError: there is no such file, or a key or value in it does not fit.
    """
    path = CONFIGS / "algorithm" / f"{name}.yaml"
    if not path.exists():
        raise BenchError(f"algorithm {name} is unknown{nearest(name, [p.stem for p in path.parent.glob('*.yaml')])}")
    return typed(AlgorithmConfig, OmegaConf.load(path), name)


def source_of(node: Any, kinds: Mapping[str, type[Any]], where: str) -> Any:
    """Return the typed source that a node with a `kind` describes.

    Raises:
        BenchError: the kind is unknown, or a key or value does not fit it.
    """
    if OmegaConf.is_config(node):
        node = OmegaConf.to_container(node, resolve=True)
    values = dict(node)
    kind = values.pop("kind", None)
    if kind not in kinds:
        raise BenchError(f"{where}.kind={kind} is unknown{nearest(str(kind), kinds)}")
    return typed(kinds[kind], values, where)


def parse_run(config: DictConfig) -> RunConfig:
    """Turn the composed configuration of ``bench.run`` into its typed form.

    A preset (``+preset=NAME``) replaces build parameters of the methods that it names.

    Raises:
        BenchError: a key or value does not fit.
    """
    values: dict[str, Any] = dict(OmegaConf.to_container(config, resolve=True))  # type: ignore[arg-type]
    preset = values.pop("preset", None) or {}
    names = [f.name for f in dataclasses.fields(RunConfig)]
    for key in values:
        if key not in names:
            raise BenchError(f"no key '{key}'{nearest(key, names)}")
    for key in names:
        if values.get(key) is None and key not in ("threads_build", "tuned"):
            raise BenchError(f"{key} is not set; say {key}=VALUE")
    algorithm = typed(AlgorithmConfig, values.pop("algorithm"), "algorithm")
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
    whole = {"k": 1, "repeats": 1, "seed": 0, "threads_search": 1, "latency_queries": 0}
    if run.threads_build is not None:
        whole["threads_build"] = 1
    for key, low in whole.items():
        value = getattr(run, key)
        if type(value) is not int or value < low:
            raise BenchError(f"{key}={value!r} is out of range; it is a whole number from {low} on")
    limits = {f"limits.{key}": value for key, value in vars(run.limits).items() if value is not None}
    above_zero = {"timed_seconds": run.timed_seconds, "truth_memory_gib": run.truth_memory_gib}
    for key, value in (above_zero | limits).items():
        if type(value) not in (int, float) or value <= 0:
            raise BenchError(f"{key}={value!r} is out of range; it is a number above 0")
    if run.storage.rerank < 1:
        raise BenchError(f"storage.rerank={run.storage.rerank!r} is out of range; it is a number from 1 on")
    if type(run.dry_run) is not bool:
        raise BenchError(f"dry_run={run.dry_run!r} should be true or false")


def _storage(values: dict[str, Any]) -> StorageConfig:
    """Return the typed key `storage`; OmegaConf would want the names of its formats in capitals."""
    name = str(values.get("format", Storage.FLOAT32))
    if name not in list(Storage):
        raise BenchError(f"storage.format={name} is unknown{nearest(name, Storage)}")
    return typed(StorageConfig, values | {"format": Storage(name)}, "storage")


def _overwrite(value: str) -> Overwrite:
    try:
        return Overwrite(value)
    except ValueError:
        raise BenchError(f"overwrite={value} is unknown{nearest(value, Overwrite)}") from None
