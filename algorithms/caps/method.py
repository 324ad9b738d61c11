"""CAPS: k-means partitions, and in each a tree of its most frequent attribute values.

Gupta, Huang, Lahiri, Coleman, Shrivastava: CAPS, A Practical Partition Index for Filtered Similarity Search
(arXiv 2308.15014). A partition's *attribute-frequency tree* is a chain: its most frequent value is the *tag* of a
bucket, which takes the items that have it; among the items that are left the most frequent value tags the next bucket;
and what is left at the end is the remainder. A query reads, of the partitions nearest to it, only the buckets that can
hold items that pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.base import Algorithm, Data, Info, param
from algorithms.encodings.values import ANY, Codebook
from algorithms.kernels import kmeans as _kmeans
from algorithms.kernels.heap import admit, key_id, make_key, pop_min, push_min, sort_max
from algorithms.kernels.policy import FASTMATH
from algorithms.kernels.space import L2, distances, l2, query_target
from algorithms.kernels.workers import Workers
from bench.core.filters import FilterBatch, FilterType
from bench.core.vectors import dense

_FILE = "caps.npz"
_BLOCK = 256

_UNTAGGED = -1


@dataclass(frozen=True)
class Build:
    """Build parameters."""

    B: int = param(128, "partitions", low=1)
    h: int = param(20, "tagged buckets in each partition", low=0)
    frequencies: str = param(
        "left",
        "what the next tag is the most frequent among: left, the items without a bucket (paper); "
        "all, every item of the partition (authors' code); the same for a single attribute",
        choices=("left", "all"),
    )


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    m: int = param(1000, "passing items after which no further partition is read", low=1)


class Trees(NamedTuple):
    """The partitions and their trees.

    Attributes:
        centroids: float32[B, d].
        attributes: int32[B, h], the attribute of each bucket's tag; -1 where a partition has fewer tags.
        values: int32[B, h], the tags' values as codes.
        starts: int64[B (h + 1) + 1], where each bucket starts in `ids`; a partition's last is its remainder.
        ids: int32[n], the items, bucket by bucket.
    """

    centroids: NDArray[np.float32]
    attributes: NDArray[np.int32]
    values: NDArray[np.int32]
    starts: NDArray[np.int64]
    ids: NDArray[np.int32]


class _Scratch(NamedTuple):
    """The memory of one thread.

    Attributes:
        partitions: int64[B], min-heap of keys.
        items: int32[max(B, block)], what is to be measured.
        lengths: float32[max(B, block)], their distances.
        best: int64[k], max-heap of keys.
        counters: int64[3], the sizes of `items` and `best`, and how many items passed.
    """

    partitions: NDArray[np.int64]
    items: NDArray[np.int32]
    lengths: NDArray[np.float32]
    best: NDArray[np.int64]
    counters: NDArray[np.int64]


_PENDING, _FOUND, _PASSED = range(3)


class Caps(Algorithm):
    """Reads the buckets of the nearest partitions that can hold passing items, until enough items have passed.

    A query with no value for an attribute leaves it open. Where the authors' code differs by fault (a stale bound in
    the selection of the best, the first partition's tree used for all, a forgotten remainder), this does not follow it.
    """

    info = Info(
        paper="Gupta et al., CAPS: A Practical Partition Index for Filtered Similarity Search",
        year=2023,
        approach="hybrid index",
        technique="quantisation, tree",
        serves=frozenset({FilterType.EM, FilterType.MEM}),
        why_not={"": "its buckets are for one value of each attribute, so that it serves only EM and MEM"},
        compiled=True,
    )
    BuildParams = Build
    SearchParams = Search

    trees: Trees
    _codebook: Codebook
    _centroids: L2
    _space: L2
    _codes: NDArray[np.int32]

    def build(self, data: Data) -> None:
        """Cluster the items, then grow a tree in each cluster."""
        rng = np.random.default_rng(data.seed)
        codes = Codebook(data.attributes, data.filtered).codes
        centroids = _kmeans.train(data.vectors, min(self.params.B, len(data.vectors)), rng, data.threads)
        partition = _kmeans.assign(data.vectors, centroids, data.threads)
        h = self.params.h
        attributes = np.full((len(centroids), h), _UNTAGGED, np.int32)
        values = np.full((len(centroids), h), _UNTAGGED, np.int32)
        bucket = np.empty(len(codes), np.int64)
        order = np.argsort(partition, kind="stable")
        ends = np.cumsum(np.bincount(partition, minlength=len(centroids)))
        for p, members in enumerate(np.split(order, ends[:-1])):
            tags, branch = grow_tree(codes[members], h, self.params.frequencies == "all")
            attributes[p, : len(tags)], values[p, : len(tags)] = tags.T
            bucket[members] = p * (h + 1) + branch
        # Within a bucket, items of equal values stand together, so that the test of the filter is predictable.
        ids = np.lexsort((*codes.T[::-1], bucket)).astype(np.int32)
        starts = np.zeros(len(centroids) * (h + 1) + 1, np.int64)
        np.cumsum(np.bincount(bucket, minlength=len(starts) - 1), out=starts[1:])
        self._lay_out(Trees(centroids, attributes, values, starts, ids), data)

    def save(self, folder: Path) -> None:
        """Write partitions and trees; the vectors and values are the data's."""
        np.savez(folder / _FILE, **self.trees._asdict())

    @classmethod
    def load(cls, folder: Path, params: Build, data: Data) -> Self:
        """Read partitions and trees."""
        algorithm = cls(params)
        with np.load(folder / _FILE) as arrays:
            algorithm._lay_out(Trees(**arrays), data)
        return algorithm

    def _lay_out(self, trees: Trees, data: Data) -> None:
        """Take a copy of the vectors and values bucket by bucket, to read them in a row."""
        self.trees = trees
        self._codebook = Codebook(data.attributes, data.filtered)
        self._codes = self._codebook.codes[trees.ids]
        self._centroids = l2(trees.centroids)
        self._space = l2(dense(data.source, trees.ids))

    def prepare(self, filters: FilterBatch) -> NDArray[np.int32]:
        """Return the values that each query wants."""
        return self._codebook.wanted(filters)

    def search(
        self, queries: NDArray[np.float32], prepared: NDArray[np.int32], k: int, params: Search, threads: int
    ) -> NDArray[np.int32]:
        """See `Algorithm.search`.

        Queries go by their nearest partition, then by the values that they want: each finds in the processor's cache
        what the one before it read. At 50,000 x 384 that gave 1.3 times the throughput.
        """
        nearest = _kmeans.assign(queries, self.trees.centroids, threads)
        order = np.lexsort((*prepared.T[::-1], nearest))
        found, computed = np.empty((len(queries), k), np.int32), np.empty(len(queries), np.int64)
        scratches = [_new_scratch(len(self.trees.centroids), k) for _ in range(threads)]
        with Workers(scratches) as workers:
            workers.run(
                _search, len(queries), self.trees, self._centroids, self._space, self._codes, queries,
                prepared, order, params.m, found, computed,
            )  # fmt: skip
        self.distance_computations = int(computed.sum())
        return found


