"""IVF-Flat of faiss with in-filtering."""

from __future__ import annotations

from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, Algorithm, Data, Info, param
from algorithms.baselines.faiss import FaissAlgorithm, Selectors, nlist_for
from bench.core.filters import FilterBatch


@dataclass(frozen=True)
class Build:
    """Build parameters."""

    nlist_factor: float = param(4.0, "inverted lists, as a multiple of sqrt(n)", low=0.01)


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    nprobe: int = param(16, "inverted lists that are read", low=1)


class FaissIvfInFilter(FaissAlgorithm, Algorithm):
    """Reads the inverted lists of the nearest centroids, and computes the distances of what a bitmap lets pass."""

    info = Info(
        paper="Douze et al., The Faiss library",
        year=2024,
        approach="in-filtering",
        technique="quantisation",
        serves=ALL_FILTERS,
        libraries=("faiss-cpu",),
    )
    BuildParams = Build
    SearchParams = Search

    def build(self, data: Data) -> None:
        """Cluster the items and sort them into inverted lists."""
        n, dim = data.source.shape
        self.index = faiss.IndexIVFFlat(faiss.IndexFlatL2(dim), dim, nlist_for(n, self.params.nlist_factor))
        self.index.cp.seed = data.seed + 1
        self.index.train(data.vectors)
        self.index.add(data.vectors)

    def prepare(self, filters: FilterBatch) -> Selectors:
        """Evaluate the filters."""
        return Selectors(filters)

    def search(
        self, queries: NDArray[np.float32], prepared: Selectors, k: int, params: Search, threads: int
    ) -> NDArray[np.int64]:
        """See `Algorithm.search`."""
        faiss.cvar.indexIVF_stats.reset()
        found = prepared.search(
            self.index,
            queries,
            k,
            lambda selector: faiss.SearchParametersIVF(nprobe=params.nprobe, sel=selector),
        )
        stats = faiss.cvar.indexIVF_stats
        self.distance_computations = stats.ndis + stats.nq * self.index.nlist
        return found
