"""The files of the items that a program reads: written once per data and format, and kept in the cache."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.core.exchange import expressions
from bench.core.exchange.labels import ItemLabels, in_order, write_labels
from bench.core.exchange.ranges import SortedItems, write_numbers
from bench.core.exchange.vectors import write_vectors
from bench.core.external import CUSTOM, OF_ITEMS, External
from bench.core.vectors import dense, open_vectors
from bench.datasets.dataset import Dataset
from bench.system.cache import Cache
from bench.system.files import digest_of
from bench.workloads.workload import Workload

_FORMAT = 1
_BLOCK_BYTES = 64 << 20


def write_inputs(external: External, dataset: Dataset, workload: Workload, cache: Cache) -> dict[str, Path]:
    """Return the files of the items that the command lines of a program name, by their placeholders.

    A file of the dataset that has the format already is used as it is.

    Raises:
        BenchError: the data does not fit a format.
    """
    return {
        name: _input(name, external, dataset, workload, cache)
        for name in OF_ITEMS
        if name in external.named and external.inputs[name] != CUSTOM
    }


def _input(name: str, external: External, dataset: Dataset, workload: Workload, cache: Cache) -> Path:
    form, is_sorted = external.inputs[name], external.order == "sorted"
    if name == "vectors" and not is_sorted and _is_in_format(dataset.vectors, form):
        return dataset.vectors.resolve()
    depends_on = [dataset.digest] if name == "vectors" and not is_sorted else [dataset.digest, workload.filtered]
    if len(depends_on) > 1:
        depends_on.append(workload.attributes.digest(workload.filtered))
    make = partial(_write, name=name, form=form, is_sorted=is_sorted, dataset=dataset, workload=workload)
    suffix = f".{form.partition(':')[0]}"
    return cache.file("inputs", digest_of(_FORMAT, name, form, external.order, *depends_on), suffix, make).resolve()


def _is_in_format(vectors: Path, form: str) -> bool:
    return vectors.suffix == f".{form}" and open_vectors(vectors).dtype == np.float32


def _write(path: Path, *, name: str, form: str, is_sorted: bool, dataset: Dataset, workload: Workload) -> None:
    """Write one of `OF_ITEMS`."""
    attributes, filtered = workload.attributes, workload.filtered
    n, dim = dataset.shape
    order = SortedItems(attributes, filtered).order if is_sorted else np.arange(n)
    match name:
        case "vectors":
            write_vectors(path, _blocks(dataset.vectors, order), n, dim, form)
        case "labels" if form == expressions.EXPRESSION_FORMAT:
            expressions.write_items(path, attributes, filtered, order.tolist())
        case "labels":
            labels = ItemLabels(attributes, filtered)
            write_labels(path, in_order(labels.rows, order) if is_sorted else labels.rows, labels.size, form)
        case "values":
            write_numbers(path, SortedItems(attributes, filtered).of_items(form)[order], form)


def _blocks(vectors: Path, order: NDArray[np.int64]) -> Iterator[NDArray[np.float32]]:
    """Yield the vectors of a file in an order."""
    source = open_vectors(vectors)
    step = max(1, _BLOCK_BYTES // (4 * source.shape[1]))
    for start in range(0, len(order), step):
        yield dense(source, order[start : start + step])
