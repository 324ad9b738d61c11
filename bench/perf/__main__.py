"""``python -m bench.perf``: measure the harness and the kernels, as ratios within one run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from omegaconf import DictConfig

from bench.config.algorithm import AlgorithmConfig, algorithm_config
from bench.config.command import command
from bench.config.typed import source_of, typed
from bench.core.errors import BenchError, suggestion
from bench.core.filters import Everything
from bench.core.masks import FilterBatch
from bench.datasets.dataset import Dataset, load_rows
from bench.datasets.sources import SOURCES
from bench.perf import distances, harness, hnsw, methods, out_of_core, redraw
from bench.perf import formats as storage
from bench.perf import ray as ray_workers
from bench.perf.turns import QUERIES
from bench.system.folders import results_cache
from bench.system.machine import machine_id, noise
from bench.workloads.sources import WORKLOADS
from bench.workloads.workload import Workload


@dataclass
class PerfConfig:
    """The keys of ``configs/perf.yaml``, which explains them, except for `dataset` and `workload`."""

    measure: list[str]
    algorithms: list[str]
    gib: float
    truth_memory_gib: float
    results: str


@dataclass(frozen=True)
class Subject:
    """What is measured; only the measures of methods use the filters of the workload."""

    dataset: Dataset
    workload: Workload
    algorithms: list[AlgorithmConfig]
    options: PerfConfig

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        """float32[n, d]."""
        return load_rows(self.dataset.vectors)

    @cached_property
    def queries(self) -> NDArray[np.float32]:
        """float32[q, d]."""
        return load_rows(self.dataset.queries)

    @property
    def contest(self) -> methods.Contest:
        """The vectors and the filtered queries of the workload."""
        return methods.contest(self.vectors, self.queries, self.workload)


def ground_truth(on: Subject) -> pd.DataFrame:
    """Measure ground truth without a filter."""
    filters = FilterBatch([Everything()] * len(on.queries), on.dataset.open_attributes())
    return harness.ground_truth_rate(on.vectors, on.queries, filters)


MEASURES: dict[str, Callable[[Subject], pd.DataFrame]] = {
    "ground_truth": ground_truth,
    "overhead": lambda on: harness.overhead(on.vectors, on.queries),
    "hnsw_search": lambda on: hnsw.search_ratios(on.vectors, on.queries[:QUERIES]),
    "hnsw_build": lambda on: hnsw.build_ratios(on.vectors),
    "distance": lambda on: distances.nanoseconds(),
    "storage": lambda on: storage.ratios(on.vectors, on.queries[:QUERIES]),
    "out_of_core": lambda on: out_of_core.rates(
        Path(on.options.results) / "out_of_core", on.options.gib, int(on.options.truth_memory_gib * 2**30)
    ),
    "ray_workers": lambda on: ray_workers.ratio(Path(on.options.results) / "ray_workers"),
    "redraw": lambda on: redraw.seconds(Path(on.options.results) / "redraw", on.algorithms),
    "methods_search": lambda on: methods.search_ratios(on.contest, on.algorithms),
    "methods_build": lambda on: methods.build_costs(on.contest, on.algorithms),
}


def main(config: DictConfig) -> None:
    """Make the requested measurements."""
    values: dict[str, Any] = {str(key): value for key, value in config.items()}
    source = source_of(values.pop("dataset"), SOURCES, "dataset")
    workload_source = source_of(values.pop("workload"), WORKLOADS, "workload")
    options = typed(PerfConfig, values, "configs/perf.yaml")
    for name in options.measure:
        if name not in MEASURES:
            raise BenchError(f"measure={name} is unknown{suggestion(name, MEASURES)}")
    algorithms = [algorithm_config(name) for name in options.algorithms]
    cache = results_cache(Path(options.results))
    dataset = source.open(cache)
    subject = Subject(dataset, workload_source.open(dataset, cache), algorithms, options)
    print(f"{dataset.name}, {dataset.shape[0]:,} x {dataset.shape[1]}, {subject.workload.name}, on {machine_id()}")
    for warning in noise():
        print(f"warning: {warning}", file=sys.stderr)
    for name in options.measure:
        print(f"\n{MEASURES[name](subject).to_string(index=False, float_format='{:.4g}'.format)}", flush=True)


if __name__ == "__main__":
    command("perf", main)
