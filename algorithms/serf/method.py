"""SeRF as a method: its parameters, and the paper's procedure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from algorithms.base import Data, Info, param
from algorithms.encodings.ranks import Ranks
from algorithms.graph_method import GraphMethod
from algorithms.kernels.filter import Intervals
from algorithms.kernels.ranges import RangeBeam
from algorithms.kernels.spaces import Vectors, space_of
from algorithms.serf.build import LEAPS, build, transpose
from algorithms.serf.search import SerfIndex, SerfView
from bench.core.formats import Storage
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch


@dataclass(frozen=True)
class Build:
    """Build parameters."""

    M: int = param(100, "neighbours per item and range, at most (the paper's index_k)", low=2, high=512)
    ef_construction: int = param(100, "candidates that the neighbours for a range are chosen from", low=1, high=10_000)
    ef_max: int = param(500, "width of the search for candidates", low=1, high=10_000)
    leap: str = param("max", "which neighbour's rank ends what the neighbours are meant for", choices=LEAPS)


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    ef: int = param(64, "width of the search; k if that is more", low=1)
    scan_below: int = param(0, "ranges of fewer items are measured whole", low=0)


class Serf(GraphMethod):
    """A segment graph in two dimensions, see `algorithms.serf`."""

    info = Info(
        needs_values=True,
        same_attributes=True,
        paper="Zuo et al., SeRF: Segment Graph for Range-Filtering Approximate Nearest Neighbor Search",
        year=2024,
        approach="hybrid index",
        technique="graph",
        serves=frozenset({FilterType.R}),
        why_not={"": "SeRF inserts the items in the order of one attribute, and its edges are for ranges of it"},
        compiled=True,
    )
    BuildParams = Build
    SearchParams = Search
    file = "serf.npz"
    Index = SerfIndex

    index: SerfIndex
    space: Vectors

    @classmethod
    def build_bytes(cls, params: Any, n: int, dim: int, storage: Storage) -> int:
        """The vectors; the edges with the ranges that they are for, and a copy of them."""
        return super().build_bytes(params, n, dim, storage) + n * 24 * params.M

    def open(self, data: Data) -> None:
        """Rank the items, and take a copy of the vectors in that order."""
        self._ranks = Ranks(data.attributes, data.filtered)
        self.ids = self._ranks.order
        self.space = space_of(data.stored(self.ids))

    def build_index(self, data: Data) -> SerfIndex:
        """Insert the items in the order of their ranks."""
        p: Build = self.params
        return build(self.space, p.M, p.ef_construction, p.ef_max, p.leap, data.threads)

    @cached_property
    def view(self) -> SerfView:
        """The index with its edges backwards, which follow from those forwards."""
        return SerfView(self.index.segment, self.index.forward, transpose(self.index.forward), self.params.M)

    @property
    def width(self) -> int:
        """One span and twice as many edges backwards, or the longest row of the segment graph."""
        return max(3 * self.params.M, int(np.diff(self.index.segment.starts).max(initial=0)))

    def prepare(self, filters: FilterBatch) -> Intervals:
        """Turn each query's range into ranks."""
        return Intervals(self._ranks.intervals(filters))

    def beam(self, params: Search, k: int) -> RangeBeam:
        """See `GraphMethod.beam`."""
        return RangeBeam(max(params.ef, k), params.scan_below)
