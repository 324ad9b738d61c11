"""HNSW of faiss with in-filtering."""

from __future__ import annotations

from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, Info, param
from algorithms.baselines.faiss import FaissHnsw, Selectors
from bench.core.filters import FilterBatch


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    ef: int = param(64, "width of the search", low=1)


class FaissHnswInFilter(FaissHnsw):
    """Walks the whole graph, and collects only what a bitmap lets pass (faiss's IDSelector)."""

    info = Info(
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
        found = prepared.search(
            self.index,
            queries,
            k,
            lambda selector: faiss.SearchParametersHNSW(efSearch=params.ef, sel=selector),
        )
        self.distance_computations = faiss.cvar.hnsw_stats.ndis
        return found
