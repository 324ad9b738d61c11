"""What FilteredVamana and StitchedVamana have in common: everything but how the graph is built."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from algorithms.base import Data, Info, param
from algorithms.encodings.labels import LabelSets, label_sets
from algorithms.filtered_diskann.search import VamanaBeam, VamanaIndex, VamanaView, WantedLabels
from algorithms.graph_method import GraphMethod
from algorithms.kernels.csr import Csr
from algorithms.kernels.spaces import Vectors, space_of
from bench.core.errors import BenchError
from bench.core.filters import Contains, Equals, type_of
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch

INFO = Info(
    paper="Gollapudi et al., Filtered-DiskANN: Graph Algorithms for Approximate Nearest Neighbor Search with Filters",
    year=2023,
    approach="hybrid index",
    technique="graph",
    serves=frozenset({FilterType.EM, FilterType.EMIS}),
    why_not={
        "": "it walks its graph within one label, so that it serves only EM and EMIS",
        FilterType.C: "it walks its graph within one label or an OR of several; C has AND and NOT as well",
        FilterType.NONE: "it walks its graph within one label, and a query without a filter has none to start from",
    },
    compiled=True,
)


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    L: int = param(100, "the beam of the search; k if that is more", low=1)


class LabelledVamana(GraphMethod):
    """A graph that is walked within one label, from the entry of that label. A subclass builds it."""

    info = INFO
    SearchParams = Search
    file = "vamana.npz"
    Index = VamanaIndex

    index: VamanaIndex
    space: Vectors
    sets: LabelSets

    def open(self, data: Data) -> None:
        """Take the vectors and the labels of the items."""
        self.sets = label_sets(data.attributes, data.filtered)
        self.space = space_of(data.stored())

    @property
    def view(self) -> VamanaView:
        """The index with the items' labels, by which it is searched."""
        return VamanaView(Csr(self.index.starts, self.index.ids), self.sets.labels, self.index.entries)

    @cached_property
    def width(self) -> int:
        """The longest row."""
        return int(np.diff(self.index.starts).max(initial=0))

    def beam(self, params: Search, k: int) -> VamanaBeam:
        """See `GraphMethod.beam`."""
        return VamanaBeam(max(params.L, k))

    def prepare(self, filters: FilterBatch) -> WantedLabels:
        """Look up the label that each query wants.

        Raises:
            BenchError: a filter is neither EM nor EMIS.
        """
        labels = np.empty(len(filters.unique), np.int32)
        for u, filter_ in enumerate(filters.unique):
            if not isinstance(filter_, Equals | Contains):
                raise BenchError(f"{filter_} is a filter of type {type_of(filter_)}; only EM and EMIS are served")
            labels[u] = self.sets.label_of(filter_)
        return WantedLabels(labels[filters.index])
