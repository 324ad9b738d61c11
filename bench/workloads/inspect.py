"""Check and describe a dataset: what ``python -m bench.data verify`` and ``describe`` print."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from bench.core.errors import BenchError
from bench.core.filter_json import to_json
from bench.core.fitting import as_given
from bench.core.leaf import FilterType
from bench.datasets import arxiv_sim
from bench.datasets.attribute_table import summarise_attributes
from bench.datasets.dataset import Dataset
from bench.datasets.layout import PUBLISHED_WORKLOADS, filters_file
from bench.datasets.manifest import MANIFEST, damaged_files
from bench.datasets.selectivity import percentiles
from bench.system.cache import Cache
from bench.workloads.difficulty import difficulty
from bench.workloads.ground_truth import differences, ground_truth
from bench.workloads.sources import GivenWorkload, PublishedWorkload, UnfilteredWorkload, WorkloadSource
from bench.workloads.workload import Workload

_K = 10
"""The answers per query for which relevance and hardness are given."""


def verify_dataset(dataset: Dataset, given: WorkloadSource | None, cache: Cache, memory: int) -> Iterator[str]:
    """Check every file of a dataset, and its published answers against exact ones; yield a line for each check.

    Args:
        dataset: an opened dataset, whose vectors are therefore finite.
        given: a workload to check beside those that come with the dataset.
        cache: keeps the exact answers.
        memory: bytes that computing them may use.

    Raises:
        BenchError: a file differs from the manifest, or published answers are not the nearest matching items.
    """
    n, dim = dataset.shape
    yield f"{n:,} items and {dataset.number_of_queries:,} queries of {dim} dimensions, all finite"
    if dataset.attributes:
        attributes = dataset.open_attributes()
        others = len(attributes.names) - len(attributes.kinds)
        yield f"{len(attributes.kinds)} attributes of {n:,} items{_other_columns(others)}"
    if dataset.folder and (dataset.folder / MANIFEST).exists():
        if damaged := damaged_files(dataset.folder):
            raise BenchError(
                f"{dataset.folder}: {', '.join(damaged)} missing or different from {MANIFEST}; build the dataset again"
            )
        yield f"all files match {MANIFEST}"
    wrong = 0
    for workload in _workloads(dataset, given, cache):
        if workload.answers is None:
            yield f"{workload.name:5} {len(workload.filters):,} queries, no published answers"
            continue
        differing = differences(ground_truth(dataset, workload, cache, memory=memory), dataset, workload)
        wrong += len(differing)
        outcome = f"differ from the exact ones in {len(differing):,}" if len(differing) else "are exact"
        yield f"{workload.name:5} {len(workload.filters):,} queries, published answers {outcome}"
    if wrong:
        raise BenchError(f"{dataset.name}: published answers of {wrong} queries are not the nearest matching items")


def _other_columns(number: int) -> str:
    return f"; filters cannot test {number} other column{'s' if number > 1 else ''}" if number else ""


def profile_dataset(dataset: Dataset, given: WorkloadSource | None, cache: Cache, memory: int) -> Iterator[str]:
    """Yield tables of the attributes, of workloads and how hard they are, and of a comparison with real abstracts.

    Args:
        dataset: an opened dataset.
        given: a workload to describe beside those that come with the dataset.
        cache: keeps the exact answers.
        memory: bytes that computing them may use.

    Raises:
        BenchError: the workload does not fit the dataset.
    """
    yield summarise_attributes(dataset.open_attributes()).to_string(index=False)
    workloads = _workloads(dataset, given, cache)
    yield f"\nfilters\n{pd.DataFrame([_in_words(workload) for workload in workloads]).to_string(index=False)}"
    for quantity, rows in _quantities(dataset, workloads, cache, memory).items():
        yield f"\n{quantity}, percentiles over queries\n{pd.DataFrame(rows).round(4).to_string(index=False)}"
    if dataset.folder:
        figures = arxiv_sim.compare(dataset.folder).replace({None: ""})
        yield f"\ncompared with real abstracts\n{figures.round(4).to_string(index=False, na_rep='')}"


def _in_words(workload: Workload) -> dict[str, object]:
    return {
        "workload": workload.name,
        "queries": len(workload.filters),
        "type": str(workload.filter_type),
        "first": to_json(as_given(workload.filters[0], workload.attributes)),
    }


def _quantities(
    dataset: Dataset, workloads: list[Workload], cache: Cache, memory: int
) -> dict[str, list[dict[str, str | float]]]:
    """Return percentiles of selectivity, relevance and hardness, a line per workload."""
    lines: dict[str, list[dict[str, str | float]]] = {}
    for workload in workloads:
        truth = ground_truth(dataset, workload, cache, memory=memory)
        hard = difficulty(dataset, workload, truth, cache, k=_K, memory=memory)
        quantities = {
            "selectivity": truth.matches / dataset.shape[0],
            f"relevance at k = {_K}": hard.relevance,
            f"hardness at k = {_K}": hard.hardness[truth.matches > 0],
        }
        for quantity, values in quantities.items():
            if len(values):
                lines.setdefault(quantity, []).append({"workload": workload.name, **percentiles(values)})
    return lines


def _workloads(dataset: Dataset, given: WorkloadSource | None, cache: Cache) -> list[Workload]:
    """Open the unfiltered workload, the workloads that come with a dataset, and a given one."""
    sources: list[WorkloadSource] = [UnfilteredWorkload("none")]
    for filter_type in PUBLISHED_WORKLOADS:
        if dataset.folder and (dataset.folder / filters_file(filter_type)).exists():
            sources.append(PublishedWorkload(filter_type.lower(), FilterType(filter_type)))
    if given is None and dataset.filters is not None:
        given = GivenWorkload("given")
    return [source.open(dataset, cache) for source in (*sources, *([given] if given else []))]
