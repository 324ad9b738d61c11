"""ACORN: one graph for all filters, so dense that what passes any of them is a graph as well.

Patel, Kraft, Guestrin, Zaharia: ACORN: Performant and Predicate-Agnostic Search Over Vector Embeddings and Structured
Data (SIGMOD 2024). An HNSW without pruning, whose items have `gamma` times as many neighbours. A search walks over
items that pass and no others: of a list it reads what passes, as if the graph had been built over nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from algorithms.acorn import build, search
from algorithms.acorn.graph import Graph
from algorithms.base import ALL_FILTERS, ALL_FORMATS, Algorithm, Data, Info, param
from algorithms.kernels.graph import pack, unpack
from algorithms.kernels.queries import BatchSearch
from algorithms.kernels.space import Space, space_of
from bench.core.errors import BenchError
from bench.core.formats import Storage
from bench.core.masks import FilterBatch

_FILE = "acorn.npz"


@dataclass(frozen=True)
class Build:
    """Build parameters."""

    M: int = param(32, "passing neighbours that an item is to have; twice as many on the lowest layer", low=2, high=512)
    gamma: int = param(
        12,
        "M * gamma neighbours are sought, so that M of them pass a filter that one item in gamma passes; "
        "1 is ACORN-1, which also reads the lists of all neighbours",
        low=1,
        high=512,
    )
    M_beta: int = param(
        32,
        "nearest neighbours kept in any case on the lowest layer; further ones only if no kept one leads to them",
        low=0,
    )

    cut: str = param(
        "candidates",
        "a list on the lowest layer ends when it leads to as many items as: candidates, M * gamma, were sought for it "
        "(paper); places, it has itself (authors' code)",
        choices=("candidates", "places"),
    )

    def __post_init__(self) -> None:
        if self.M_beta > 2 * self.M * self.gamma:
            raise BenchError(f"M_beta is {self.M_beta}; it must not be above 2 * M * gamma = {2 * self.M * self.gamma}")


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    ef: int = param(64, "width of the search", low=1)
    prefilter_below: float = param(
        0.0, "selectivity below which all items that pass are measured instead; 1 / gamma in the paper", low=0, high=1
    )


class Prepared(NamedTuple):
    """Evaluated filters.

    Attributes:
        bitmaps: uint64[u, ceil(n / 64)], the items that pass each distinct filter.
        matches: int64[u], how many they are.
        which: int64[q], the filter of each query.
    """

    bitmaps: NDArray[np.uint64]
    matches: NDArray[np.int64]
    which: NDArray[np.int64]


class Acorn(Algorithm):
    """ACORN-gamma, and ACORN-1.

    Built as in the paper: lists stand nearest first (farthest first in the authors' code), and building walks along the
    first M entries of each that were not met before. No list on an upper layer is cut but at M * gamma entries, and on
    the lowest it has M_beta + 1.5 M places.

    A search reads a list for what passes, then, behind its first `M_beta` entries, the lists of its entries, up to M
    items that pass; 2 M on the lowest layer. Three things are not as in the paper or its code. A list is read to its
    end before those of its tail, and of these the farthest's first, where the paper reads each tail entry's list as it
    comes to it: on 50,000 real embeddings that was worth a fourth of the throughput at recall 0.95. The start may fail
    the filter, and is no answer then. And where the search ends at once, as nothing near its start passes, it walks on
    from there over all items to the first that does; for filters that fewer than one item in gamma passes, that is
    common.

    As edges are not diversified, a small M leaves clusters of items unconnected, whatever the width of the search.
    """

    info = Info(
        paper="Patel et al., ACORN: Performant and Predicate-Agnostic Search over Embeddings and Structured Data",
        year=2024,
        approach="in-filtering",
        technique="graph",
        serves=ALL_FILTERS,
        compiled=True,
        reads=ALL_FORMATS,
    )
    BuildParams = Build
    SearchParams = Search

    graph: Graph
    _space: Space

    @classmethod
    def build_bytes(cls, params: Any, n: int, dim: int, storage: Storage) -> int:
        """The vectors; the edges with their lengths, and a copy of them."""
        return super().build_bytes(params, n, dim, storage) + n * 12 * (params.M_beta + 3 * params.M // 2)

    def build(self, data: Data) -> None:
        """Build the graph, whatever the attributes."""
        p: Build = self.params
        self._space = space_of(data.stored())
        sought, places = p.M * p.gamma, p.M_beta + 3 * p.M // 2
        reach = sought if p.cut == "candidates" else places
        self.graph = build.build(self._space, p.M, sought, p.M_beta, places, reach, data.seed, data.threads)

    def save(self, folder: Path) -> None:
        """Write the graph; the vectors are the data's."""
        graph = self.graph
        np.savez(
            folder / _FILE, upper=graph.upper, first=graph.first, entry=graph.entry, top=graph.top, **pack(graph.base)
        )

    @classmethod
    def load(cls, folder: Path, params: Build, data: Data) -> Self:
        """Read the graph."""
        algorithm = cls(params)
        with np.load(folder / _FILE) as arrays:
            entry, top = int(arrays["entry"]), int(arrays["top"])
            algorithm.graph = Graph(unpack(arrays), arrays["upper"], arrays["first"], entry, top)
        algorithm._space = space_of(data.stored())
        return algorithm

    @cached_property
    def _items(self) -> NDArray[np.int32]:
        return np.arange(len(self.graph.base), dtype=np.int32)

    @cached_property
    def _batch(self) -> BatchSearch:
        n, width = self.graph.base.shape
        return BatchSearch(n, max(width, 2 * self.params.M))

    def prepare(self, filters: FilterBatch) -> Prepared:
        """Evaluate the filters."""
        return Prepared(filters.bitmaps.view(np.uint64), filters.matches, filters.index)

    def search(
        self, queries: NDArray[np.float32], prepared: Prepared, k: int, params: Search, threads: int
    ) -> NDArray[np.int32]:
        """See `Algorithm.search`."""
        p: Build = self.params
        # ACORN-1 reads the lists of all neighbours on all layers, ACORN-gamma those of tails that were compressed.
        one = p.gamma == 1
        rule = search.Rule(0 if one else p.M_beta, 0 if one else p.M * p.gamma, p.M)
        few = max(params.prefilter_below * len(self._items), 1.0)
        answer = self._batch.run(
            search.search, len(queries), k, threads, self.graph, rule, self._space, queries, *prepared,
            self._items, few, max(params.ef, k),
        )  # fmt: skip
        self.distance_computations = int(answer.computed.sum())
        return answer.ids
