"""Checking a dataset whole, and profiling it: what ``python -m bench.data verify`` and ``describe`` print."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from bench.core.errors import BenchError
from bench.core.filters import FilterType
from bench.core.masks import FilterBatch
from bench.datasets import arxiv_sim
from bench.datasets.attribute_table import attribute_figures
from bench.datasets.dataset import Dataset
from bench.datasets.layout import PUBLISHED_WORKLOADS, filters_file, truth_file
from bench.datasets.manifest import MANIFEST, damaged
from bench.system.cache import Cache
from bench.workloads.ground_truth import differences, ground_truth
from bench.workloads.sources import PublishedWorkload, UnfilteredWorkload, WorkloadSource
from bench.workloads.workload import Workload


def verify_dataset(dataset: Dataset, cache: Cache, memory: int) -> Iterator[str]:
    """Check every file of a dataset, and published answers against our own; yield a line for each check.

    Args:
        dataset: opened, so that its vectors are known to be finite.
        cache: holds ground truth.
        memory: bytes that computing ground truth may use.

    Raises:
        BenchError: a file is not as the manifest says, or published answers are not the nearest matching items.
    """
    n, dim = dataset.shape
    yield f"{n:,} items and {dataset.number_of_queries:,} queries of {dim} dimensions, all finite"
    if dataset.attributes:
        yield f"{len(dataset.open_attributes().kinds)} attributes of {n:,} items"
    if dataset.folder and (dataset.folder / MANIFEST).exists():
        if broken := damaged(dataset.folder):
            raise BenchError(f"{dataset.folder}: {', '.join(broken)} not as {MANIFEST} says; build the dataset again")
        yield f"all files are as {MANIFEST} says"
    wrong = 0
    for workload in _published_workloads(dataset, cache):
        answers = dataset.folder / truth_file(workload.filter_type) if dataset.folder else None
        if answers is None or not answers.exists():
            yield f"{workload.name:5} {len(workload.filters):,} queries, no published answers"
            continue
        differing = differences(ground_truth(dataset, workload, cache, memory=memory), dataset, workload)
        wrong += len(differing)
        outcome = f"differ from our own in {len(differing):,}" if len(differing) else "equal our own"
        yield f"{workload.name:5} {len(workload.filters):,} queries, published answers {outcome}"
    if wrong:
        raise BenchError(f"{dataset.folder}: published answers of {wrong} queries are not the nearest items that match")


def profile_dataset(dataset: Dataset, cache: Cache) -> Iterator[str]:
    """Yield tables of a dataset's attributes, of its workloads' selectivities, and of what real abstracts have."""
    yield attribute_figures(dataset.open_attributes()).to_string(index=False)
    rows = [
        {"workload": workload.name, **selectivity_percentiles(workload)}
        for workload in _published_workloads(dataset, cache)
    ]
    yield f"\nselectivity, percentiles over queries\n{pd.DataFrame(rows).round(4).to_string(index=False)}"
    if dataset.folder:
        figures = arxiv_sim.describe(dataset.folder).replace({None: ""})
        yield f"\nbeside real abstracts\n{figures.round(4).to_string(index=False, na_rep='')}"


def selectivity_percentiles(workload: Workload) -> dict[str, float]:
    """Return percentiles over queries of the fraction of items that pass, by their names."""
    filters = FilterBatch(workload.filters, workload.attributes)
    fractions = filters.matches[filters.index] / workload.attributes.n
    return {f"p{p}": float(np.percentile(fractions, p)) for p in (1, 10, 50, 90, 99)}


def _published_workloads(dataset: Dataset, cache: Cache) -> list[Workload]:
    """Open the workload without a filter, and those that come with a dataset."""
    sources: list[WorkloadSource] = [UnfilteredWorkload("none")]
    for filter_type in PUBLISHED_WORKLOADS:
        if dataset.folder and (dataset.folder / filters_file(filter_type)).exists():
            sources.append(PublishedWorkload(filter_type.lower(), FilterType(filter_type)))
    return [source.open(dataset, cache) for source in sources]
