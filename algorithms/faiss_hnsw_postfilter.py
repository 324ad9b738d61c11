"""HNSW of faiss with post-filtering."""

from __future__ import annotations

import faiss
import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, Info
from algorithms.baselines import widening as _postfilter
from algorithms.baselines.faiss import FaissHnsw
from algorithms.baselines.widening import WideningSearch, search_widening
from bench.core.filters import FilterBatch


class FaissHnswPostFilter(FaissHnsw):
    """Searches the graph without the filter, drops what fails, and searches wider where too few are left."""

    info = Info(
        paper="Douze et al., The Faiss library",
        year=2024,
        approach="post-filtering",
        technique="graph",
        serves=ALL_FILTERS,
        libraries=("faiss-cpu",),
    )
    SearchParams = WideningSearch

    def prepare(self, filters: FilterBatch) -> FilterBatch:
        """Evaluate the filters."""
        return _postfilter.prepare(filters)

    def search(
        self,
        queries: NDArray[np.float32],
        prepared: FilterBatch,
        k: int,
        params: WideningSearch,
        threads: int,
    ) -> NDArray[np.int64]:
        """See `Algorithm.search`."""

        def nearest(rows: NDArray[np.int64], width: int) -> NDArray[np.int64]:
            _, ids = self.index.search(queries[rows], width, params=faiss.SearchParametersHNSW(efSearch=width))
            return ids

        faiss.cvar.hnsw_stats.reset()
        found = search_widening(nearest, prepared, k, params.ef, params.max_candidates)
        self.distance_computations = faiss.cvar.hnsw_stats.ndis
        return found
