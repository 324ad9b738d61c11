"""DSG as a method: its parameters, the paper's procedure, insertions and deletions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.base import Data, Info, param
from algorithms.dsg.build import insert_labelled, label_around
from algorithms.dsg.edges import both_ways, merged, moved_index, separated, supported
from algorithms.dsg.search import DsgIndex, DsgView
from algorithms.encodings.ranks import Ranks
from algorithms.graph_method import GraphMethod
from algorithms.kernels import hnsw
from algorithms.kernels.edges import links_of
from algorithms.kernels.filter import Everything, Intervals, Living
from algorithms.kernels.ranges import RangeBeam
from algorithms.kernels.space import l2
from algorithms.kernels.spaces import Vectors, floats, space_of
from algorithms.kernels.types import Items
from bench.core.errors import BenchError
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from bench.core.vectors import dense


@dataclass(frozen=True)
class Build:
    """Build parameters."""

    M: int = param(24, "neighbours per item and range, at most", low=2, high=256)
    ef_construction: int = param(
        200, "candidates offered to the base graph; those of ef_max if they are fewer", low=1, high=10_000
    )
    ef_max: int = param(500, "width of the search for candidates whose edges are labelled", low=1, high=10_000)
    alpha: float = param(1.0, "a neighbour at d occludes what is farther than alpha d, squared", low=1.0, high=4.0)
    variant: str = param("paper", "by insertion, or the authors' later rewrite", choices=("paper", "rewrite"))


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    ef: int = param(64, "width of the search; k if that is more", low=1)
    scan_below: int = param(0, "ranges of fewer items are measured whole", low=0)


class Dsg(GraphMethod):
    """A dynamic segment graph, see `algorithms.dsg`."""

    info = Info(
        needs_values=True,
        same_attributes=True,
        paper="Peng et al., Dynamic Range-Filtering Approximate Nearest Neighbor Search",
        year=2025,
        approach="hybrid index",
        technique="graph",
        serves=frozenset({FilterType.R}),
        why_not={"": "DSG labels edges with ranges of one ordered attribute"},
        compiled=True,
    )
    BuildParams = Build
    SearchParams = Search
    file = "dsg.npz"
    Index = DsgIndex

    index: DsgIndex
    space: Vectors
    ids: Items
    _ranks: Ranks

    def open(self, data: Data) -> None:
        """Rank the items, and take a copy of the vectors in that order.

        After insertions `data` must hold the new items after the others.
        """
        self._ranks = Ranks(data.attributes, data.filtered)
        self.ids = self._ranks.order
        self.space = space_of(data.stored(self.ids))

    def build_index(self, data: Data) -> DsgIndex:
        """Insert the items in random order; or, for the rewrite, label edges around each item of an HNSW."""
        p, n = self.params, len(self.ids)
        deleted = np.zeros(n, np.bool_)
        if p.variant == "rewrite":
            graph = hnsw.build(self.space, p.M, p.ef_construction, data.seed, data.threads).base
            forward = label_around(self.space, graph, p.M, p.ef_max, p.alpha, data.threads)
            edges = supported(merged(n, both_ways(forward)))
            return DsgIndex(*edges, base=np.empty((0, 0), np.int32), entry=-1, deleted=deleted)
        order = np.random.default_rng(data.seed).permutation(n).astype(np.int32)
        base = np.full((n, p.M), -1, np.int32)
        return self._insert(DsgIndex(*merged(n, []), base, int(order[0]), deleted), order, 1, data.threads)

    def _insert(self, index: DsgIndex, order: Items, start: int, threads: int) -> DsgIndex:
        """Return an index with ``order[start:]`` inserted, into the base graph of one that holds the items before."""
        p: Build = self.params
        links = links_of(self.space, index.base)
        forward = insert_labelled(self.space, links, order, start, p.ef_construction, p.ef_max, p.alpha, threads)
        edges = merged(len(order), [separated(index.edges), *both_ways(forward)])
        return index._replace(**edges._asdict())

    def insert(self, vectors: NDArray[np.float32], values: NDArray[Any], threads: int = 1) -> NDArray[np.int64]:
        """Insert items, and return their ids, which follow those of the items before.

        Ranks and labels move, which takes time in proportion to the number of all edges: insert many items at a time.

        Args:
            vectors: float32[m, d].
            values: int64[m] or float64[m], their values of the attribute.
            threads: how many threads.

        Raises:
            BenchError: the index was built by the rewrite, which is static, or searches codes.
        """
        if self.params.variant == "rewrite":
            raise BenchError("DSG's rewrite is static; build with variant=paper to insert items")
        rows = floats(self.space).rows
        # Renumber all items by their new ranks.
        before = len(self.ids)
        ranks = self._ranks.insert(values)
        old, new = ranks[:before], ranks[before:]
        self.ids = self._ranks.order
        self.space = l2(dense(np.concatenate([rows, vectors]), np.argsort(ranks)))
        index = moved_index(self.index, old, len(ranks))
        # Insert the new ones as in a build. The order of the others is irrelevant, but for the entry.
        order = np.concatenate([[index.entry], old[old != index.entry], new]).astype(np.int32)
        self.index = self._insert(index, order, before, threads)
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
    def view(self) -> DsgView:
        """The edges, the items that may be returned, and how the variant begins a search."""
        living = Living(self.index.deleted) if self.index.deleted.any() else Everything()
        rewrite = self.params.variant == "rewrite"
        seeds, unlabelled = (4, 0.02 * len(self.ids)) if rewrite else (3, 0.0)
        return DsgView(self.index.edges, living, seeds, unlabelled)

    @property
    def width(self) -> int:
        """The most edges of a node."""
        return int(np.diff(self.index.starts).max(initial=0))

    def prepare(self, filters: FilterBatch) -> Intervals:
        """Turn each query's range into ranks."""
        return Intervals(self._ranks.intervals(filters))

    def beam(self, params: Search, k: int) -> RangeBeam:
        """See `GraphMethod.beam`."""
        return RangeBeam(max(params.ef, k), params.scan_below)
