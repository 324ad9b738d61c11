"""What the methods on our own HNSW share: its build, which knows nothing of filters."""

from __future__ import annotations

from typing import Any

from algorithms.base import Data
from algorithms.baselines.hnsw_params import HnswBuild
from algorithms.graph_method import GraphMethod
from algorithms.kernels import hnsw
from algorithms.kernels.spaces import Vectors, space_of
from bench.core.formats import Storage


class HnswMethod(GraphMethod):
    """An HNSW over all items, whatever their attributes; a subclass says how it is searched."""

    BuildParams = HnswBuild
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
