"""What the methods on hnswlib share: build, save and load."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import hnswlib
import numpy as np
from numpy.typing import NDArray

from algorithms.base import Algorithm, Data
from algorithms.baselines.hnsw_params import HnswBuild
from bench.core.formats import Storage

PAPER = "Malkov and Yashunin, Efficient and robust approximate nearest neighbor search using HNSW graphs (hnswlib)"
_FILE = "index.bin"
_TOO_FEW = "contiguous 2D array"  # of what the library says where it finds fewer items than were asked for


class HnswlibAlgorithm(Algorithm, ABC):
    """An HNSW graph of hnswlib over all items, whatever their attributes."""

    BuildParams = HnswBuild
    index: hnswlib.Index

    @classmethod
    def build_bytes(cls, params: Any, n: int, dim: int, storage: Storage) -> int:
        """The vectors, and the copy that the library makes of them."""
        return super().build_bytes(params, n, dim, storage) + 4 * n * dim

    def build(self, data: Data) -> None:
        """Insert all items in parallel."""
        n, dim = data.source.shape
        self.index = hnswlib.Index("l2", dim)
        self.index.init_index(n, M=self.params.M, ef_construction=self.params.ef_construction, random_seed=data.seed)
        self.index.add_items(data.vectors, num_threads=data.threads)

    def save(self, folder: Path) -> None:
        """Write the graph with its vectors."""
        self.index.save_index(str(folder / _FILE))

    @classmethod
    def load(cls, folder: Path, params: HnswBuild, data: Data) -> Self:
        """Read the graph with its vectors."""
        algorithm = cls(params)
        n, dim = data.source.shape
        algorithm.index = hnswlib.Index("l2", dim)
        algorithm.index.load_index(str(folder / _FILE), max_elements=n)
        return algorithm


def nearest(
    index: hnswlib.Index, query: NDArray[np.float32], wanted: int, passes: Callable[[int], Any] | None = None
) -> NDArray[np.uint64]:
    """Return the items that the library finds nearest to one query, `wanted` of them or fewer.

    The library fails where it finds fewer than it was asked for; how many it finds is then sought by bisection.
    """
    found = np.empty(0, np.uint64)
    asked = most = wanted
    while len(found) < most:
        try:
            found = index.knn_query(query, asked, num_threads=1, filter=passes)[0][0]
        except RuntimeError as error:
            if _TOO_FEW not in str(error):
                raise
            most = asked - 1
        asked = (len(found) + most + 1) // 2
    return found
