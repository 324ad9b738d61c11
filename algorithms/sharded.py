"""Any method in shards: an index over each of several parts of the items, whose answers are merged exactly.

A shard holds consecutive items, so that it reads one piece of the file of vectors. Every query goes to every shard and
gets k answers from each, with their exact distances; the k nearest of all are the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from algorithms.base import Algorithm, Data, MalformedAnswer
from bench.core.attributes import Attributes
from bench.core.distances import exact_distances
from bench.core.filters import Filter, attributes_of
from bench.core.formats import Storage
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch, failing_of

_LINE = 16
"""Rows of so many float32 vectors fill whole cache lines, whatever their dimension."""


def blocks(n: int, shards: int) -> list[slice]:
    """Return the items of each shard: consecutive ones, about as many in each; at most one shard per item.

    If there are enough items, every block starts at a cache line of the file of vectors, as the first does.
    """
    step = _LINE if n >= _LINE * shards else 1
    starts = [n * shard // (shards * step) * step for shard in range(shards)]
    return [slice(start, stop) for start, stop in zip(starts, [*starts[1:], n], strict=True)]


class Answers(NamedTuple):
    """What a shard answers.

    Attributes:
        ids: int64[q, k], ids among all items, -1 where there are fewer.
        distances: float64[q, k], the exact distances; infinite for -1.
        failing: bool[q, k], which of them are not those of items that pass; all False unless the method is for AFANNS.
        computed: how many distances were computed; None where the method does not count them.
    """

    ids: NDArray[np.int64]
    distances: NDArray[np.float64]
    failing: NDArray[np.bool_]
    computed: int | None


def merge(answers: Sequence[Answers], k: int) -> NDArray[np.int64]:
    """Return int64[q, k], the nearest of all answers, ties by id; those that fail their filter come last."""
    ids = np.hstack([answer.ids for answer in answers])
    distances = np.hstack([answer.distances for answer in answers])
    failing = np.hstack([answer.failing for answer in answers])
    order = np.lexsort((ids, distances, failing), axis=1)
    return np.take_along_axis(ids, order[:, :k], 1)


class Shard:
    """A method over consecutive items."""

    def __init__(self, method: type[Algorithm], params: Any, data: Data, rows: slice) -> None:
        """Take the items `rows` of the data; nothing is read or built yet."""
        self._method, self._params, self._rows = method, params, rows
        self._all_attributes, self._data = data.attributes, data.part(rows)
        self._attributes: dict[tuple[str, ...], Attributes] = {}
        self._algorithm = method(params)

    def build(self) -> None:
        """See `Algorithm.build`."""
        self._algorithm.build(self._data)

    def save(self, folder: Path) -> None:
        """See `Algorithm.save`."""
        self._algorithm.save(folder)

    def load(self, folder: Path) -> None:
        """See `Algorithm.load`."""
        self._algorithm = self._method.load(folder, self._params, self._data)

    def prepare(self, filters: Sequence[Filter]) -> tuple[FilterBatch, Any]:
        """Return the filters over the items of the shard, and what the method makes of them."""
        names = attributes_of(filters)
        if names not in self._attributes:  # kept, as columns remember what filters need of them
            self._attributes[names] = self._all_attributes.part(self._rows, names)
        batch = FilterBatch(filters, self._attributes[names])
        return batch, self._algorithm.prepare(batch)

    def search(
        self, queries: NDArray[np.float32], prepared: tuple[FilterBatch, Any], k: int, params: Any, threads: int
    ) -> Answers:
        """Return the answers to queries float32[q, d].

        Raises:
            MalformedAnswer: the method returned something else than ids of the shard's items.
        """
        batch, of_method = prepared
        ids = np.array(self._algorithm.search(queries, of_method, k, params, threads))
        n, counted = len(self._data.source), self._algorithm.distance_computations
        if ids.dtype.kind not in "iu" or ids.shape[:1] != (len(queries),) or ids.ndim != 2:
            raise MalformedAnswer(f"a shard returned {ids.dtype}{list(ids.shape)} for {len(queries)} queries")
        if ids.size and not -1 <= ids.min() <= ids.max() < n:
            raise MalformedAnswer(f"a shard returned ids from {ids.min()} to {ids.max()}, but it has {n} items")
        ids = ids.astype(np.int64)
        distances = exact_distances(self._data.source, queries, ids, self._data.metric)
        failing = failing_of(batch, ids) if self._method.info.afanns else np.zeros(ids.shape, np.bool_)
        computed = None if counted is None else int(counted) + int(np.count_nonzero(ids >= 0))
        return Answers(np.where(ids < 0, -1, ids + self._rows.start), distances, failing, computed)


class Sharded(Algorithm):
    """A method in shards, which are built and searched one after the other, each with all threads.

    `sharded` makes a subclass per method and number of shards. It describes itself as the method does. As every shard
    may answer a query by another plan, it has no plans.

    Attributes:
        method: the method.
        count: the number of shards.
    """

    method: ClassVar[type[Algorithm]]
    count: ClassVar[int]
    _shards: list[Shard]

    @classmethod
    def unsupported(cls, filter_type: FilterType) -> str | None:
        """See `Algorithm.unsupported`."""
        return cls.method.unsupported(filter_type)

    @classmethod
    def formats(cls) -> frozenset[Storage]:
        """See `Algorithm.formats`."""
        return cls.method.formats()

    @classmethod
    def index_attributes(cls, filtered: tuple[str, ...]) -> tuple[str, ...]:
        """See `Algorithm.index_attributes`."""
        return cls.method.index_attributes(filtered)

    @classmethod
    def build_bytes(cls, params: Any, n: int, dim: int, storage: Storage) -> int:
        """See `Algorithm.build_bytes`; the peaks of all shards, as each stays in memory."""
        sizes = (rows.stop - rows.start for rows in blocks(n, cls.count))
        return sum(cls.method.build_bytes(params, size, dim, storage) for size in sizes)

    def build(self, data: Data) -> None:
        """See `Algorithm.build`."""
        data.__dict__.pop("vectors", None)  # each shard reads its part from the file, so that vectors are held once
        self._open(data)
        for shard in self._shards:
            shard.build()

    def _open(self, data: Data) -> None:
        rows = blocks(len(data.source), self.count)
        self._shards = [Shard(self.method, self.params, data, each) for each in rows]

    def save(self, folder: Path) -> None:
        """Write a folder per shard."""
        for number, shard in enumerate(self._shards):
            (folder / str(number)).mkdir()
            shard.save(folder / str(number))

    @classmethod
    def load(cls, folder: Path, params: Any, data: Data) -> Self:
        """Load every shard."""
        algorithm = cls(params)
        algorithm._open(data)
        for number, shard in enumerate(algorithm._shards):
            shard.load(folder / str(number))
        return algorithm

    def prepare(self, filters: FilterBatch) -> list[tuple[FilterBatch, Any]]:
        """Prepare the filters for every shard."""
        return [shard.prepare(filters.filters) for shard in self._shards]

    def search(
        self, queries: NDArray[np.float32], prepared: Any, k: int, params: Any, threads: int
    ) -> NDArray[np.int64]:
        """See `Algorithm.search`; the distances by which answers are merged count as computed."""
        answers = [
            shard.search(queries, each, k, params, threads) for shard, each in zip(self._shards, prepared, strict=True)
        ]
        counts = [answer.computed for answer in answers if answer.computed is not None]
        self.distance_computations = sum(counts) if len(counts) == len(answers) else None
        return merge(answers, k)


def sharded(method: type[Algorithm], count: int) -> type[Sharded]:
    """Return a method in `count` shards."""
    attributes = {
        "info": method.info,
        "BuildParams": method.BuildParams,
        "SearchParams": method.SearchParams,
        "method": method,
        "count": count,
        "__module__": method.__module__,  # the files that it declares are beside its module
    }
    subclass: type[Sharded] = type(Sharded)(f"Sharded{method.__name__}", (Sharded,), attributes)  # type: ignore[misc]
    return subclass
