"""``python -m bench.data ACTION key=value ...``: list, download, generate, build, verify and describe datasets."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from omegaconf import DictConfig, OmegaConf

from bench.config.command import command
from bench.config.typed import source_of, typed
from bench.core.errors import BenchError, nearest
from bench.core.filters import FilterBatch, FilterType
from bench.core.paths import CONFIGS
from bench.datasets import arxiv_sim, hub
from bench.datasets.attribute_table import attribute_figures
from bench.datasets.layout import PUBLISHED_WORKLOADS, filters_file, truth_file
from bench.datasets.sources import SOURCES, ArxivSimSource, Dataset, HubSource, Source
from bench.runs.plan import results_cache
from bench.snapshot.card import MANIFEST, damaged
from bench.system.cache import Cache
from bench.workloads.ground_truth import differences, ground_truth
from bench.workloads.sources import PublishedWorkload, UnfilteredWorkload, Workload, WorkloadSource


@dataclass
class DataConfig:
    """The keys of ``configs/data.yaml`` beside `dataset`."""

    action: str
    truth_memory_gib: float
    results: str


def main(config: DictConfig) -> None:
    """Carry out one action."""
    values: dict[str, Any] = {str(key): value for key, value in config.items()}
    dataset = values.pop("dataset")
    settings = typed(DataConfig, values, "configs/data.yaml")
    if settings.action not in ACTIONS:
        raise BenchError(f"no action '{settings.action}'{nearest(settings.action, ACTIONS)}")
    if settings.action == "list":
        list_datasets()
    else:
        ACTIONS[settings.action](source_of(dataset, SOURCES, "dataset"), settings)


def list_datasets() -> None:
    """Print the configured datasets."""
    for path in sorted((CONFIGS / "dataset").glob("*.yaml")):
        node: Any = OmegaConf.load(path)
        comment = path.read_text().splitlines()[0].lstrip("# ")
        print(f"{path.stem:14} {_state(node):28} {comment}")


def _state(node: DictConfig) -> str:
    if OmegaConf.missing_keys(node):
        return f"needs {', '.join(f'dataset.{key}' for key in sorted(OmegaConf.missing_keys(node)))}"
    source = source_of(node, SOURCES, "dataset")
    if isinstance(source, HubSource):
        return "here" if hub.is_complete(source.folder) else f"not here ({source.bytes / 1e9:.1f} GB)"
    return "here" if source.folder.exists() else "generated on first use"


def download(source: Source, settings: DataConfig) -> None:
    """Fetch a published dataset."""
    if not isinstance(source, HubSource):
        raise BenchError(f"dataset '{source.name}' is not downloaded; download dataset=arxiv-small, -medium or -large")
    hub.download(source.repo, source.revision, source.folder)
    print(f"{source.name} is in {source.folder}")


def generate(source: Source, settings: DataConfig) -> None:
    """Make arxiv-sim at a size."""
    if not isinstance(source, ArxivSimSource):
        raise BenchError(f"dataset '{source.name}' is not generated; generate dataset=arxiv-sim")
    source.open(results_cache(Path(settings.results)))
    print(f"{source.name} is in {source.folder}")


def verify(source: Source, settings: DataConfig) -> None:
    """Check every file of a dataset, and published answers against our own."""
    if isinstance(source, HubSource):
        hub.verify(source.folder)
    cache = results_cache(Path(settings.results))
    dataset = source.open(cache)
    n, dim = dataset.shape
    print(f"{n:,} items and {dataset.number_of_queries:,} queries of {dim} dimensions, all finite")
    if dataset.attributes:
        print(f"{len(dataset.open_attributes().kinds)} attributes of {n:,} items")
    if dataset.folder and (dataset.folder / MANIFEST).exists():
        if broken := damaged(dataset.folder):
            raise BenchError(f"{dataset.folder}: {', '.join(broken)} not as {MANIFEST} says; build the dataset again")
        print(f"all files are as {MANIFEST} says")
    wrong = 0
    for workload in _published(dataset, cache):
        answers = dataset.folder / truth_file(workload.filter_type) if dataset.folder else None
        if answers is None or not answers.exists():
            print(f"{workload.name:5} {len(workload.filters):,} queries, no published answers")
            continue
        truth = ground_truth(dataset, workload, cache, memory=int(settings.truth_memory_gib * 2**30))
        differing = differences(truth, dataset, workload)
        wrong += len(differing)
        said = f"differ from our own in {len(differing):,}" if len(differing) else "equal our own"
        print(f"{workload.name:5} {len(workload.filters):,} queries, published answers {said}")
    if wrong:
        raise BenchError(f"{dataset.folder}: published answers of {wrong} queries are not the nearest items that match")


def describe(source: Source, settings: DataConfig) -> None:
    """Print figures of attributes, selectivities and vectors."""
    cache = results_cache(Path(settings.results))
    dataset = source.open(cache)
    attributes = dataset.open_attributes()
    print(attribute_figures(attributes).to_string(index=False))
    rows = [{"workload": workload.name, **_selectivities(workload)} for workload in _published(dataset, cache)]
    print(f"\nselectivity, percentiles over queries\n{pd.DataFrame(rows).round(4).to_string(index=False)}")
    if dataset.folder:
        figures = arxiv_sim.describe(dataset.folder).replace({None: ""})
        print(f"\nbeside real abstracts\n{figures.round(4).to_string(index=False, na_rep='')}")


def _selectivities(workload: Workload) -> dict[str, float]:
    filters = FilterBatch(workload.filters, workload.attributes)
    shares = filters.matches[filters.index] / workload.attributes.n
    return {f"p{p}": float(np.percentile(shares, p)) for p in (1, 10, 50, 90, 99)}


def _published(dataset: Dataset, cache: Cache) -> list[Workload]:
    """Open the workloads that come with a dataset, and the one without a filter."""
    sources: list[WorkloadSource] = [UnfilteredWorkload("none")]
    for filter_type in PUBLISHED_WORKLOADS:
        if dataset.folder and (dataset.folder / filters_file(filter_type)).exists():
            sources.append(PublishedWorkload(filter_type.lower(), FilterType(filter_type)))
    return [source.open(dataset, cache) for source in sources]


ACTIONS: dict[str, Callable[..., None]] = {
    "list": list_datasets,
    "download": download,
    "generate": generate,
    "verify": verify,
    "describe": describe,
}


def _build(config: DictConfig) -> None:
    try:
        from bench.snapshot.make import main as build
    except ImportError as error:
        raise BenchError(f"building needs {error.name}: pip install 'fanns-bench[build]'") from error
    build(config)


def entry() -> None:
    """Run the command; its first word is the action. Building has a configuration of its own."""
    if sys.argv[1:2] == ["build"]:
        del sys.argv[1]
        command("build", _build)
        return
    if len(sys.argv) > 1 and "=" not in sys.argv[1] and not sys.argv[1].startswith("-"):
        sys.argv[1] = f"action={sys.argv[1]}"
    command("data", main)


if __name__ == "__main__":
    entry()
