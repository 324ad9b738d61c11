"""iRangeGraph: a graph for every node of a segment tree, from which one is improvised for the range of a query."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from algorithms import _irangegraph
from algorithms._irangegraph import Layers, columns_of
from algorithms._irangegraph_build import build
from algorithms._kernels.batch import BatchSearch
from algorithms._kernels.distance import L2, l2
from algorithms._kernels.graph import pack, unpack
from algorithms._ranks import Ranks
from algorithms.base import Algorithm, Data, Info, param
from bench.filters import FilterBatch, FilterType
from bench.vectors import dense

_FILE = "irangegraph.npz"
_COVER = 2 * 32
"""At least as many nodes as make up any range of up to 2^31 items."""


@dataclass(frozen=True)
class Build:
    """Build parameters."""

    M: int = param(32, "neighbours of an item at most, in each depth of the tree", low=2, high=512)
    ef_construction: int = param(200, "width of the search for neighbours", low=1, high=10_000)


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    ef: int = param(50, "width of the search; k, or the number of nodes that make up the range, if that is more", low=1)
    scan_below: int = param(0, "ranges of fewer items are measured whole", low=0)


class IRangeGraph(Algorithm):
    """A graph for each node of a segment tree over the ranks (SIGMOD 2025).

    The index grows as n M log2(n): an item has a row of at most M neighbours in each of log2(n) depths. A build needs
    that, the vectors, and for one depth the edges that cross from one child to the other.

    A search starts from an item of each node that makes up the range, the one in the middle; in the paper it is a
    random one. In the authors' code a row may hold an item twice.
    """

    info = Info(
        paper="Xu et al., iRangeGraph: Improvising Range-dedicated Graphs for Range-filtering Nearest Neighbor Search",
        year=2025,
        approach="hybrid index",
        technique="tree and graph",
        serves=frozenset({FilterType.R}),
        why_not={"": "iRangeGraph's tree orders the items by one attribute, and improvises graphs for ranges of it"},
        compiled=True,
    )
    BuildParams = Build
    SearchParams = Search

    layers: Layers
    _ranks: Ranks
    _space: L2

    def build(self, data: Data) -> None:
        """Build the graphs of one depth after the other, each in parallel."""
        p: Build = self.params
        self._open(data)
        self.layers = build(self._space, p.M, p.ef_construction, data.seed, data.threads)

    def save(self, folder: Path) -> None:
        """Write the edges; the vectors are the data's."""
        np.savez(folder / _FILE, **pack(self.layers.rows))

    @classmethod
    def load(cls, folder: Path, params: Build, data: Data) -> Self:
        """Read the edges."""
        algorithm = cls(params)
        algorithm._open(data)
        with np.load(folder / _FILE) as arrays:
            algorithm.layers = Layers(unpack(arrays), columns_of(len(data.source), params.M), params.M)
        return algorithm

    def _open(self, data: Data) -> None:
        """Rank the items, and take a copy of the vectors in that order."""
        self._ranks = Ranks(data.attributes, data.filtered)
        self._space = l2(dense(data.source, self._ranks.order))

    @cached_property
    def _items(self) -> NDArray[np.int32]:
        return np.arange(len(self._ranks.order), dtype=np.int32)

    @cached_property
    def _batch(self) -> BatchSearch:
        return BatchSearch(len(self._items), max(self.layers.limit, _COVER))

    def prepare(self, filters: FilterBatch) -> NDArray[np.int64]:
        """Turn each query's range into ranks."""
        return self._ranks.intervals(filters)

    def search(
        self, queries: NDArray[np.float32], prepared: NDArray[np.int64], k: int, params: Search, threads: int
    ) -> NDArray[np.int32]:
        """See `Algorithm.search`."""
        answer = self._batch.run(
            _irangegraph.search, len(queries), k, threads, self.layers, self._space, self._items, queries, prepared,
            max(params.ef, k), params.scan_below,
        )  # fmt: skip
        self.distance_computations = int(answer.computed.sum())
        return np.append(self._ranks.order, np.int32(-1))[answer.ids]
