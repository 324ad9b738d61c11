"""SIEVE as a method: its parameters, and the paper's procedure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from algorithms.base import ALL_FILTERS, Data, Info, param
from algorithms.encodings.labels import UNKNOWN, LabelSets, label_sets
from algorithms.graph_method import GraphMethod
from algorithms.kernels import hnsw
from algorithms.kernels.csr import Csr
from algorithms.kernels.filter import selections_of
from algorithms.kernels.spaces import Vectors, space_of
from algorithms.sieve.build import build_subgraphs, members_of
from algorithms.sieve.choose import choose_labels
from algorithms.sieve.cost import CostModel
from algorithms.sieve.search import ROOT, Covered, SieveBeam, SieveIndex, SieveView, write_plans
from bench.core.filters import And, Contains, Equals, Filter
from bench.core.formats import Storage
from bench.core.masks import FilterBatch
from bench.core.plans import QueryPlans


@dataclass(frozen=True)
class Build:
    """Build parameters."""

    M: int = param(16, "edges per node, twice as many on the lowest layer; smaller graphs have fewer", low=2, high=512)
    ef_construction: int = param(200, "width of the search for neighbours", low=1, high=10_000)
    budget: float = param(3.0, "memory of all graphs together, by that of the graph of all items", low=1, high=1000)
    sef: int = param(50, "width of the searches that graphs are chosen for", low=1)
    gamma: float = param(0.5, "cost of measuring an item, where a walk of n items costs log(n) ef", low=0)
    cor: float = param(0.5, "exponent of the inverse selectivity in the cost of a walk", low=0, high=1)


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    ef: int = param(64, "width of the search; k if that is more", low=1)


class Sieve(GraphMethod):
    """A graph of all items and graphs of frequent labels, see `algorithms.sieve`."""

    info = Info(
        paper="Li et al., SIEVE: Effective Filtered Vector Search with Collection of Indexes",
        year=2025,
        approach="hybrid index",
        technique="graph",
        serves=ALL_FILTERS,
        compiled=True,
    )
    BuildParams = Build
    SearchParams = Search
    file = "sieve.npz"
    Index = SieveIndex

    index: SieveIndex
    space: Vectors
    _labels: LabelSets | None

    @classmethod
    def build_bytes(cls, params: Any, n: int, dim: int, storage: Storage) -> int:
        """The vectors, and those of one label; the edges of one graph with their lengths, and those of all."""
        return 2 * n * storage.vector_bytes(dim) + int(n * 8 * params.M * (2 + params.budget))

    def open(self, data: Data) -> None:
        """Encode the values of the filtered attributes as labels, and take the vectors."""
        self._labels = label_sets(data.attributes, data.filtered) if data.filtered else None
        self.space = space_of(data.stored())

    def build_index(self, data: Data) -> SieveIndex:
        """Build the graph of all items, choose labels by what their graphs save, and build those."""
        p: Build = self.params
        root = hnsw.build(self.space, p.M, p.ef_construction, data.seed, data.threads)
        sizes = np.diff(self._postings.starts)
        labels = choose_labels(self._model, sizes, data.attributes.n, p.M, p.sef, p.budget)
        entries, edges = build_subgraphs(data, members_of(self._postings, labels), p.M, p.ef_construction)
        return SieveIndex(root, labels, entries, edges)

    @property
    def _model(self) -> CostModel:
        return CostModel(self.params.gamma, self.params.cor)

    @property
    def _postings(self) -> Csr:
        """The items of each label."""
        return self._labels.postings if self._labels else Csr(np.zeros(1, np.int64), np.empty(0, np.int32))

    @cached_property
    def view(self) -> SieveView:
        """The index with the items of each graph, which follow from the attributes."""
        index = self.index
        return SieveView(index.root, index.entries, index.edges, members_of(self._postings, index.labels))

    @property
    def width(self) -> int:
        """A row of the graph of all items; those of others have fewer places."""
        return self.index.root.base.shape[1]

    def prepare(self, filters: FilterBatch) -> Covered:
        """Evaluate the filters, and find the smallest graph whose items include all that pass each."""
        graphs = [self._smallest_graph(filter_) for filter_ in filters.unique]
        return Covered(selections_of(filters), np.array(graphs, np.int32))

    def _smallest_graph(self, filter_: Filter) -> int:
        sizes = np.diff(self.view.members.starts)
        return min(self._graphs_of(filter_), key=lambda graph: (sizes[graph], graph), default=ROOT)

    def _graphs_of(self, filter_: Filter) -> Iterator[int]:
        """Yield the graphs of labels that all items have which pass a filter."""
        match filter_:
            case Equals() | Contains():
                label = self._labels.label_of(filter_) if self._labels else UNKNOWN
                place = int(np.searchsorted(self.index.labels, label))
                if place < len(self.index.labels) and self.index.labels[place] == label:
                    yield place
            case And(parts):
                for part in parts:
                    yield from self._graphs_of(part)

    def beam(self, params: Search, k: int) -> SieveBeam:
        """See `GraphMethod.beam`."""
        return SieveBeam(max(params.ef, k), self._model)

    def plans(self) -> QueryPlans:
        """Return which queries measured all that pass, and which walked a graph of how many items, by powers of two."""
        filters, beam = self.searched
        queries = len(filters.selections.which)
        sizes, scans = np.zeros(queries, np.int64), np.zeros(queries, np.bool_)
        write_plans(self.view, filters, beam, sizes, scans)
        n = len(self.space.rows)
        names = [
            "scan" if scan else "walk all items" if size == n else _name_of_graph(size)
            for size, scan in zip(sizes.tolist(), scans.tolist(), strict=True)
        ]
        distinct, index = np.unique(names, return_inverse=True)
        return QueryPlans.without_estimates(tuple(map(str, distinct)), index)


def _name_of_graph(size: int) -> str:
    """Return the plan of walking a label's graph; a name per graph would be too many."""
    below = 1 << size.bit_length()
    return f"walk a graph of {below // 2:,} to {below - 1:,} items"
