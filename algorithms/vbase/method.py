"""VBASE as a method: its parameters, and an HNSW as its index."""

from __future__ import annotations

from dataclasses import dataclass

from algorithms.base import ALL_FILTERS, Info, param
from algorithms.graph_method import walk_or_scan
from algorithms.hnsw_method import HnswMethod
from algorithms.kernels.filter import Selections, selections_of
from algorithms.vbase.search import VbaseView, VbaseWindow
from bench.core.masks import FilterBatch
from bench.core.plans import QueryPlans


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    E: int = param(32, "items that pass and make up the neighbourhood of a query; k if that is more", low=1)
    w: int = param(8, "last visits whose median distance is compared with the radius of the neighbourhood", low=1)


class Vbase(HnswMethod):
    """Visits items until it leaves the neighbourhood of the query, see `algorithms.vbase`."""

    info = Info(
        paper="Zhang et al., VBASE: Unifying Online Vector Similarity Search and Relational Queries",
        year=2023,
        approach="post-filtering",
        technique="graph",
        serves=ALL_FILTERS,
        compiled=True,
    )
    SearchParams = Search

    @property
    def view(self) -> VbaseView:
        """The index, to be searched as VBASE does."""
        return VbaseView(self.index)

    def prepare(self, filters: FilterBatch) -> Selections:
        """Evaluate the filters."""
        return selections_of(filters)

    def beam(self, params: Search, k: int) -> VbaseWindow:
        """See `GraphMethod.beam`."""
        return VbaseWindow(max(params.E, k), params.w)

    def plans(self) -> QueryPlans:
        """Return which queries measured all that pass, because their neighbourhood has no more."""
        filters, window = self.searched
        return walk_or_scan(filters.matches[filters.which] <= window.E)
