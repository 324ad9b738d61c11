"""``python -m bench.perf``: print what the harness costs and what the kernels are worth, as ratios within one run."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import DictConfig

from bench.cli import command
from bench.config import source_of, typed
from bench.datasets import SOURCES, Dataset, load_rows
from bench.errors import BenchError, nearest
from bench.filters import Everything, FilterBatch
from bench.perf import harness, hnsw
from bench.plan import results_cache
from bench.provenance import machine_id, noise


@dataclass
class PerfConfig:
    """The keys of ``configs/perf.yaml`` beside `dataset`."""

    measure: list[str]
    results: str


def ground_truth(dataset: Dataset) -> pd.DataFrame:
    """Measure ground truth without a filter."""
    attributes = dataset.open_attributes()
    filters = FilterBatch([Everything()] * dataset.number_of_queries, attributes)
    return harness.ground_truth_rate(load_rows(dataset.vectors), load_rows(dataset.queries), filters)


def overhead(dataset: Dataset) -> pd.DataFrame:
    """Measure what the harness adds to a search."""
    return harness.overhead(load_rows(dataset.vectors), load_rows(dataset.queries))


def hnsw_search(dataset: Dataset) -> pd.DataFrame:
    """Measure the search of our HNSW beside the libraries'."""
    return hnsw.search_ratios(load_rows(dataset.vectors), load_rows(dataset.queries)[: hnsw.QUERIES])


def hnsw_build(dataset: Dataset) -> pd.DataFrame:
    """Measure the build of our HNSW beside the libraries'."""
    return hnsw.build_ratios(load_rows(dataset.vectors))


MEASURES = {
    "ground_truth": ground_truth,
    "overhead": overhead,
    "hnsw_search": hnsw_search,
    "hnsw_build": hnsw_build,
}


def main(config: DictConfig) -> None:
    """Make the measurements that are asked for."""
    values: dict[str, Any] = {str(key): value for key, value in config.items()}
    source = source_of(values.pop("dataset"), SOURCES, "dataset")
    settings = typed(PerfConfig, values, "configs/perf.yaml")
    for name in settings.measure:
        if name not in MEASURES:
            raise BenchError(f"measure={name} is unknown{nearest(name, MEASURES)}")
    dataset = source.open(results_cache(Path(settings.results)))
    print(f"{dataset.name}, {dataset.shape[0]:,} x {dataset.shape[1]}, on {machine_id()}")
    for warning in noise():
        print(f"warning: {warning}", file=sys.stderr)
    for name in settings.measure:
        print(f"\n{MEASURES[name](dataset).to_string(index=False, float_format='{:.4g}'.format)}", flush=True)


if __name__ == "__main__":
    command("perf", main)
