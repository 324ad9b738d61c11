"""NaviX as a method: its parameters, and an HNSW as its index."""

from __future__ import annotations

from dataclasses import dataclass

from algorithms.base import ALL_FILTERS, Info, param
from algorithms.graph_method import walk_or_scan
from algorithms.hnsw_method import HnswMethod
from algorithms.kernels.filter import Selections, selections_of
from algorithms.kernels.local_rule import RULES, most_offered
from algorithms.navix.search import NavixBeam, NavixView
from bench.core.masks import FilterBatch
from bench.core.plans import QueryPlans


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    ef: int = param(64, "width of the search; k if that is more", low=1)
    rule: str = param("local", "how far a walk looks: what each node suggests, or always the same", choices=RULES)


class Navix(HnswMethod):
    """Walks over the items that pass, see `algorithms.navix`."""

    info = Info(
        paper="Sehgal and Salihoglu, NaviX: A Native Vector Index Design for Graph DBMSs",
        year=2025,
        approach="in-filtering",
        technique="graph",
        serves=ALL_FILTERS,
        compiled=True,
    )
    SearchParams = Search

    @property
    def view(self) -> NavixView:
        """The index, to be searched as NaviX does."""
        return NavixView(self.index)

    @property
    def width(self) -> int:
        """What two hops offer."""
        n, degree = self.index.base.shape
        return max(degree, most_offered(degree, n))

    def prepare(self, filters: FilterBatch) -> Selections:
        """Evaluate the filters."""
        return selections_of(filters)

    def beam(self, params: Search, k: int) -> NavixBeam:
        """See `GraphMethod.beam`."""
        return NavixBeam(max(params.ef, k), RULES.index(params.rule))

    def plans(self) -> QueryPlans:
        """Return which queries measured all that pass, because their beam holds it."""
        filters, beam = self.searched
        return walk_or_scan(filters.matches[filters.which] <= beam.ef)
