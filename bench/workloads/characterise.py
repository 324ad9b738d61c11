"""Describing a dataset and the selectivities of its workloads, kept in a file."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from bench.core.masks import FilterBatch
from bench.core.vectors import open_vectors
from bench.datasets.characteristics import (
    Characteristics,
    describe_attributes,
    describe_embeddings,
    describe_selectivities,
)
from bench.datasets.dataset import Dataset
from bench.system.cache import atomic_file
from bench.workloads.workload import Workload


def characterise(dataset: Dataset, workload: Workload, seed: int, results: Path) -> Path:
    """Describe a dataset, once, and add a workload's selectivities; return the file that holds them.

    Raises:
        BenchError: a key does not fit, SciPy is not installed, or the results cannot be written.
    """
    path = results / "characteristics" / f"{dataset.name.replace('/', '-')}-{dataset.digest}.json"
    if path.exists():
        characteristics = Characteristics.load(path)
    else:
        embeddings = describe_embeddings(open_vectors(dataset.vectors), seed)
        attributes = describe_attributes(dataset.open_attributes())
        characteristics = Characteristics(dataset.name, **embeddings, attributes=attributes, selectivities={})
    passing = describe_selectivities(FilterBatch(workload.filters, workload.attributes))
    characteristics = dataclasses.replace(
        characteristics, selectivities=characteristics.selectivities | {workload.name: passing}
    )
    with atomic_file(path) as temporary:
        characteristics.save(temporary)
    return path
