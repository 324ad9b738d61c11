"""iRangeGraph: a graph for every node of a segment tree, from which one is improvised for the range of a query."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FORMATS, Algorithm, Data, Info, param
from algorithms.encodings.ranks import Ranks
from algorithms.irangegraph.build import build
from algorithms.irangegraph.search import Layers, columns_of, search
from algorithms.irangegraph.second_filter import InFiltering, PostFiltering, bitmaps_by_rank
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import pack, unpack
from algorithms.kernels.queries import BatchSearch
from algorithms.kernels.space import Space, space_of
from bench.core.attributes import Attributes, Ordered
from bench.core.errors import BenchError
from bench.core.filters import Between, FilterType
from bench.core.formats import Storage
from bench.core.masks import FilterBatch

_FILE = "irangegraph.npz"
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


class Prepared(NamedTuple):
    """What a batch of q filters is turned into.

    Attributes:
        intervals: int64[q, 2], the first and the last rank.
        words: uint64[filters, words], bitmaps of what the rest of the filters passes, by rank; None without rest.
        rows: int64[q], each query's row of `words`.
    """

    intervals: NDArray[np.int64]
    words: NDArray[np.uint64] | None
    rows: NDArray[np.int64]


class IRangeGraph(Algorithm):
    """A graph for each node of a segment tree over the ranks (SIGMOD 2025).

    The index grows as n M log2(n): an item has a row of at most M neighbours in each of log2(n) depths. A build needs
    that, the vectors, and for one depth the edges that cross from one child to the other.

    A search starts from an item of each node that makes up the range, the one in the middle; in the paper it is a
    random one. In the authors' code a row may hold an item twice.

    Of filters over several ranges (MR) one attribute is ranked; the others are met by in-filtering or by
    post-filtering, see `algorithms.irangegraph.second_filter`.
    """

    info = Info(
        paper="Xu et al., iRangeGraph: Improvising Range-dedicated Graphs for Range-filtering Nearest Neighbor Search",
        year=2025,
        approach="hybrid index",
        technique="tree and graph",
        serves=frozenset({FilterType.R, FilterType.MR}),
        why_not={"": "iRangeGraph's tree orders the items by one attribute, and improvises graphs for ranges of it"},
        compiled=True,
        reads=ALL_FORMATS,
    )
    BuildParams = Build
    SearchParams = Search

    layers: Layers
    _ranks: Ranks
    _space: Space

    @classmethod
    def build_bytes(cls, params: Any, n: int, dim: int, storage: Storage) -> int:
        """The vectors; the edges of all depths, and those of one with their lengths."""
        return super().build_bytes(params, n, dim, storage) + n * 4 * int(columns_of(n, params.M)[-1] + 4 * params.M)

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
        name = self.params.attribute
        if name and name not in data.filtered:
            raise BenchError(f"attribute={name}: the workload filters on {', '.join(data.filtered)}")
        self._ranks = Ranks(data.attributes, (name or _widest(data.attributes, data.filtered),))
        self._space = space_of(data.stored(self._ranks.order))

    @cached_property
    def _items(self) -> NDArray[np.int32]:
        return np.arange(len(self._ranks.order), dtype=np.int32)

    @cached_property
    def _batch(self) -> BatchSearch:
        return BatchSearch(len(self._items), max(self.layers.limit, _COVER))

    def prepare(self, filters: FilterBatch) -> Prepared:
        """Turn each query's range into ranks, and the rest of its filter into a bitmap by rank."""
        if all(isinstance(filter_, Between) for filter_ in filters.unique):
            return Prepared(self._ranks.intervals(filters), None, np.empty(0, np.int64))
        intervals, rest = zip(*map(self._ranks.split, filters.unique), strict=True)
        others = FilterBatch(rest, filters.attributes)
        words = bitmaps_by_rank(others, self._ranks.order)
        return Prepared(np.array(intervals, np.int64)[filters.index], words, others.index[filters.index])

    def search(
        self, queries: NDArray[np.float32], prepared: Prepared, k: int, params: Search, threads: int
    ) -> NDArray[np.int32]:
        """See `Algorithm.search`."""
        secondary: Any = Everything()
        if prepared.words is not None:
            kind = InFiltering if params.secondary == "in" else PostFiltering
            secondary = kind(prepared.words, prepared.rows)
        answer = self._batch.run(
            search, len(queries), k, threads, self.layers, self._space, self._items, queries,
            prepared.intervals, secondary, max(params.ef, k), params.scan_below,
        )  # fmt: skip
        self.distance_computations = int(answer.computed.sum())
        return np.append(self._ranks.order, np.int32(-1))[answer.ids]


def _widest(attributes: Attributes, names: tuple[str, ...]) -> str:
    """Return the attribute of the most values among those that order all items; the first name if there is none."""

    def values(name: str) -> int:
        column = attributes[name]
        return len(np.unique(column.values)) if isinstance(column, Ordered) and column.present.all() else 0

    return max(names, key=values)
