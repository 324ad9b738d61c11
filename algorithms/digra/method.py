"""DIGRA as a method: its parameters, the paper's procedure, and insertion and deletion by id."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from algorithms.base import Data, Info, param
from algorithms.digra.index import DigraIndex
from algorithms.digra.search import DigraView
from algorithms.digra.tree import GROUPINGS
from algorithms.encodings.ranks import Ranks
from algorithms.graph_method import GraphMethod
from algorithms.kernels.filter import Intervals
from algorithms.kernels.ranges import RangeBeam
from algorithms.kernels.spaces import Vectors, floats, space_of
from algorithms.kernels.types import Items
from bench.core.errors import BenchError
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch


@dataclass(frozen=True)
class Build:
    """Build parameters."""

    M: int = param(24, "neighbours per item and layer, at most", low=2, high=512)
    ef_construction: int = param(200, "width of the search for neighbours; B if that is more", low=1, high=10_000)
    B: int = param(3, "children per node of the tree, at most", low=3, high=64)
    grouping: str = param("paper", "how many children a node is built with", choices=GROUPINGS)


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    ef: int = param(50, "width of the search; k if that is more", low=1)
    scan_below: int = param(0, "ranges of fewer items are measured whole", low=0)


class Digra(GraphMethod):
    """A multi-way tree of graphs, see `algorithms.digra`; items can be inserted and deleted."""

    info = Info(
        needs_values=True,
        same_attributes=True,
        paper="Jiang et al., DIGRA: A Dynamic Graph Indexing for Approximate Nearest Neighbor Search with Range Filter",
        year=2025,
        approach="hybrid index",
        technique="tree and graph",
        serves=frozenset({FilterType.R}),
        why_not={"": "DIGRA's tree orders the items by one attribute, and covers ranges of it"},
        compiled=True,
    )
    BuildParams = Build
    SearchParams = Search
    file = "digra.npz"

    index: DigraIndex
    ids: Items  # of the items of the index, which numbers them by rank, then as they are inserted

    def open(self, data: Data) -> None:
        """Rank the items."""
        self._ranks = Ranks(data.attributes, data.filtered)
        self.ids = self._ranks.order

    def build_index(self, data: Data) -> DigraIndex:
        """Build the tree, and then the graphs of one layer after another, each in parallel."""
        index = self._new_index(data)
        index.build(data.threads)
        return index

    def _new_index(self, data: Data) -> DigraIndex:
        """Return an index of the items of `ids`, without neighbours yet."""
        p: Build = self.params
        return DigraIndex(space_of(data.stored(self.ids)), p.M, p.ef_construction, p.B, p.grouping)

    def save(self, folder: Path) -> None:
        """Write the tree and its graphs; the vectors are the data's."""
        np.savez(folder / self.file, ids=self.ids.astype(np.int64), **self.index.compact())

    @classmethod
    def load(cls, folder: Path, params: Build, data: Data) -> Self:
        """Read the index. After insertions `data` must hold the new items behind the others."""
        method = cls(params)
        method.open(data)
        with np.load(folder / cls.file) as file:
            arrays = dict(file)
        method.ids = arrays["ids"].astype(np.int32)
        method.index = method._new_index(data)
        method.index.restore(arrays)
        living = method.ids[method.index.items]
        method._ranks.delete(np.flatnonzero(~np.isin(method._ranks.order, living)))
        return method

    def insert(self, vectors: NDArray[np.float32], values: NDArray[Any]) -> NDArray[np.int64]:
        """Insert items, float32[m, d] and their values of the attribute, [m]; return their ids, which follow.

        Raises:
            BenchError: the index searches codes.
        """
        floats(self.space)
        ids = len(self.ids) + np.arange(len(vectors), dtype=np.int64)
        for vector, value, item in zip(vectors, values, ids, strict=True):
            self.index.insert(vector, self._ranks.insert_one(value.item(), int(item)))
        self.ids = np.append(self.ids, ids.astype(np.int32))
        return ids

    def delete(self, ids: NDArray[np.int64]) -> None:
        """Delete items.

        Raises:
            BenchError: an item is not there.
        """
        items = np.argsort(self.ids)
        for gone in ids.tolist():
            rank = int(self.index.ranks[items[gone]]) if 0 <= gone < len(items) else -1
            if rank < 0:
                raise BenchError(f"no item {gone} is there to delete; give ids that were inserted and not deleted yet")
            self._ranks.delete(rank)
            self.index.delete(int(items[gone]))

    @property
    def space(self) -> Vectors:
        """The items, in the order in which the index numbers them."""
        return self.index.space

    @property
    def view(self) -> DigraView:
        """The index as it is now."""
        return self.index.view

    @property
    def width(self) -> int:
        """Two layers, and the bridge."""
        return 3 * self.params.M

    def prepare(self, filters: FilterBatch) -> Intervals:
        """Turn each query's range into ranks."""
        return Intervals(self._ranks.intervals(filters))

    def beam(self, params: Search, k: int) -> RangeBeam:
        """See `GraphMethod.beam`."""
        return RangeBeam(max(params.ef, k), params.scan_below)
