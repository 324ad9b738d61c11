"""UNG as a method: its parameters, and the paper's procedure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from algorithms.base import Data, Info, param
from algorithms.encodings.labels import UNKNOWN, label_sets
from algorithms.graph_method import GraphMethod
from algorithms.kernels.csr import Csr, csr_of_lists
from algorithms.kernels.spaces import Vectors, space_of
from algorithms.kernels.types import Items
from algorithms.ung.build import choose_entries, edges_of, grow_groups, joined, repair
from algorithms.ung.cross import link_to_nearest, new_workers, realise_missing
from algorithms.ung.groups import group, minimal_supersets, navigating_graph
from algorithms.ung.search import Supersets, UngBeam, UngIndex, UngView
from bench.core.errors import BenchError
from bench.core.filters import Contains, Equals, Filter, leaves, type_of
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch

_SERVES = frozenset({FilterType.EM, FilterType.EMIS, FilterType.MEM, FilterType.MEMIS})


@dataclass(frozen=True)
class Build:
    """Build parameters."""

    delta: int = param(6, "edges from each item to items with larger label sets", low=0)
    R: int = param(32, "neighbours of an item at most within its label set", low=1)
    L: int = param(100, "the beam of the search for neighbours", low=1)
    alpha: float = param(1.2, "how much longer an edge may be than a way around it, for squared distances", low=1)
    sigma: int = param(16, "items of each label set where a search may start", low=1)


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    L: int = param(100, "the beam of the search; k if that is more", low=1)


class Ung(GraphMethod):
    """A graph of groups with equal label sets; a search starts from some items of each smallest set that passes."""

    info = Info(
        paper="Cai et al., Navigating Labels and Vectors: A Unified Approach to Filtered ANN Search (UNG)",
        year=2024,
        approach="hybrid index",
        technique="graph",
        serves=_SERVES,
        why_not={"": "it searches the items that hold all of some labels, so that it serves EM, EMIS, MEM and MEMIS"},
        compiled=True,
    )
    BuildParams = Build
    SearchParams = Search
    file = "ung.npz"
    Index = UngIndex

    index: UngIndex
    space: Vectors

    def open(self, data: Data) -> None:
        """Group the items, and take a copy of the vectors group by group."""
        self._sets = label_sets(data.attributes, data.filtered)
        self._groups = group(self._sets)
        self.ids = self._groups.order
        self.space = space_of(data.stored(self.ids))

    def build_index(self, data: Data) -> UngIndex:
        """Grow a graph in each group, then join the graphs along the label navigating graph."""
        p: Build = self.params
        graphs = grow_groups(self.space, self._groups, p.R, p.L, p.alpha, data.seed, data.threads)
        edges = [edges_of(graphs.rows), repair(graphs)]
        if p.delta > 0:
            lng = navigating_graph(self._groups)
            with new_workers(graphs, data.threads) as workers:
                nearest = link_to_nearest(workers, graphs, lng, p.delta)
                edges += [nearest, realise_missing(workers, graphs, lng, nearest, p.delta)]
        entries = choose_entries(self._groups, graphs.medoids, p.sigma, np.random.default_rng((data.seed, 1)))
        return UngIndex(*joined(edges, len(graphs.rows)), *entries)

    @property
    def view(self) -> UngView:
        """The graph, and the entries of each group."""
        starts, ids, entry_starts, entries = self.index
        return UngView(Csr(starts, ids), Csr(entry_starts, entries))

    @cached_property
    def width(self) -> int:
        """The longest row."""
        return int(np.diff(self.index.starts).max(initial=0))

    def beam(self, params: Search, k: int) -> UngBeam:
        """See `GraphMethod.beam`."""
        return UngBeam(max(params.L, k))

    def prepare(self, filters: FilterBatch) -> Supersets:
        """Find the minimal supersets of the labels of each distinct filter.

        Raises:
            BenchError: a filter is of a type that is not served.
        """
        return Supersets(csr_of_lists([self._supersets(filter_) for filter_ in filters.unique]), filters.index)

    def _supersets(self, filter_: Filter) -> Items:
        if type_of(filter_) not in _SERVES:
            raise BenchError(f"{filter_} is a filter of type {type_of(filter_)}; {self.info.why_not['']}")
        labels = {self._sets.label_of(leaf) for leaf in leaves(filter_) if isinstance(leaf, Equals | Contains)}
        if UNKNOWN in labels:
            return np.empty(0, np.int32)
        return minimal_supersets(self._groups, np.array(sorted(labels), np.int32), proper=False)
