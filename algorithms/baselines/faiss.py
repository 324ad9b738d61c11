"""What the methods on faiss share: save, load, and searching the queries of one filter together."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, Algorithm, Data, Info, param
from algorithms.baselines.hnsw_params import HnswBuild
from algorithms.baselines.widening import PostFilter
from bench.core.filters import Everything
from bench.core.formats import Storage
from bench.core.masks import FilterBatch

_FILE = "index.faiss"


class FaissAlgorithm(Algorithm, ABC):
    """A faiss index over all items, whatever their attributes."""

    index: Any

    @classmethod
    def build_bytes(cls, params: Any, n: int, dim: int, storage: Storage) -> int:
        """The vectors, and the copy that the library makes of them."""
        return super().build_bytes(params, n, dim, storage) + 4 * n * dim

    def save(self, folder: Path) -> None:
        """Write the index with its vectors."""
        faiss.write_index(self.index, str(folder / _FILE))

    @classmethod
    def load(cls, folder: Path, params: Any, data: Data) -> Self:
        """Read the index with its vectors."""
        algorithm = cls(params)
        algorithm.index = faiss.read_index(str(folder / _FILE))
        return algorithm


class FaissHnsw(FaissAlgorithm, ABC):
    """An HNSW graph of faiss over all items."""

    BuildParams = HnswBuild

    def build(self, data: Data) -> None:
        """Insert all items in parallel."""
        self.index = faiss.IndexHNSWFlat(data.source.shape[1], self.params.M)
        self.index.hnsw.efConstruction = self.params.ef_construction
        self.index.add(data.vectors)


class Selectors:
    """One faiss selector per distinct filter of a batch: a bitmap, or None where everything passes."""

    def __init__(self, filters: FilterBatch) -> None:
        """Evaluate the filters."""
        self.filters = filters
        self._each = [
            None if isinstance(filter_, Everything) else faiss.IDSelectorBitmap(bitmap)
            for filter_, bitmap in zip(filters.unique, filters.bitmaps, strict=True)
        ]

    def search(
        self, index: Any, queries: NDArray[np.float32], k: int, parameters: Callable[[Any], Any]
    ) -> NDArray[np.int64]:
        """Return int64[q, k]; the queries that share a filter are searched together.

        `parameters` makes the search parameters of the index from a selector.
        """
        ids = np.empty((len(queries), k), np.int64)
        for u, members in self.filters.groups():
            _, ids[members] = index.search(queries[members], k, params=parameters(self._each[u]))
        return ids


def nlist_for(n: int, factor: float) -> int:
    """Return the number of inverted lists for n items: factor x sqrt(n), with 39 items to train each at least.

    faiss's guidelines give the 39, and factors of 4 to 16 up to a million items.
    """
    return max(1, min(round(factor * n**0.5), n // 39))


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    ef: int = param(64, "width of the search; k if that is more", low=1)


class FaissHnswInFilter(FaissHnsw):
    """Walks the whole graph, and collects only what a bitmap lets pass (faiss's IDSelector)."""

    info = Info(
        holds_vectors=True,
        paper="Douze et al., The Faiss library",
        year=2024,
        approach="in-filtering",
        technique="graph",
        serves=ALL_FILTERS,
        libraries=("faiss-cpu",),
    )
    SearchParams = Search

    def prepare(self, filters: FilterBatch) -> Selectors:
        """Evaluate the filters."""
        return Selectors(filters)

    def search(
        self, queries: NDArray[np.float32], prepared: Selectors, k: int, params: Search, threads: int
    ) -> NDArray[np.int64]:
        """See `Algorithm.search`."""
        faiss.cvar.hnsw_stats.reset()
        ids = prepared.search(
            self.index,
            queries,
            k,
            lambda selector: faiss.SearchParametersHNSW(efSearch=params.ef, sel=selector),
        )
        self.distance_computations = faiss.cvar.hnsw_stats.ndis
        return ids


class FaissHnswPostFilter(PostFilter, FaissHnsw):
    """Searches the graph without the filter, drops what fails, and searches wider where too few are left."""

    info = Info(
        holds_vectors=True,
        paper="Douze et al., The Faiss library",
        year=2024,
        approach="post-filtering",
        technique="graph",
        serves=ALL_FILTERS,
        libraries=("faiss-cpu",),
    )

    def nearest(self, queries: NDArray[np.float32], width: int, threads: int) -> tuple[NDArray[np.int64], int]:
        """See `PostFilter.nearest`."""
        faiss.cvar.hnsw_stats.reset()
        _, ids = self.index.search(queries, width, params=faiss.SearchParametersHNSW(efSearch=width))
        return ids, faiss.cvar.hnsw_stats.ndis
