"""NHQ's fusion distance, and what its two graphs share.

Wang, Lv, Xu, Wang, Yue, Ni: An Efficient and Robust Framework for Approximate Nearest Neighbor Search with Attribute
Constraint (NeurIPS 2023). Two items differ by their vectors and by their attribute values, and one number fuses both:
with the squared L2 distance d and the number c of the m attributes in which they differ, the graph is built on
d (1 + c / m). A proximity graph on this distance is searched for the items nearest to a query by the same measure;
nothing is filtered, so what comes back may fail the filter.

A query may also be answered by d + weight * c, as the authors' code does: the larger the weight, the more do items
that pass go before all others.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Self

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.base import Algorithm, Data, Info
from algorithms.encodings.values import ANY, Codebook
from algorithms.kernels.policy import FASTMATH, implements, operation
from algorithms.kernels.queries import BatchSearch
from algorithms.kernels.space import L2, L2Target, distance, distances, l2, query_target, target
from bench.core.filters import FilterType
from bench.core.masks import FilterBatch

_FILE = "graph.npy"

INFO = Info(
    paper="Wang et al., An Efficient and Robust Framework for ANN Search with Attribute Constraint (NHQ)",
    year=2023,
    approach="hybrid index",
    technique="graph",
    serves=frozenset({FilterType.EM, FilterType.MEM}),
    why_not={"": "its fusion distance counts the attributes that differ, so that it serves only EM and MEM"},
    afanns=True,
    compiled=True,
)


class Fusion(NamedTuple):
    """Items under the fusion distance d (1 + c / m).

    Attributes:
        points: the vectors under d.
        codes: int32[n, m], the values, see `Codebook`; missing values are equal to each other.
    """

    points: L2
    codes: NDArray[np.int32]


class FusionTarget(NamedTuple):
    """A point, with the values ``wanted[row]``, int32[*, m], of which `ANY` differ from none."""

    point: L2Target
    codes: NDArray[np.int32]
    wanted: NDArray[np.int32]
    row: np.int64


class PenaltyTarget(NamedTuple):
    """The same under d + weight * c."""

    fusion: FusionTarget
    weight: np.float32


def fusion(vectors: NDArray[np.float32], codes: NDArray[np.int32]) -> Fusion:
    """Return the space of items with vectors float32[n, d] and values int32[n, m]."""
    return Fusion(l2(vectors), codes)


class Fused(NamedTuple):
    """Queries are measured to by d (1 + c / m)."""


class Penalty(NamedTuple):
    """Queries are measured to by d + weight * c."""

    weight: np.float32


@operation
def measure(metric: Any, query: Any) -> Any:
    """Return a `FusionTarget` as a target under a metric."""


@implements(measure, Fused)
def _(metric: Any, query: Any) -> Any:
    return query


@implements(measure, Penalty)
def _(metric: Any, query: Any) -> Any:
    return PenaltyTarget(query, metric.weight)


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def nhq_query(space: Any, metric: Any, queries: Any, wanted: Any, row: Any) -> Any:
    """Return ``queries[row]`` with the values ``wanted[row]`` as a target under a metric."""
    return measure(metric, FusionTarget(query_target(space.points, queries, row), space.codes, wanted, row))


@nb.njit(cache=True, nogil=True)
def differing(target: Any, item: Any) -> Any:
    """Return in how many attributes an item differs from the target, float32."""
    count = 0
    for a in range(target.codes.shape[1]):
        value = target.wanted[target.row, a]
        count += (value != ANY) & (value != target.codes[item, a])
    return np.float32(count)


@implements(target, Fusion)
def _(space: Any, item: Any) -> Any:
    return FusionTarget(target(space.points, item), space.codes, space.codes, np.int64(item))


@implements(distance, FusionTarget)
def _(target: Any, item: Any) -> Any:
    scale = np.float32(1) + differing(target, item) / np.float32(target.codes.shape[1])
    return distance(target.point, item) * scale


@implements(distances, FusionTarget)
def _(target: Any, items: Any, count: Any, out: Any) -> None:
    distances(target.point, items, count, out)
    share = np.float32(1) / np.float32(target.codes.shape[1])
    for i in range(count):
        out[i] *= np.float32(1) + differing(target, items[i]) * share


@implements(distance, PenaltyTarget)
def _(target: Any, item: Any) -> Any:
    return distance(target.fusion.point, item) + target.weight * differing(target.fusion, item)


@implements(distances, PenaltyTarget)
def _(target: Any, items: Any, count: Any, out: Any) -> None:
    distances(target.fusion.point, items, count, out)
    for i in range(count):
        out[i] += target.weight * differing(target.fusion, items[i])


class Nhq(Algorithm, ABC):
    """A graph on the fusion distance.

    Attributes:
        graph: int32[n, width], each row an item's neighbours, nearest first, and then -1.
    """

    graph: NDArray[np.int32]
    _codebook: Codebook
    _space: Fusion

    def build(self, data: Data) -> None:
        """Build the graph."""
        self._open(data)
        self.graph = self._build(self._space, data.seed, data.threads)

    @abstractmethod
    def _build(self, space: Fusion, seed: int, threads: int) -> NDArray[np.int32]:
        """Return the graph of the items of a space."""

    def save(self, folder: Path) -> None:
        """Write the graph; the vectors and values are the data's."""
        np.save(folder / _FILE, self.graph)

    @classmethod
    def load(cls, folder: Path, params: Any, data: Data) -> Self:
        """Read the graph."""
        algorithm = cls(params)
        algorithm.graph = np.load(folder / _FILE)
        algorithm._open(data)
        return algorithm

    def _open(self, data: Data) -> None:
        """Take the vectors and values of the items."""
        self._codebook = Codebook(data.attributes, data.filtered)
        self._space = fusion(data.vectors, self._codebook.codes)

    @cached_property
    def _batch(self) -> BatchSearch:
        return BatchSearch(*self.graph.shape)

    def prepare(self, filters: FilterBatch) -> NDArray[np.int32]:
        """Return the values that each query wants."""
        return self._codebook.wanted(filters)

    def _answer(
        self, kernel: Callable[..., None], queries: NDArray[np.float32], wanted: NDArray[np.int32], k: int,
        weight: float | None, threads: int, *args: Any,
    ) -> NDArray[np.int32]:  # fmt: skip
        """Return int32[q, k], what a kernel writes to `ids` for all queries.

        It is called with ``start, stop, scratch, space, metric, queries, wanted, *args, ids, distances, computed``.
        """
        metric = Fused() if weight is None else Penalty(np.float32(weight))
        answer = self._batch.run(kernel, len(queries), k, threads, self._space, metric, queries, wanted, *args)
        self.distance_computations = int(answer.computed.sum())
        return answer.ids
