"""ACORN as a method: its parameters, and the paper's procedure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from algorithms.acorn.build import CUTS, build
from algorithms.acorn.search import AcornBeam, AcornIndex, AcornView
from algorithms.base import ALL_FILTERS, Data, Info, param
from algorithms.graph_method import GraphMethod, walk_or_scan
from algorithms.kernels.filter import Selections, selections_of
from algorithms.kernels.layers import Hierarchy
from algorithms.kernels.spaces import Vectors, space_of
from bench.core.errors import BenchError
from bench.core.formats import Storage
from bench.core.masks import FilterBatch
from bench.core.plans import QueryPlans


@dataclass(frozen=True)
class Build:
    """Build parameters."""

    M: int = param(
        32, "passing neighbours that an item should have; twice as many in the lowest layer", low=2, high=512
    )
    gamma: int = param(
        12,
        "M * gamma neighbours are looked for, so that M of them pass a filter that one item in gamma passes; "
        "1 is ACORN-1, which also reads the lists of all neighbours",
        low=1,
        high=512,
    )
    M_beta: int = param(
        32,
        "nearest neighbours kept in any case in the lowest layer; further ones only if no kept one leads to them",
        low=0,
    )
    cut: str = param(
        "candidates",
        "a list in the lowest layer ends when it leads to as many items as: candidates, the M * gamma that were looked "
        "for (paper); places, the entries that it has room for (authors' code)",
        choices=CUTS,
    )

    def __post_init__(self) -> None:
        if self.M_beta > 2 * self.M * self.gamma:
            raise BenchError(f"M_beta is {self.M_beta}; it must not be above 2 * M * gamma = {2 * self.M * self.gamma}")


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    ef: int = param(64, "width of the search; k if that is more", low=1)
    prefilter_below: float = param(
        0.0, "selectivity below which all items that pass are measured instead; 1 / gamma in the paper", low=0, high=1
    )


class Acorn(GraphMethod):
    """ACORN-gamma and ACORN-1, see `algorithms.acorn`."""

    info = Info(
        paper="Patel et al., ACORN: Performant and Predicate-Agnostic Search over Embeddings and Structured Data",
        year=2024,
        approach="in-filtering",
        technique="graph",
        serves=ALL_FILTERS,
        compiled=True,
    )
    BuildParams = Build
    SearchParams = Search
    file = "acorn.npz"
    Index = AcornIndex

    index: AcornIndex
    space: Vectors

    @classmethod
    def build_bytes(cls, params: Any, n: int, dim: int, storage: Storage) -> int:
        """The vectors; the edges with their lengths, and a copy of them."""
        return super().build_bytes(params, n, dim, storage) + n * 12 * (params.M_beta + 3 * params.M // 2)

    def open(self, data: Data) -> None:
        """Take the vectors; the graph does not depend on the attributes."""
        self.space = space_of(data.stored())

    def build_index(self, data: Data) -> AcornIndex:
        """Insert all items, layer by layer."""
        p: Build = self.params
        return build(self.space, p.M, p.gamma, p.M_beta, p.cut, data.seed, data.threads)

    @property
    def view(self) -> AcornView:
        """The index with the parameters that say how it is read."""
        p: Build = self.params
        index = self.index
        upper = Hierarchy(index.upper, index.first, index.entry, index.top)
        return AcornView(index.base, upper, p.M, p.gamma, p.M_beta)

    @property
    def width(self) -> int:
        """What is read of lists in the lowest layer, or one of its rows."""
        return max(2 * self.params.M, self.index.base.shape[1])

    def prepare(self, filters: FilterBatch) -> Selections:
        """Evaluate the filters."""
        return selections_of(filters)

    def beam(self, params: Search, k: int) -> AcornBeam:
        """See `GraphMethod.beam`."""
        return AcornBeam(max(params.ef, k), params.prefilter_below)

    def plans(self) -> QueryPlans:
        """Return which queries measured all that pass, because it is little."""
        filters, beam = self.searched
        matches = filters.matches[filters.which]
        return walk_or_scan(matches < max(beam.s_min * len(self.index.base), 1.0))
