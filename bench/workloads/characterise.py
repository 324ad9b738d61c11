"""Describe a dataset and the selectivities of its workloads, in a file of the results."""

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
from bench.system.files import atomic_file
from bench.workloads.workload import Workload


def characterise(dataset: Dataset, workload: Workload, seed: int, results: Path) -> Path:
    """Describe a dataset, once, and add the selectivities of a workload; return the file.

    Raises:
        BenchError: the dataset has fewer than two items, or the results are not writable.
    """
    path = results / "characteristics" / f"{dataset.name.replace('/', '-')}-{dataset.digest}.json"
    if path.exists():
        characteristics = Characteristics.load(path)
    else:
        embeddings = describe_embeddings(open_vectors(dataset.vectors), seed)
        attributes = describe_attributes(dataset.open_attributes())
        characteristics = Characteristics(dataset.name, **embeddings, attributes=attributes, selectivities={})
    fractions = describe_selectivities(FilterBatch(workload.filters, workload.attributes))
    characteristics = dataclasses.replace(
        characteristics, selectivities=characteristics.selectivities | {workload.name: fractions}
    )
    with atomic_file(path) as temporary:
        characteristics.save(temporary)
    return path
