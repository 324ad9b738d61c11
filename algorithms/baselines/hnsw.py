"""HNSW of our own with post-filtering."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, Info
from algorithms.baselines.widening import PostFilter, WideningSearch
from algorithms.hnsw_method import HnswMethod
from algorithms.kernels import hnsw
from algorithms.kernels.filter import Everything


class HnswPostFilter(PostFilter, HnswMethod):
    """Searches the graph without the filter, drops what fails, and searches wider where too few are left."""

    info = Info(
        paper="Malkov and Yashunin, Efficient and robust approximate nearest neighbor search using HNSW graphs",
        year=2018,
        approach="post-filtering",
        technique="graph",
        serves=ALL_FILTERS,
        compiled=True,
    )

    def beam(self, params: WideningSearch, k: int) -> hnsw.Beam:
        """See `GraphMethod.beam`."""
        return hnsw.Beam(max(params.ef, k))

    def nearest(self, queries: NDArray[np.float32], width: int, threads: int) -> NDArray[np.int32]:
        """See `PostFilter.nearest`."""
        answer = self.answer(queries, Everything(), width, hnsw.Beam(width), threads)
        self.distance_computations = (self.distance_computations or 0) + int(answer.computed.sum())
        return answer.ids

    def search(
        self, queries: NDArray[np.float32], prepared: Any, k: int, params: WideningSearch, threads: int
    ) -> NDArray[Any]:
        """See `Algorithm.search`."""
        self.distance_computations = 0
        return super().search(queries, prepared, k, params, threads)
