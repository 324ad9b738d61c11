"""WoW as a method: its parameters, the paper's procedure, insertions and deletions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.base import Data, Info, param
from algorithms.encodings.ranks import Ranks
from algorithms.graph_method import GraphMethod
from algorithms.kernels.filter import Everything, Intervals, Living
from algorithms.kernels.ranges import RangeBeam
from algorithms.kernels.space import l2
from algorithms.kernels.spaces import Vectors, floats, space_of
from algorithms.kernels.types import Items
from algorithms.wow.build import insert_items, levels_for, moved, no_items
from algorithms.wow.search import WowIndex, WowView
from bench.core.errors import BenchError
from bench.core.formats import Storage
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from bench.core.vectors import dense


@dataclass(frozen=True)
class Build:
    """Build parameters."""

    M: int = param(16, "neighbours of an item in each level, at most", low=2, high=512)
    ef_construction: int = param(128, "width of the search for neighbours", low=1, high=10_000)


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    ef: int = param(64, "width of the search; k if that is more", low=1)
    scan_below: int = param(0, "ranges of fewer items are measured whole", low=0)


class Wow(GraphMethod):
    """A graph for each size of window over the ranks, see `algorithms.wow`; items can be inserted and deleted."""

    info = Info(
        needs_values=True,
        same_attributes=True,
        paper="Wang et al., WoW: A Window-to-Window Incremental Index for Range-Filtering ANN Search",
        year=2025,
        approach="hybrid index",
        technique="graph",
        serves=frozenset({FilterType.R}),
        why_not={"": "WoW's windows follow the order of one attribute, and serve ranges of it"},
        compiled=True,
    )
    BuildParams = Build
    SearchParams = Search
    file = "wow.npz"
    Index = WowIndex

    index: WowIndex
    space: Vectors
    ids: Items
    _ranks: Ranks

    @classmethod
    def build_bytes(cls, params: Any, n: int, dim: int, storage: Storage) -> int:
        """The vectors; the edges of all levels with their lengths."""
        return super().build_bytes(params, n, dim, storage) + n * 8 * params.M * levels_for(n)

    def open(self, data: Data) -> None:
        """Rank the items, and take a copy of the vectors in that order.

        After insertions `data` must hold the new items after the others.
        """
        self._ranks = Ranks(data.attributes, data.filtered)
        self.ids = self._ranks.order
        self.space = space_of(data.stored(self.ids))

    def build_index(self, data: Data) -> WowIndex:
        """Insert the items in random order."""
        n = len(self.ids)
        index = no_items(n, self.params.M)
        order = np.random.default_rng(data.seed).permutation(n).astype(np.int32)
        insert_items(self.space, index, order, 1, self.params.ef_construction, data.threads)
        return index

    def insert(self, vectors: NDArray[np.float32], values: NDArray[Any], threads: int = 1) -> NDArray[np.int64]:
        """Insert items, and return their ids, which follow those of the items before.

        Ranks move, which takes time in proportion to the number of all edges: insert many items at a time.

        Args:
            vectors: float32[m, d].
            values: int64[m] or float64[m], their values of the attribute.
            threads: how many threads.

        Raises:
            BenchError: the index searches codes.
        """
        rows = floats(self.space).rows
        # Renumber all items by their new ranks.
        before = len(self.ids)
        ranks = self._ranks.insert(values)
        self.ids = self._ranks.order
        self.space = l2(dense(np.concatenate([rows, vectors]), np.argsort(ranks)))
        self.index = moved(self.index, ranks[:before], len(ranks))
        # Insert the new ones as in a build.
        insert_items(self.space, self.index, ranks, before, self.params.ef_construction, threads)
        return np.arange(before, len(ranks), dtype=np.int64)

    def delete(self, ids: NDArray[np.int64]) -> None:
        """Delete items, int64[m]: searches walk through them and never return them.

        Raises:
            BenchError: there is no such item.
        """
        rank_of = np.argsort(self.ids)
        for item in ids.tolist():
            if not 0 <= item < len(rank_of) or self.index.deleted[rank_of[item]]:
                raise BenchError(f"no item {item} is there to delete; give ids that were inserted and not deleted yet")
            self.index.deleted[rank_of[item]] = True

    @property
    def view(self) -> WowView:
        """The graphs of all levels, and the items that may be returned."""
        living = Living(self.index.deleted) if self.index.deleted.any() else Everything()
        return WowView(self.index.windows, living)

    @property
    def width(self) -> int:
        """The rows of two levels: nothing follows the one that fills the first."""
        return 2 * self.params.M

    def prepare(self, filters: FilterBatch) -> Intervals:
        """Turn each query's range into ranks."""
        return Intervals(self._ranks.intervals(filters))

    def beam(self, params: Search, k: int) -> RangeBeam:
        """See `GraphMethod.beam`."""
        return RangeBeam(max(params.ef, k), params.scan_below)
