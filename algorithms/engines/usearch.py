"""usearch: an HNSW whose answers are filtered afterwards, as its Python interface takes no filter."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from usearch.index import Index

from algorithms.base import ALL_FILTERS, Data, Info
from algorithms.baselines.hnsw_params import HnswBuild
from algorithms.baselines.widening import PostFilter
from bench.core.formats import Storage
from bench.core.metrics import Metric

_DISTANCES = {Metric.L2: "l2sq", Metric.COSINE: "cos", Metric.IP: "ip"}
_FILE = "index.usearch"


class Usearch(PostFilter):
    """Searches the graph without the filter, drops what fails, and searches wider where too few are left."""

    info = Info(
        holds_vectors=True,
        paper="usearch",
        year=2022,
        approach="post-filtering",
        technique="graph",
        serves=ALL_FILTERS,
        libraries=("usearch",),
        metrics=frozenset(_DISTANCES),
    )
    BuildParams = HnswBuild
    _index: Index

    @classmethod
    def build_bytes(cls, params: Any, n: int, dim: int, storage: Storage) -> int:
        """The vectors, and the copy that the library makes of them."""
        return 2 * super().build_bytes(params, n, dim, storage)

    def build(self, data: Data) -> None:
        """Insert all items in parallel."""
        n, dim = data.source.shape
        self._index = Index(
            ndim=dim,
            metric=_DISTANCES[data.metric],
            dtype="f32",
            connectivity=self.params.M,
            expansion_add=self.params.ef_construction,
        )
        self._index.add(np.arange(n), data.vectors, threads=data.threads)

    def save(self, folder: Path) -> None:
        """Write the graph with its vectors."""
        self._index.save(str(folder / _FILE))

    @classmethod
    def load(cls, folder: Path, params: HnswBuild, data: Data) -> Self:
        """Read the graph with its vectors."""
        method = cls(params)
        method._index = Index.restore(str(folder / _FILE))
        return method

    def nearest(self, queries: NDArray[np.float32], width: int, threads: int) -> tuple[NDArray[np.int64], None]:
        """See `PostFilter.nearest`."""
        self._index.expansion_search = width
        matches = self._index.search(queries, width, threads=threads)
        if len(queries) == 1:  # the library drops the axis of queries, and what it did not find
            return np.pad(matches.keys.astype(np.int64), (0, width - len(matches)), constant_values=-1)[None], None
        return np.where(np.arange(width) < matches.counts[:, None], matches.keys.astype(np.int64), -1), None
