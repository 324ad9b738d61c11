"""An order of all items in which near items are close: for synthetic attributes that follow the vectors.

Every item goes to the nearest of some random items, the pivots. Pivots are put in order by halving them again and again
along the line between two of them, and the items of a pivot by where they lie between its neighbours in that order.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from bench.core.progress import bar
from bench.core.vectors import open_vectors
from bench.datasets.dataset import Dataset
from bench.system.cache import Cache
from bench.system.files import digest_of
from bench.truth.products import factors

_FORMAT = 1
_PIVOTS = 512
_BLOCK = 4096


def spatial_order(dataset: Dataset, cache: Cache, seed: int) -> NDArray[np.int64]:
    """Return int64[n], all items in an order in which near ones are close, from the cache if it was computed before."""

    def make(out: Path) -> None:
        rng = np.random.Generator(np.random.Philox(seed))
        vectors, n = open_vectors(dataset.vectors), dataset.shape[0]
        chosen = np.sort(rng.choice(n, min(_PIVOTS, n), replace=False))
        pivots = factors(vectors[chosen], dataset.metric).astype(np.float64)
        pivots = pivots[_halved(pivots, np.arange(len(pivots)), rng)]
        with out.open("wb") as file:
            np.save(file, _ordered(vectors, pivots, dataset))

    return np.load(cache.file("orders", digest_of(_FORMAT, dataset.digest, seed), ".npy", make))


def _halved(points: NDArray[np.float64], some: NDArray[np.int64], rng: Generator) -> NDArray[np.int64]:
    """Return some of the points in order: those of one half of space before those of the other, and so on within."""
    if len(some) <= 2:
        return some
    first, second = rng.choice(some, 2, replace=False)
    by_side = some[np.argsort(points[some] @ (points[second] - points[first]), kind="stable")]
    middle = len(some) // 2
    return np.concatenate([_halved(points, by_side[:middle], rng), _halved(points, by_side[middle:], rng)])


def _ordered(vectors: NDArray[Any], pivots: NDArray[np.float64], dataset: Dataset) -> NDArray[np.int64]:
    """Return int64[n], the items by the nearest pivot, and by their place between the one before and the one after."""
    cells, places = np.empty(len(vectors), np.int64), np.empty(len(vectors))
    halves = np.einsum("ij,ij->i", pivots, pivots) / 2
    last = len(pivots) - 1
    with bar("attributes", len(vectors), "item") as progress:
        for start in range(0, len(vectors), _BLOCK):
            products = factors(vectors[start : start + _BLOCK], dataset.metric).astype(np.float64) @ pivots.T
            rows, block = np.arange(len(products)), slice(start, start + len(products))
            cell = np.argmin(halves - products, axis=1)
            cells[block] = cell
            places[block] = products[rows, np.minimum(cell + 1, last)] - products[rows, np.maximum(cell - 1, 0)]
            progress.update(len(products))
    return np.lexsort((places, cells))
