"""What the methods on hnswlib share: build, save and load."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import hnswlib
import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, Algorithm, Data, Info, param
from algorithms.baselines.hnsw_params import HnswBuild
from algorithms.baselines.widening import PostFilter
from bench.core.formats import Storage
from bench.core.masks import FilterBatch

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
    nearest_items = np.empty(0, np.uint64)
    asked = most = wanted
    while len(nearest_items) < most:
        try:
            nearest_items = index.knn_query(query, asked, num_threads=1, filter=passes)[0][0]
        except RuntimeError as error:
            if _TOO_FEW not in str(error):
                raise
            most = asked - 1
        asked = (len(nearest_items) + most + 1) // 2
    return nearest_items


Groups = list[tuple[NDArray[np.int64], memoryview, int]]


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    ef: int = param(64, "width of the search; k if that is more", low=1)


class HnswlibInFilter(HnswlibAlgorithm):
    """Walks the whole graph, and collects only what the library's filter callback lets pass.

    The callback is a Python function that the library calls for every node it visits; that is what it offers,
    and most of the time of a search.
    """

    info = Info(
        holds_vectors=True,
        paper=PAPER,
        year=2018,
        approach="in-filtering",
        technique="graph",
        serves=ALL_FILTERS,
        libraries=("hnswlib",),
    )
    SearchParams = Search

    def prepare(self, filters: FilterBatch) -> Groups:
        """Return for each distinct filter its queries, its mask, and how many items pass it."""
        masks = [filters.mask(u) for u in range(len(filters.unique))]
        # A memoryview tests an item faster than an array does.
        return [(rows, masks[u].data, int(np.count_nonzero(masks[u]))) for u, rows in filters.groups()]

    def search(
        self, queries: NDArray[np.float32], prepared: Groups, k: int, params: Search, threads: int
    ) -> NDArray[np.int64]:
        """See `Algorithm.search`."""
        answers = np.full((len(queries), k), -1, np.int64)
        self.index.set_ef(max(params.ef, k))
        for members, mask, matches in prepared:
            passes = mask.__getitem__
            for row in members:
                ids = nearest(self.index, queries[row], min(k, matches), passes)
                answers[row, : len(ids)] = ids
        return answers


class HnswlibPostFilter(PostFilter, HnswlibAlgorithm):
    """Searches the graph without the filter, drops what fails, and searches wider where too few are left."""

    info = Info(
        holds_vectors=True,
        paper=PAPER,
        year=2018,
        approach="post-filtering",
        technique="graph",
        serves=ALL_FILTERS,
        libraries=("hnswlib",),
    )

    def nearest(self, queries: NDArray[np.float32], width: int, threads: int) -> tuple[NDArray[np.integer[Any]], None]:
        """See `PostFilter.nearest`."""
        self.index.set_ef(width)
        try:
            return self.index.knn_query(queries, width, num_threads=threads)[0], None
        except RuntimeError:  # some query cannot reach as many
            answers = np.full((len(queries), width), -1, np.int64)
            for answer, query in zip(answers, queries, strict=True):
                ids = nearest(self.index, query, width)
                answer[: len(ids)] = ids
            return answers, None
