"""Exact pre-filtering: compute the distance to every item that passes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, ALL_FORMATS, Algorithm, Data, Info, NoParams
from algorithms.kernels.beam import Scratch
from algorithms.kernels.filter import Bitmap, Bitmaps
from algorithms.kernels.policy import implements
from algorithms.kernels.queries import BatchSearch, search_one
from algorithms.kernels.scan import scan_passing
from algorithms.kernels.spaces import Vectors, space_of
from algorithms.kernels.types import Target
from bench.core.distances import exact_distances
from bench.core.masks import FilterBatch
from bench.core.metrics import Metric

_TOGETHER = 6
"""From this many queries of one filter on, a product of matrices is faster than scans, although it copies rows."""

_SLACK = 16
_CHUNK = 1024
_PRODUCTS = 1 << 23
"""At most this many products are held at once, but always those of a whole query."""


class AllPassing(NamedTuple):
    """No index: every item that passes is measured."""


class Nearest(NamedTuple):
    """How many items are kept."""

    k: int


@implements(search_one, AllPassing)
def search_all(index: AllPassing, query: Target, accept: Bitmap, params: Nearest, scratch: Scratch) -> None:
    """Measure all items that pass."""
    scan_passing(query, accept, params.k, scratch)


class Passing(NamedTuple):
    """What passes the filters of a batch.

    Attributes:
        alone: int64[a], the queries that are answered one by one.
        bitmaps: their filters.
        groups: for each filter of many queries, these, and the items that pass.
    """

    alone: NDArray[np.int64]
    bitmaps: Bitmaps
    groups: list[tuple[NDArray[np.int64], NDArray[np.int64]]]


class PreFilter(Algorithm):
    """Scans the items that pass, query by query; for many queries of one filter, by a product of matrices.

    Both round to float32, so that a few more than k are ranked again in float64: the answer is exact. Codes are
    always scanned, and ranked again by the harness.
    """

    info = Info(
        paper="exhaustive search (Cover and Hart, Nearest neighbor pattern classification)",
        year=1967,
        approach="pre-filtering",
        technique="none",
        serves=ALL_FILTERS,
        metrics=frozenset({Metric.L2, Metric.IP}),
        compiled=True,
        reads=ALL_FORMATS,
    )

    vectors: NDArray[np.float32]
    space: Vectors | None = None

    def build(self, data: Data) -> None:
        """Keep the vectors and their squared norms; there is no index to build."""
        self.metric, self.is_coded = data.metric, data.codes is not None
        if data.codes is None:
            self.vectors = data.vectors
        if data.metric is Metric.L2:
            self.space = space_of(data.vectors if data.codes is None else data.codes)
            self.batch = BatchSearch(len(self.space.rows), _CHUNK)

    def save(self, folder: Path) -> None:
        """Write nothing: there is no index."""

    @classmethod
    def load(cls, folder: Path, params: NoParams, data: Data) -> Self:
        """Take the vectors from the data."""
        method = cls(params)
        method.build(data)
        return method

    def prepare(self, filters: FilterBatch) -> Passing:
        """Find out which items pass the filters, and which queries share one."""
        groups, alone = [], [np.empty(0, np.int64)]
        for u, members in filters.groups():
            if self.space is not None and (self.is_coded or len(members) < _TOGETHER):
                alone.append(members)
            else:
                groups.append((members, np.flatnonzero(filters.mask(u))))
        # One filter after the other, so that a few queries find the rows in the cache.
        rows = np.concatenate(alone)
        words = filters.words if len(rows) else np.empty((0, 0), np.uint64)
        return Passing(rows, Bitmaps(words, filters.index[rows]), groups)

    def search(
        self, queries: NDArray[np.float32], prepared: Passing, k: int, params: NoParams, threads: int
    ) -> NDArray[np.int64]:
        """See `Algorithm.search`."""
        ids = np.full((len(queries), k), -1, np.int64)
        computed = 0
        if self.space is not None and len(prepared.alone):
            alone, kept = queries[prepared.alone], k if self.is_coded else k + _SLACK
            answer = self.batch.run(AllPassing(), self.space, alone, prepared.bitmaps, Nearest(kept), kept, threads)
            ids[prepared.alone] = answer.ids if self.is_coded else self._ranked(alone, answer.ids, k)
            computed += int(answer.computed.sum())
        for members, passing in prepared.groups:
            ids[members] = self._multiply(queries[members], passing, k)
            computed += len(members) * len(passing)
        self.distance_computations = computed
        return ids

    def _multiply(self, queries: NDArray[np.float32], passing: NDArray[np.int64], k: int) -> NDArray[np.int64]:
        """Return the nearest of the items `passing`, int64[q, k]."""
        ids = np.full((len(queries), k), -1, np.int64)
        rows = self.vectors if len(passing) == len(self.vectors) else self.vectors[passing]
        squares = np.einsum("ij,ij->i", rows, rows) if self.metric is Metric.L2 else np.float32(0)
        kept, step = min(k + _SLACK, len(rows)), max(1, min(_CHUNK, _PRODUCTS // max(1, len(rows))))
        for start in range(0, len(queries) if kept else 0, step):
            chunk = queries[start : start + step]
            lengths = chunk @ rows.T
            lengths *= -2
            lengths += squares
            near = passing[np.argpartition(lengths, kept - 1, axis=1)[:, :kept]]
            ids[start : start + step, :kept] = self._ranked(chunk, near, k)
        return ids

    def _ranked(self, queries: NDArray[np.float32], ids: NDArray[np.integer[Any]], k: int) -> NDArray[np.integer[Any]]:
        """Return the k nearest of some items, integer[q, at most k], by exact distances; -1 comes last."""
        distances = exact_distances(self.vectors, queries, ids.astype(np.int64), self.metric)
        return np.take_along_axis(ids, np.lexsort((ids, distances))[:, :k], 1)
