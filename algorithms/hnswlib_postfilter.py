"""HNSW of hnswlib with post-filtering."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algorithms import _postfilter
from algorithms._hnswlib import PAPER, HnswlibAlgorithm
from algorithms._postfilter import WideningSearch, search_widening
from algorithms.base import ALL_FILTERS, Info
from bench.filters import FilterBatch


class HnswlibPostFilter(HnswlibAlgorithm):
    """Searches the graph without the filter, drops what fails, and searches wider where too few are left."""

    info = Info(
        paper=PAPER,
        year=2018,
        approach="post-filtering",
        technique="graph",
        serves=ALL_FILTERS,
        libraries=("hnswlib",),
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

        def nearest(rows: NDArray[np.int64], width: int) -> NDArray[np.uint64]:
            self.index.set_ef(width)
            ids, _ = self.index.knn_query(queries[rows], width, num_threads=threads)
            return ids

        return search_widening(nearest, prepared, k, params.ef, params.max_candidates)
