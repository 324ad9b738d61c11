"""HNSW of our own with post-filtering."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, Info
from algorithms.baselines import widening
from algorithms.baselines.widening import WideningSearch, search_widening
from algorithms.hnsw_method import HnswMethod
from algorithms.kernels import hnsw
from algorithms.kernels.filter import Everything
from bench.core.masks import FilterBatch


class HnswPostFilter(HnswMethod):
    """Searches the graph without the filter, drops what fails, and searches wider where too few are left."""

    info = Info(
        paper="Malkov and Yashunin, Efficient and robust approximate nearest neighbor search using HNSW graphs",
        year=2018,
        approach="post-filtering",
        technique="graph",
        serves=ALL_FILTERS,
        compiled=True,
    )
    SearchParams = WideningSearch

    def beam(self, params: WideningSearch, k: int) -> hnsw.Beam:
        """See `GraphMethod.beam`."""
        return hnsw.Beam(max(params.ef, k))

    def prepare(self, filters: FilterBatch) -> FilterBatch:
        """Evaluate the filters."""
        return widening.prepare(filters)

    def search(
        self, queries: NDArray[np.float32], prepared: Any, k: int, params: WideningSearch, threads: int
    ) -> NDArray[Any]:
        """See `Algorithm.search`."""
        computed = 0

        def nearest(rows: NDArray[np.int64], width: int) -> NDArray[np.int32]:
            nonlocal computed
            answer = self.answer(queries[rows], Everything(), width, hnsw.Beam(width), threads)
            computed += int(answer.computed.sum())
            return answer.ids

        ids = search_widening(nearest, prepared, k, params.ef, params.max_candidates)
        self.distance_computations = computed
        return ids
