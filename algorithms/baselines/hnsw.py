"""HNSW of our own with post-filtering."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, ALL_FORMATS, Data, Info
from algorithms.baselines import widening
from algorithms.baselines.hnsw_params import HnswBuild
from algorithms.baselines.widening import WideningSearch, search_widening
from algorithms.graph_method import GraphMethod
from algorithms.kernels import hnsw
from algorithms.kernels.filter import Everything
from algorithms.kernels.space import Vectors, space_of
from bench.core.formats import Storage
from bench.core.masks import FilterBatch


class HnswPostFilter(GraphMethod):
    """Searches the graph without the filter, drops what fails, and searches wider where too few are left."""

    info = Info(
        paper="Malkov and Yashunin, Efficient and robust approximate nearest neighbor search using HNSW graphs",
        year=2018,
        approach="post-filtering",
        technique="graph",
        serves=ALL_FILTERS,
        compiled=True,
        reads=ALL_FORMATS,
    )
    BuildParams = HnswBuild
    SearchParams = WideningSearch
    file = "hnsw.npz"
    Index = hnsw.Hnsw

    index: hnsw.Hnsw
    space: Vectors

    @classmethod
    def build_bytes(cls, params: Any, n: int, dim: int, storage: Storage) -> int:
        """The vectors; the edges with their lengths, and a copy of them."""
        return super().build_bytes(params, n, dim, storage) + n * 12 * 2 * params.M

    def open(self, data: Data) -> None:
        """Take the vectors."""
        self.space = space_of(data.stored())

    def build_index(self, data: Data) -> hnsw.Hnsw:
        """Insert all items in parallel."""
        p: HnswBuild = self.params
        return hnsw.build(self.space, p.M, p.ef_construction, data.seed, data.threads)

    @property
    def width(self) -> int:
        """A row of the lowest layer."""
        return self.index.base.shape[1]

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
