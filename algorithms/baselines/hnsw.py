"""HNSW of our own with post-filtering."""

from __future__ import annotations

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

    def nearest(self, queries: NDArray[np.float32], width: int, threads: int) -> tuple[NDArray[np.int32], int]:
        """See `PostFilter.nearest`."""
        answer = self.answer(queries, Everything(), width, hnsw.Beam(width), threads)
        return answer.ids, int(answer.computed.sum())
