"""From a configuration to a plan: every input is checked and every run named before any work is done."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from bench.core.cpus import allowed_cpus
from bench.core.errors import BenchError, LibraryMissing
from bench.core.filters import attributes_of
from bench.core.formats import Storage
from bench.core.method import Method
from bench.core.metrics import Metric
from bench.core.typed_json import dumps
from bench.datasets.codes import write_codes
from bench.datasets.dataset import Dataset
from bench.datasets.reduction import Searched, searched_files
from bench.datasets.subset import take_subset
from bench.results.store import Overwrite
from bench.runs.config import RunConfig
from bench.runs.description import code_digest, method_of
from bench.runs.inputs import write_inputs
from bench.system.cache import Cache
from bench.system.cgroups import cpu_limit, memory_limit
from bench.system.files import digest_of
from bench.system.folders import results_cache
from bench.system.machine import machine_id
from bench.workloads.workload import Workload

_UNLIMITED = 1 << 60


@dataclass(frozen=True)
class Plan:
    """A checked run: its inputs, its method and its names.

    Attributes:
        config: the typed configuration.
        dataset: the vectors and queries.
        workload: the filters.
        method: the method's description.
        code_digest: a digest of the code and the files that decide the method's results.
        build_params: every build parameter.
        settings: every search setting, with every search parameter.
        unsupported: why the method does not serve the workload, or None.
        threads_build: threads of the build.
        searched: the vectors and queries as the method gets them.
        codes: the folder of the vectors in the format that is searched; None where that is float32.
        inputs: the files of the items that a program reads, by their placeholders.
    """

    config: RunConfig
    dataset: Dataset
    workload: Workload
    method: Method
    code_digest: str
    build_params: dict[str, Any]
    settings: list[dict[str, Any]]
    unsupported: str | None
    threads_build: int
    searched: Searched
    codes: Path | None
    inputs: dict[str, Path] = field(default_factory=dict)

    @cached_property
    def build_id(self) -> str:
        """Names an index by everything that decides it.

        Workloads share an index that ignores attributes, or that covers attributes which the configuration names.
        """
        filtered: list[str] = []
        if self.named:
            filtered = [self.workload.attributes.digest(self.named)]
        elif self.method.depends_on_attributes:
            filtered = [self.workload.filter_type, self.workload.attributes.digest(self.workload.filtered)]
        return digest_of(
            self.dataset.digest,
            filtered,
            None if self.codes is None else self.config.storage.format,
            self.config.algorithm.target,
            self.build_params,
            self.config.shards,
            self.code_digest,
            self.config.seed,
            self.threads_build,
            machine_id(),
            *self._external,
        )

    @cached_property
    def run_id(self) -> str:
        """Names a run by everything that decides its rows, except for the repeat and the limits."""
        config = self.config
        return digest_of(
            self.build_id,
            self.dataset.name,
            self.workload.name,
            self.workload.digest,
            self.workload.control,
            config.algorithm.name,
            config.storage.format,
            None if self.codes is None else config.storage.candidates,
            self.settings,
            config.k,
            config.threads_search,
            config.latency_queries,
            config.timed_seconds,
        )

    @property
    def named(self) -> tuple[str, ...]:
        """The attributes that the configuration names for the index, sorted; empty where the workload decides."""
        return tuple(self.build_params["attributes"]) if self.method.names_attributes else ()

    @property
    def indexed(self) -> tuple[str, ...]:
        """The attributes that a build is told of, sorted."""
        return self.named or self.workload.filtered

    @property
    def _external(self) -> list[str]:
        """What a YAML file says of a program."""
        external = self.config.algorithm.external
        return [] if external is None else [dumps(external)]

    @property
    def rebuilds(self) -> bool:
        """Whether a kept index is built again."""
        return self.config.overwrite is not Overwrite.NEVER

    @property
    def memory_limit(self) -> int:
        """Bytes of memory that a worker may hold."""
        gib = self.config.limits.memory_gib
        if gib is not None:
            return int(gib * 2**30)
        return min(psutil.virtual_memory().total, memory_limit() or _UNLIMITED) * 9 // 10


def make_plan(config: RunConfig) -> Plan:
    """Check the method and its parameters, then the data, and return the plan.

    Raises:
        BenchError: something does not fit; nothing has been run, and nothing written but derived data.
    """
    cache = results_cache(config.results)
    cpus = min(len(allowed_cpus()), cpu_limit() or _UNLIMITED)
    for key, threads in (("threads_build", config.threads_build), ("threads_search", config.threads_search)):
        if threads is not None and threads > cpus:
            raise BenchError(f"{key}={threads} is out of range; there are {cpus} CPUs that this process may use")
    method = _method(config, cache)
    digest = code_digest(method)
    build_params = method.check_params("build", config.algorithm.build)
    settings = [method.check_params("search", setting) for setting in config.algorithm.settings()]
    dataset = take_subset(config.dataset.open(cache), config.subset, cache)
    if config.shards > dataset.shape[0]:
        raise BenchError(f"shards={config.shards} is out of range; there are {dataset.shape[0]} items to divide")
    workload = config.workload.open(dataset, cache)
    if method.names_attributes:
        _check_attributes(build_params["attributes"], workload)
    storage = config.storage.format
    unsupported = method.why_not(workload.filter_type, storage, dataset.metric)
    if unsupported is None and method.same_attributes:
        unsupported = _other_attributes(workload)
    if unsupported is None and method.needs_values:
        unsupported = _missing_values(workload)
    searched, codes, inputs = Searched(dataset.vectors, dataset.queries, dataset.metric), None, {}
    if unsupported is None:
        # Codes are made for squared L2.
        coded = storage is not Storage.FLOAT32 and Metric.L2 in method.metrics
        searched = searched_files(dataset, (Metric.L2,) if coded else method.metrics, cache)
        if storage is not Storage.FLOAT32:
            codes = write_codes(searched.vectors, storage, cache)
        if config.algorithm.external is not None:
            as_searched = replace(dataset, vectors=searched.vectors, queries=searched.queries)
            inputs = write_inputs(config.algorithm.external, as_searched, workload, cache)
    return Plan(
        config=config,
        dataset=dataset,
        workload=workload,
        method=method,
        code_digest=digest,
        build_params=build_params,
        settings=settings,
        unsupported=unsupported,
        threads_build=config.threads_build or cpus,
        searched=searched,
        codes=codes,
        inputs=inputs,
    )


def _check_attributes(names: list[str], workload: Workload) -> None:
    """Check that a dataset has the attributes that an index is to cover.

    Raises:
        BenchError: one of them is missing, or filters cannot test it.
    """
    for name in names:
        try:
            workload.attributes[name]
        except BenchError as error:
            raise BenchError(f"algorithm.build.attributes={names}: {error}") from error


def _other_attributes(workload: Workload) -> str | None:
    """Return which query's filter tests other attributes than the first one's, in words; None if none does."""
    first, *others = (attributes_of([filter_]) for filter_ in workload.filters)
    for query, names in enumerate(others, 1):
        if names != first:
            return (
                f"its index is over the attributes that all filters test, but query 0 tests {', '.join(first)}, "
                f"and query {query} {', '.join(names)}"
            )
    return None


def _method(config: RunConfig, cache: Cache) -> Method:
    """Return a method's description; one that serves nothing where it cannot run, or lacks a library."""
    algorithm = config.algorithm
    if algorithm.unsupported:
        return Method.undescribed(algorithm.target, algorithm.unsupported)
    if algorithm.external is not None and config.shards > 1:
        return Method.undescribed(algorithm.target, "it is a program, which gets the files of all items at once")
    try:
        return method_of(algorithm, cache, config.shards)
    except LibraryMissing as missing:
        return Method.undescribed(algorithm.target, str(missing))


def _missing_values(workload: Workload) -> str | None:
    """Return which attribute that the filters test lacks values, in words; None if none does."""
    for name in workload.filtered:
        missing = np.flatnonzero(~workload.attributes[name].present)
        if len(missing):
            return f"attribute '{name}' has no value for {len(missing)} items, the first of them {missing[0]}"
    return None
