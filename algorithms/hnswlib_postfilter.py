"""HNSW of hnswlib with post-filtering."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, Info
from algorithms.baselines import widening as _postfilter
from algorithms.baselines.hnswlib import PAPER, HnswlibAlgorithm, nearest
from algorithms.baselines.widening import WideningSearch, search_widening
from bench.core.filters import FilterBatch


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

        def candidates(rows: NDArray[np.int64], width: int) -> NDArray[np.integer[Any]]:
            self.index.set_ef(width)
            try:
                return self.index.knn_query(queries[rows], width, num_threads=threads)[0]
            except RuntimeError:  # some query cannot reach as many
                found = np.full((len(rows), width), -1, np.int64)
                for answer, row in zip(found, rows, strict=True):
                    ids = nearest(self.index, queries[row], width)
                    answer[: len(ids)] = ids
                return found

        return search_widening(candidates, prepared, k, params.ef, params.max_candidates)
