"""HNSW of our own with post-filtering."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, ALL_FORMATS, Algorithm, Data, Info
from algorithms.baselines import widening
from algorithms.baselines.hnsw_params import HnswBuild
from algorithms.baselines.widening import WideningSearch, search_widening
from algorithms.kernels import hnsw
from bench.core.formats import Storage
from bench.core.masks import FilterBatch

_FILE = "hnsw.npz"


class HnswPostFilter(Algorithm):
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

    index: hnsw.Hnsw
    _searcher: hnsw.Searcher

    @classmethod
    def build_bytes(cls, params: Any, n: int, dim: int, storage: Storage) -> int:
        """The vectors; the edges with their lengths, and a copy of them."""
        return super().build_bytes(params, n, dim, storage) + n * 12 * 2 * params.M

    def build(self, data: Data) -> None:
        """Insert all items in parallel."""
        p: HnswBuild = self.params
        self.index = hnsw.build(data.stored(), p.M, p.ef_construction, data.seed, data.threads)
        self._searcher = hnsw.Searcher(self.index, data.stored())

    def save(self, folder: Path) -> None:
        """Write the graph; the vectors are the data's."""
        np.savez(folder / _FILE, base=self.index.base, **self.index.upper._asdict())

    @classmethod
    def load(cls, folder: Path, params: HnswBuild, data: Data) -> Self:
        """Read the graph."""
        algorithm = cls(params)
        with np.load(folder / _FILE) as arrays:
            entry, top = int(arrays["entry"]), int(arrays["top"])
            upper = hnsw.Hierarchy(arrays["ids"], arrays["first"], entry, top)
            algorithm.index = hnsw.Hnsw(arrays["base"], upper)
        algorithm._searcher = hnsw.Searcher(algorithm.index, data.stored())
        return algorithm

    def prepare(self, filters: FilterBatch) -> FilterBatch:
        """Evaluate the filters."""
        return widening.prepare(filters)

    def search(
        self, queries: NDArray[np.float32], prepared: FilterBatch, k: int, params: WideningSearch, threads: int
    ) -> NDArray[np.int64]:
        """See `Algorithm.search`."""
        computed = 0

        def nearest(rows: NDArray[np.int64], width: int) -> NDArray[np.int32]:
            nonlocal computed
            answer = self._searcher.search(queries[rows], width, width, threads)
            computed += int(answer.computed.sum())
            return answer.ids

        found = search_widening(nearest, prepared, k, params.ef, params.max_candidates)
        self.distance_computations = computed
        return found
