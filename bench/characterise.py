"""Describing a dataset and its workloads, and keeping what was found in the results."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from bench.config.typed import RunConfig
from bench.core.filters import FilterBatch
from bench.core.vectors import open_vectors
from bench.datasets.characteristics import (
    Characteristics,
    describe_attributes,
    describe_embeddings,
    describe_selectivities,
)
from bench.datasets.subset import subset
from bench.runs.plan import results_cache
from bench.system.cache import atomic_file


def characterise(config: RunConfig) -> str:
    """Describe a dataset, once, and add a workload's selectivities; return in words what was done.

    Raises:
        BenchError: a key does not fit, SciPy is not installed, or the results cannot be written.
    """
    cache = results_cache(config.results)
    dataset = subset(config.dataset.open(cache), config.subset, cache)
    workload = config.workload.open(dataset, cache)
    path = config.results / "characteristics" / f"{dataset.name.replace('/', '-')}-{dataset.digest}.json"
    if path.exists():
        known = Characteristics.load(path)
    else:
        embeddings = describe_embeddings(open_vectors(dataset.vectors), config.seed)
        attributes = describe_attributes(dataset.open_attributes())
        known = Characteristics(dataset.name, **embeddings, attributes=attributes, selectivities={})
    passing = describe_selectivities(FilterBatch(workload.filters, workload.attributes))
    known = dataclasses.replace(known, selectivities=known.selectivities | {workload.name: passing})
    with atomic_file(path) as temporary:
        known.save(temporary)
    return f"{dataset.name} {workload.name}: described in {path}"


def all_characteristics(results: Path) -> dict[str, Characteristics]:
    """Return what is known of every dataset, by its name; of several of one name, the one with the most items.

    Raises:
        BenchError: a file is damaged.
    """
    known = [Characteristics.load(path) for path in sorted((results / "characteristics").glob("*.json"))]
    return {one.dataset: one for one in sorted(known, key=lambda one: (one.n, one.dim))}
