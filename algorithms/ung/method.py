"""UNG: a graph per label set, joined so that a search from the right sets meets nothing that fails the filter.

Cai, Shi, Chen, Zheng: Navigating Labels and Vectors: A Unified Approach to Filtered Approximate Nearest Neighbor Search
(PACMMOD 2024). Items with equal label sets are a group with a graph of its own. Edges lead from a group to those with
the smallest larger sets only, so that all that can be reached from the smallest sets which contain a query's labels
contains them too: a search tests no filter.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from algorithms.base import Algorithm, Data, Info, param
from algorithms.encodings.labels import UNKNOWN, LabelSets, label_sets
from algorithms.kernels.graph import Csr
from algorithms.kernels.queries import BatchSearch
from algorithms.kernels.space import L2, l2
from algorithms.ung.build import build
from algorithms.ung.groups import Groups, group, minimal_supersets
from algorithms.ung.search import Starts, choose_entries, search
from bench.core.errors import BenchError
from bench.core.filters import Contains, Equals, FilterType, leaves, type_of
from bench.core.masks import FilterBatch
from bench.core.vectors import dense

_FILE = "ung.npz"
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

    L: int = param(100, "the beam of the search", low=1)


class Ung(Algorithm):
    """A graph of groups with equal label sets; a search starts from some items of each smallest set that passes.

    Those are all items of a group of at most `sigma`, else its medoid and random others. With `delta` of 0 no edge
    leads to larger sets, which is enough where every item has one label. A group's graph that falls apart is mended by
    an edge, so that a wide enough search finds every item that passes. The authors' code takes the first items of a
    group for random ones by mistake.
    """

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

    graph: Csr
    entries: Csr
    _sets: LabelSets
    _groups: Groups
    _space: L2

    def build(self, data: Data) -> None:
        """Group the items, then grow and join the graphs of the groups."""
        p: Build = self.params
        self._open(data)
        groups = self._groups
        self.graph, medoids = build(self._space.rows, groups, p.delta, p.R, p.L, p.alpha, data.seed, data.threads)
        self.entries = choose_entries(groups, medoids, p.sigma, np.random.default_rng((data.seed, 1)))

    def save(self, folder: Path) -> None:
        """Write the edges and the entries; vectors and label sets are the data's."""
        starts, ids = self.graph
        np.savez(folder / _FILE, starts=starts, ids=ids, entry_starts=self.entries.starts, entries=self.entries.ids)

    @classmethod
    def load(cls, folder: Path, params: Build, data: Data) -> Self:
        """Read the edges and the entries, and group the items again."""
        algorithm = cls(params)
        with np.load(folder / _FILE) as arrays:
            algorithm.graph = Csr(arrays["starts"], arrays["ids"])
            algorithm.entries = Csr(arrays["entry_starts"], arrays["entries"])
        algorithm._open(data)
        return algorithm

    def _open(self, data: Data) -> None:
        """Group the items, and take a copy of the vectors group by group."""
        self._sets = label_sets(data.attributes, data.filtered)
        self._groups = group(self._sets)
        self._space = l2(dense(data.source, self._groups.order))

    @cached_property
    def _batch(self) -> BatchSearch:
        return BatchSearch(len(self._groups.order), int(np.diff(self.graph.starts).max(initial=0)))

    def prepare(self, filters: FilterBatch) -> Starts:
        """Find the smallest sets that contain the labels of each distinct filter.

        Raises:
            BenchError: a filter is of a type that is not served.
        """
        rows = []
        for filter_ in filters.unique:
            if type_of(filter_) not in _SERVES:
                raise BenchError(f"{filter_} is a filter of type {type_of(filter_)}; {self.info.why_not['']}")
            wanted = {self._sets.code_of(leaf) for leaf in leaves(filter_) if isinstance(leaf, Equals | Contains)}
            codes = np.array([] if UNKNOWN in wanted else sorted(wanted), np.int32)
            rows.append(minimal_supersets(self._groups, codes, proper=False) if len(codes) else codes)
        return Starts(Csr(np.cumsum([0, *map(len, rows)]), np.concatenate(rows)), filters.index)

    def search(
        self, queries: NDArray[np.float32], prepared: Starts, k: int, params: Search, threads: int
    ) -> NDArray[np.int32]:
        """See `Algorithm.search`."""
        answer = self._batch.run(
            search, len(queries), k, threads, self.graph, self.entries, self._space, queries, *prepared,
            max(params.L, k),
        )  # fmt: skip
        self.distance_computations = int(answer.computed.sum())
        return np.append(self._groups.order, np.int32(-1))[answer.ids]
