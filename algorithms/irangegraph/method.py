"""iRangeGraph as a method: its parameters, and the paper's procedure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.base import Data, Info, param
from algorithms.encodings.ranks import Ranks
from algorithms.graph_method import GraphMethod
from algorithms.irangegraph.build import build
from algorithms.irangegraph.search import IRangeGraphIndex, Layers, columns_of
from algorithms.irangegraph.second_filter import Conjunctions, InFiltering, bitmaps_by_rank
from algorithms.kernels.filter import Bitmaps, Everything
from algorithms.kernels.ranges import RangeBeam
from algorithms.kernels.spaces import Vectors, space_of
from algorithms.kernels.types import Items
from bench.core.attributes import Attributes
from bench.core.columns import Ordered
from bench.core.errors import BenchError
from bench.core.filters import Between
from bench.core.formats import Storage
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch

_COVER = 2 * 32
"""At least as many nodes as make up any range of up to 2^31 items."""


@dataclass(frozen=True)
class Build:
    """Build parameters."""

    M: int = param(32, "neighbours of an item at most, in each depth of the tree", low=2, high=512)
    ef_construction: int = param(200, "width of the search for neighbours", low=1, high=10_000)
    attribute: str = param("", "what to rank by; if empty, the attribute of the most values that all items have")


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    ef: int = param(50, "width of the search; k, or the number of nodes that make up the range, if that is more", low=1)
    scan_below: int = param(0, "ranges of fewer items are measured whole", low=0)
    secondary: str = param("in", "how filters on other attributes are met: in-, post-filtering", choices=("in", "post"))


class IRangeGraph(GraphMethod):
    """A graph for each node of a segment tree over the ranks, see `algorithms.irangegraph`."""

    info = Info(
        needs_values=True,
        same_attributes=True,
        paper="Xu et al., iRangeGraph: Improvising Range-dedicated Graphs for Range-filtering Nearest Neighbor Search",
        year=2025,
        approach="hybrid index",
        technique="tree and graph",
        serves=frozenset({FilterType.R, FilterType.MR}),
        why_not={"": "iRangeGraph's tree orders the items by one attribute, and improvises graphs for ranges of it"},
        compiled=True,
    )
    BuildParams = Build
    SearchParams = Search
    file = "irangegraph.npz"
    Index = IRangeGraphIndex

    index: IRangeGraphIndex
    space: Vectors
    ids: Items
    _ranks: Ranks

    @classmethod
    def build_bytes(cls, params: Any, n: int, dim: int, storage: Storage) -> int:
        """The vectors; the edges of all depths, and those of one with their ends."""
        return super().build_bytes(params, n, dim, storage) + n * 4 * int(columns_of(n, params.M)[-1] + 4 * params.M)

    def open(self, data: Data) -> None:
        """Rank the items, and take a copy of the vectors in that order."""
        name = self.params.attribute
        if name and name not in data.filtered:
            raise BenchError(f"attribute={name}: the workload filters on {', '.join(data.filtered)}")
        self._ranks = Ranks(data.attributes, (name or _widest(data.attributes, data.filtered),))
        self.ids = self._ranks.order
        self.space = space_of(data.stored(self.ids))

    def build_index(self, data: Data) -> IRangeGraphIndex:
        """Build the graphs of one depth after the other, from the leaves up."""
        p: Build = self.params
        return IRangeGraphIndex(build(self.space, p.M, p.ef_construction, data.seed, data.threads).rows)

    @cached_property
    def view(self) -> Layers:
        """The index with the columns of its depths."""
        return Layers(self.index.rows, columns_of(len(self.ids), self.params.M), self.params.M)

    @property
    def width(self) -> int:
        """The edges chosen for an item, or the items that a search starts from."""
        return max(self.params.M, _COVER)

    def prepare(self, filters: FilterBatch) -> Conjunctions:
        """Turn each query's range into ranks, and the rest of its filter into a bitmap by rank."""
        if all(isinstance(filter_, Between) for filter_ in filters.unique):
            return Conjunctions(self._ranks.intervals(filters), Everything())
        intervals, rest = zip(*map(self._ranks.split, filters.unique), strict=True)
        others = FilterBatch(rest, filters.attributes)
        second = Bitmaps(bitmaps_by_rank(others, self.ids), others.index[filters.index])
        return Conjunctions(np.array(intervals, np.int64)[filters.index], second)

    def beam(self, params: Search, k: int) -> RangeBeam:
        """See `GraphMethod.beam`."""
        return RangeBeam(max(params.ef, k), params.scan_below)

    def search(
        self, queries: NDArray[np.float32], prepared: Any, k: int, params: Search, threads: int
    ) -> NDArray[np.int32]:
        """See `Algorithm.search`; second filters are met as `params` say."""
        if isinstance(prepared.second, Bitmaps) and params.secondary == "in":
            prepared = prepared._replace(second=InFiltering(prepared.second))
        return super().search(queries, prepared, k, params, threads)


def _widest(attributes: Attributes, names: tuple[str, ...]) -> str:
    """Return the attribute with the most values among those that order all items; the first name if there is none."""

    def values(name: str) -> int:
        column = attributes[name]
        return len(np.unique(column.values)) if isinstance(column, Ordered) and column.present.all() else 0

    return max(names, key=values)
