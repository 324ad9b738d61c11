"""The nearest items of each query, regardless of attributes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.filters import Everything
from bench.core.masks import FilterBatch
from bench.core.vectors import open_vectors
from bench.datasets.dataset import Dataset, load_rows
from bench.system.cache import Cache
from bench.truth.search import exact_search

_NEAREST = 10


def neighbours(dataset: Dataset, cache: Cache) -> NDArray[np.int64]:
    """Return int64[queries, 10], the nearest items of each query of a dataset, regardless of attributes."""

    def make(out: Path) -> None:
        queries = load_rows(dataset.queries)
        everything = FilterBatch([Everything()] * len(queries), Attributes(dataset.shape[0], {}))
        k = min(_NEAREST, dataset.shape[0])
        truth = exact_search(open_vectors(dataset.vectors), queries, everything, k, metric=dataset.metric)
        with out.open("wb") as file:
            np.save(file, truth.ids)

    return np.load(cache.file("neighbours", dataset.digest, ".npy", make))