def grow_tree(codes: NDArray[np.int32], h: int, count_all: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Grow the tree of one partition (section 4 of the paper).

    Args:
        codes: int32[s, m], the values of its items, -1 where missing; a missing value is no tag.
        h: how many tags at most.
        count_all: count values in all items for each tag, not in those that are left.

    Returns:
        tags, int64[t, 2] with t at most h, each an attribute and a value; and each item's bucket int64[s]: the first
        whose tag it has, or h. Of equally frequent values the lowest is taken, of the first attribute.
    """
    s, m = codes.shape
    present = codes >= 0
    # The same number in two attributes is two values.
    values, inverse = np.unique((codes.astype(np.int64) * m + np.arange(m))[present], return_inverse=True)
    local = np.full((s, m), _UNTAGGED, np.int64)
    local[present] = inverse
    counts = np.bincount(inverse, minlength=len(values))
    tags = np.empty((min(h, len(values)), 2), np.int64)
    bucket = np.full(s, h)
    for t in range(len(tags)):
        best = counts.argmax()
        if counts[best] == 0:
            return tags[:t], bucket
        value, attribute = divmod(values[best], m)
        tags[t] = attribute, value
        inside = (bucket == h) & (local[:, attribute] == best)
        bucket[inside] = t
        if count_all:
            counts[best] = 0
        else:
            counts -= np.bincount(local[inside][present[inside]], minlength=len(values))
    return tags, bucket


def _new_scratch(partitions: int, k: int) -> _Scratch:
    width = max(partitions, _BLOCK)
    return _Scratch(
        np.empty(partitions, np.int64), np.empty(width, np.int32), np.empty(width, np.float32), np.empty(k, np.int64),
        np.zeros(3, np.int64),
    )  # fmt: skip


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _search(
    start: Any, stop: Any, scratch: Any, trees: Any, centroids: Any, space: Any, codes: Any, queries: Any,
    wanted: Any, order: Any, budget: Any, found: Any, computed: Any,
) -> None:  # fmt: skip
    for row in order[start:stop]:
        _rank_partitions(query_target(centroids, queries, row), scratch)
        query = query_target(space, queries, row)
        _read(query, trees, codes, wanted[row], budget, scratch)
        computed[row] = len(scratch.partitions) + scratch.counters[_PASSED]
        best, count = scratch.best, scratch.counters[_FOUND]
        sort_max(best, count)
        for i in range(found.shape[1]):
            found[row, i] = key_id(best[i]) if i < count else -1


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _rank_partitions(target: Any, scratch: Any) -> None:
    """Make ``scratch.partitions`` a heap of all partitions, the nearest first."""
    count = len(scratch.partitions)
    for p in range(count):
        scratch.items[p] = p
    distances(target, scratch.items, count, scratch.lengths)
    for p in range(count):
        push_min(scratch.partitions, p, make_key(scratch.lengths[p], p))


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _read(target: Any, trees: Any, codes: Any, wanted: Any, budget: Any, scratch: Any) -> None:
    """Read the partitions from the nearest on until `budget` items have passed."""
    counters = scratch.counters
    counters[:] = 0
    h = trees.values.shape[1]
    left = len(scratch.partitions)
    while left > 0 and counters[_PASSED] < budget:
        p = key_id(pop_min(scratch.partitions, left))
        left -= 1
        for t in range(h + 1):
            settled = False
            if t < h:
                attribute = trees.attributes[p, t]
                if attribute == _UNTAGGED:
                    continue
                value = wanted[attribute]
                if value != ANY and value != trees.values[p, t]:
                    continue
                # All items with this value that are in no bucket before are in this one.
                settled = value != ANY
            bucket = p * (h + 1) + t
            _read_bucket(target, trees, codes, wanted, trees.starts[bucket], trees.starts[bucket + 1], scratch)
            if settled:
                break
    _measure(target, trees, scratch)


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _read_bucket(target: Any, trees: Any, codes: Any, wanted: Any, start: Any, stop: Any, scratch: Any) -> None:
    """Collect the places from `start` to `stop` whose items pass, and measure them in blocks."""
    counters = scratch.counters
    for place in range(start, stop):
        passing = True
        for a in range(len(wanted)):
            passing &= (wanted[a] == ANY) | (wanted[a] == codes[place, a])
        if passing:
            scratch.items[counters[_PENDING]] = place
            counters[_PENDING] += 1
            counters[_PASSED] += 1
            if counters[_PENDING] == _BLOCK:
                _measure(target, trees, scratch)


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _measure(target: Any, trees: Any, scratch: Any) -> None:
    """Compute the distances to the collected items, and keep the best."""
    best, counters = scratch.best, scratch.counters
    count, found = counters[_PENDING], counters[_FOUND]
    distances(target, scratch.items, count, scratch.lengths)
    for i in range(count):
        key = make_key(scratch.lengths[i], trees.ids[scratch.items[i]])
        if admit(best, found, len(best), key):
            found = min(len(best), found + 1)
    counters[_PENDING], counters[_FOUND] = 0, found
