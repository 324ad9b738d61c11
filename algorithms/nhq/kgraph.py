"""NHQ-NPG_kgraph as a method: a pruned k-NN graph on the fusion distance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from algorithms.base import Data, param
from algorithms.kernels.graph import Rows
from algorithms.kernels.nn_descent import Limits, nn_descent
from algorithms.kernels.stride import stride
from algorithms.nhq.build import select_edges
from algorithms.nhq.fusion import metric_of
from algorithms.nhq.method import Nhq
from algorithms.nhq.search import KgraphBeam, KgraphIndex


@dataclass(frozen=True)
class Build:
    """Build parameters, by the names of the authors' code."""

    K: int = param(100, "neighbours of an item in the k-NN graph; L if that is fewer", low=1)
    L: int = param(100, "NN-descent: neighbours that an item keeps", low=1)
    iter: int = param(12, "NN-descent: rounds at most", low=0)
    S: int = param(15, "NN-descent: new neighbours that an item samples in a round", low=1)
    R: int = param(200, "NN-descent: reverse neighbours that it samples", low=0)
    RANGE: int = param(50, "edges of an item at most", low=1)
    PL: int = param(350, "neighbours of neighbours among the candidates for its edges", low=0)
    B: float = param(0.5, "fraction of its neighbours whose neighbours are looked at", low=0, high=1)


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    L: int = param(100, "width of the search, k if that is more, and how many random items it starts from", low=1)
    weight: float | None = param(
        None, "added to the distance per differing attribute (authors' code); null: the fusion distance", low=0
    )


class NhqKgraph(Nhq):
    """Edges chosen among neighbours of neighbours; a search starts from random items."""

    BuildParams = Build
    SearchParams = Search

    def build_index(self, data: Data) -> Rows:
        """Build the k-NN graph, and choose edges from it."""
        p: Build = self.params
        n, limits = len(self.fusion.codes), Limits(p.L, p.S, p.R, p.iter)
        pools = nn_descent(self.fusion, n, limits, data.seed, data.threads)[:, : p.K]
        return select_edges(self.fusion, np.ascontiguousarray(pools), p.RANGE, p.PL, p.B, data.threads)

    @cached_property
    def view(self) -> KgraphIndex:
        """The graph with what follows from it, and the items' values."""
        ids = self.index.ids
        halves = (np.count_nonzero(ids >= 0, axis=1) // 2).astype(np.int32)
        return KgraphIndex(ids, halves, self.fusion.codes, stride(len(ids)))

    def beam(self, params: Search, k: int) -> KgraphBeam:
        """See `GraphMethod.beam`."""
        return KgraphBeam(max(params.L, k), metric_of(params.weight))
