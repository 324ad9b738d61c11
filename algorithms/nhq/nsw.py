"""NHQ-NPG_nsw as a method: a navigable small world on the fusion distance."""

from __future__ import annotations

from dataclasses import dataclass

from algorithms.base import Data, param
from algorithms.kernels.graph import Rows
from algorithms.nhq.build import OCCLUSIONS, build_nsw
from algorithms.nhq.fusion import metric_of
from algorithms.nhq.method import Nhq
from algorithms.nhq.search import NswBeam, NswIndex


@dataclass(frozen=True)
class Build:
    """Build parameters, by the names of the authors' code."""

    M: int = param(40, "edges that a new item chooses; MaxM0 if that is fewer", low=1)
    MaxM0: int = param(40, "edges of an item at most", low=1)
    efConstruction: int = param(300, "width of the search for them", low=1)
    occlusion: str = param(
        "fusion",
        "distance from a chosen neighbour to a candidate, compared with the candidate's fusion distance: "
        "fusion (paper), or vector, without attributes (authors' code)",
        choices=OCCLUSIONS,
    )


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    ef: int = param(100, "width of the search; k if that is more", low=1)
    weight: float | None = param(
        None, "added to the distance per differing attribute (authors' code); null: the fusion distance", low=0
    )
    stop: str = param(
        "beam",
        "when the search ends: beam, at the nearest candidate beyond the best ef; "
        "expansions, after ef / 2 items were expanded, which admits nearly all candidates (authors' code)",
        choices=("beam", "expansions"),
    )


class NhqNsw(Nhq):
    """A flat graph that is built by insertion; a search starts from the first item."""

    BuildParams = Build
    SearchParams = Search

    def build_index(self, data: Data) -> Rows:
        """Insert the items in the order of the data."""
        p: Build = self.params
        return build_nsw(self.fusion, p.M, p.MaxM0, p.efConstruction, p.occlusion, data.threads)

    @property
    def view(self) -> NswIndex:
        """The graph and the items' values."""
        return NswIndex(self.index, self.fusion.codes)

    def beam(self, params: Search, k: int) -> NswBeam:
        """See `GraphMethod.beam`."""
        expansions = 0 if params.stop == "beam" else max(1, params.ef // 2)
        return NswBeam(max(params.ef, k), expansions, metric_of(params.weight))
