"""SeRF: a segment graph, which holds the graphs of all prefixes in one, and edges for ranges that begin later."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FORMATS, Algorithm, Data, Info, param
from algorithms.encodings.ranks import Ranks
from algorithms.kernels.graph import Csr
from algorithms.kernels.queries import BatchSearch
from algorithms.kernels.space import Space, space_of
from algorithms.serf.build import LEAPS, build, transposed
from algorithms.serf.search import Batches, Segment, search
from bench.core.filters import FilterType
from bench.core.formats import Storage
from bench.core.masks import FilterBatch

_FILE = "serf.npz"


@dataclass(frozen=True)
class SerfBuild:
    """Build parameters of SeRF."""

    M: int = param(100, "neighbours per item and range, at most (the paper's index_k)", low=2, high=512)
    ef_construction: int = param(100, "candidates that the neighbours for a range are chosen from", low=1, high=10_000)
    ef_max: int = param(500, "width of the search for candidates", low=1, high=10_000)
    leap: str = param("max", "which neighbour's rank ends what the neighbours are meant for", choices=LEAPS)


@dataclass(frozen=True)
class SerfSearch:
    """Search parameters of SeRF."""

    ef: int = param(64, "width of the search; k if that is more", low=1)
    scan_below: int = param(0, "ranges of fewer items are measured whole", low=0)


class Serf(Algorithm):
    """A segment graph (SIGMOD 2024), in two dimensions.

    Ranges from the lowest value on are answered by the one-dimensional graph, which compresses without loss: it is
    what inserting the items of the range alone would have made. All others are answered by edges that say for which
    first ranks they are meant, and by the same edges backwards. With leap=min these are exact for every first rank,
    with `mid` and `max`, which is the released default, the more is lost the fewer edges there are.

    The index grows as n M log(n) at most; in practice an item has somewhat more than M edges in each of the
    one-dimensional graph, its batches, and backwards. A build needs that, and the vectors.

    A search starts from three items of the range, which may be answers (in the authors' code they may not). The
    authors' code searches for candidates in a hierarchy, gives edges back in the base graph to seven tenths of the
    neighbours, and inserts in threads that do not wait for each other, which breaks the order that losslessness rests
    on; here searches start as in a query, and the index is the same for any number of threads.
    """

    info = Info(
        paper="Zuo et al., SeRF: Segment Graph for Range-Filtering Approximate Nearest Neighbor Search",
        year=2024,
        approach="hybrid index",
        technique="graph",
        serves=frozenset({FilterType.R}),
        why_not={"": "SeRF inserts the items in the order of one attribute, and its edges are for ranges of it"},
        compiled=True,
        reads=ALL_FORMATS,
    )
    BuildParams = SerfBuild
    SearchParams = SerfSearch

    segment: Segment
    forward: Batches
    backward: Csr
    _ranks: Ranks
    _space: Space

    @classmethod
    def build_bytes(cls, params: Any, n: int, dim: int, storage: Storage) -> int:
        """The vectors; the edges with the ranges that they are for, and a copy of them."""
        return super().build_bytes(params, n, dim, storage) + n * 24 * params.M

    def build(self, data: Data) -> None:
        """Insert the items in the order of their ranks, in parallel."""
        p: SerfBuild = self.params
        self._open(data)
        self.segment, self.forward = build(self._space, p.M, p.ef_construction, p.ef_max, p.leap, data.threads)
        self.backward = transposed(self.forward)

    def save(self, folder: Path) -> None:
        """Write the edges; the vectors are the data's, and edges backwards follow from those forwards."""
        arrays = {f"segment_{field}": getattr(self.segment, field) for field in Segment._fields}
        arrays |= {f"forward_{field}": getattr(self.forward, field) for field in Batches._fields}
        np.savez(folder / _FILE, **arrays)

    @classmethod
    def load(cls, folder: Path, params: SerfBuild, data: Data) -> Self:
        """Read the edges."""
        algorithm = cls(params)
        algorithm._open(data)
        with np.load(folder / _FILE) as arrays:
            algorithm.segment = Segment(*(arrays[f"segment_{field}"] for field in Segment._fields))
            algorithm.forward = Batches(*(arrays[f"forward_{field}"] for field in Batches._fields))
        algorithm.backward = transposed(algorithm.forward)
        return algorithm

    def _open(self, data: Data) -> None:
        """Rank the items, and take a copy of the vectors in that order."""
        self._ranks = Ranks(data.attributes, data.filtered)
        self._space = space_of(data.stored(self._ranks.order))

    @cached_property
    def _items(self) -> NDArray[np.int32]:
        return np.arange(len(self._ranks.order), dtype=np.int32)

    @cached_property
    def _batch(self) -> BatchSearch:
        return BatchSearch(len(self._items), max(3 * self.params.M, int(np.diff(self.segment.starts).max(initial=0))))

    def prepare(self, filters: FilterBatch) -> NDArray[np.int64]:
        """Turn each query's range into ranks."""
        return self._ranks.intervals(filters)

    def search(
        self, queries: NDArray[np.float32], prepared: NDArray[np.int64], k: int, params: SerfSearch, threads: int
    ) -> NDArray[np.int32]:
        """See `Algorithm.search`."""
        answer = self._batch.run(
            search, len(queries), k, threads, self.segment, self.forward, self.backward, 2 * self.params.M,
            self._space, self._items, queries, prepared, max(params.ef, k), params.scan_below,
        )  # fmt: skip
        self.distance_computations = int(answer.computed.sum())
        return np.append(self._ranks.order, np.int32(-1))[answer.ids]
