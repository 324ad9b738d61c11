"""HNSW of hnswlib with in-filtering."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, Info, param
from algorithms.baselines.hnswlib import PAPER, HnswlibAlgorithm, nearest
from bench.core.filters import FilterBatch

Groups = list[tuple[NDArray[np.int64], memoryview, int]]


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    ef: int = param(64, "width of the search", low=1)


class HnswlibInFilter(HnswlibAlgorithm):
    """Walks the whole graph, and collects only what the library's filter callback lets pass.

    The callback is a Python function that the library calls for every node it visits; that is what it offers,
    and most of the time of a search.
    """

    info = Info(
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
        found = np.full((len(queries), k), -1, np.int64)
        self.index.set_ef(max(params.ef, k))
        for members, mask, matches in prepared:
            passes = mask.__getitem__
            for row in members:
                ids = nearest(self.index, queries[row], min(k, matches), passes)
                found[row, : len(ids)] = ids
        return found
