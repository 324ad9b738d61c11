"""What FilteredVamana and StitchedVamana share: a graph that is walked within one label.

Gollapudi et al., Filtered-DiskANN: Graph Algorithms for Approximate Nearest Neighbor Search with Filters (WWW 2023).
Both methods answer a query in the same way (algorithm 1): from the entry of its label, a beam search that never
leaves the items with that label.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Self

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.base import Algorithm, Data, Info, param
from algorithms.encodings.labels import UNKNOWN, Labels, LabelSets, holds, label_sets
from algorithms.kernels.beam import COMPUTED, begin, finish, seed, walk
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Csr, neighbours
from algorithms.kernels.policy import FASTMATH, implements
from algorithms.kernels.queries import BatchSearch
from algorithms.kernels.space import Space, query_target, space_of
from bench.core.errors import BenchError
from bench.core.filters import Contains, Equals, FilterType, type_of
from bench.core.masks import FilterBatch

_FILE = "vamana.npz"

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


class _Labelled(NamedTuple):
    """What a graph offers to a query: the neighbours that have its label."""

    graph: Csr
    labels: Labels
    label: int


@implements(neighbours, _Labelled)
def _(graph: Any, node: Any, visited: Any, out: Any) -> Any:
    met = neighbours(graph.graph, node, visited, out)
    count = 0
    for i in range(met):
        out[count] = out[i]
        count += holds(graph.labels, out[i], graph.label)
    return count


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _search(
    start: Any, stop: Any, scratch: Any, graph: Any, labels: Any, entries: Any, space: Any, queries: Any, wanted: Any,
    ef: Any, found: Any, lengths: Any, computed: Any,
) -> None:  # fmt: skip
    for row in range(start, stop):
        scratch.counters[COMPUTED] = 0
        query = query_target(space, queries, row)
        visited = begin(scratch)
        label = wanted[row]
        if label != UNKNOWN and entries[label] >= 0:
            seed(query, Everything(), visited, entries[label], ef, scratch)
            walk(query, _Labelled(graph, labels, label), Everything(), visited, ef, scratch)
        finish(scratch, found[row], lengths[row])
        computed[row] = scratch.counters[COMPUTED]


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    L: int = param(100, "the beam of the search", low=1)


class LabelledVamana(Algorithm):
    """A graph that is walked within one label, from the entry of that label. A subclass builds it."""

    info = INFO
    SearchParams = Search

    graph: Csr
    entries: NDArray[np.int32]
    _sets: LabelSets
    _space: Space

    def save(self, folder: Path) -> None:
        """Write the edges and the entries; vectors and labels are the data's."""
        np.savez(folder / _FILE, starts=self.graph.starts, ids=self.graph.ids, entries=self.entries)

    @classmethod
    def load(cls, folder: Path, params: Any, data: Data) -> Self:
        """Read the edges and the entries."""
        algorithm = cls(params)
        with np.load(folder / _FILE) as arrays:
            algorithm.graph = Csr(arrays["starts"], arrays["ids"])
            algorithm.entries = arrays["entries"]
        algorithm._open(data)
        return algorithm

    def _open(self, data: Data) -> LabelSets:
        """Take the vectors and labels of the items, and return the labels."""
        self._sets = label_sets(data.attributes, data.filtered)
        self._space = space_of(data.stored())
        return self._sets

    @cached_property
    def _batch(self) -> BatchSearch:
        return BatchSearch(len(self._sets), int(np.diff(self.graph.starts).max(initial=0)))

    def prepare(self, filters: FilterBatch) -> NDArray[np.int32]:
        """Return int32[q], the label that each query wants.

        Raises:
            BenchError: a filter is neither EM nor EMIS.
        """
        labels = np.empty(len(filters.unique), np.int32)
        for u, filter_ in enumerate(filters.unique):
            if not isinstance(filter_, Equals | Contains):
                raise BenchError(f"{filter_} is a filter of type {type_of(filter_)}; only EM and EMIS are served")
            labels[u] = self._sets.code_of(filter_)
        return labels[filters.index]

    def search(
        self, queries: NDArray[np.float32], prepared: NDArray[np.int32], k: int, params: Search, threads: int
    ) -> NDArray[np.int32]:
        """See `Algorithm.search`."""
        answer = self._batch.run(
            _search, len(queries), k, threads, self.graph, self._sets.labels, self.entries, self._space, queries,
            prepared, max(params.L, k),
        )  # fmt: skip
        self.distance_computations = int(answer.computed.sum())
        return answer.ids
