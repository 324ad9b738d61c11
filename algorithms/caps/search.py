"""Reading the buckets of the nearest partitions that can hold passing items (CAPS, section 4)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.encodings.values import ANY
from algorithms.kernels.heap import admit, key_id, make_key, pop_min, push_min, sort_max
from algorithms.kernels.jit import kernel, part
from algorithms.kernels.space import L2, distances, query_target
from algorithms.kernels.spaces import Vectors
from algorithms.kernels.types import Distances, Items, Keys, Offsets, Queries, Target

UNTAGGED = -1
"""In place of a tag's attribute and value, where a partition has fewer than h tags."""

_BLOCK = 256
"""How many passing items are collected before they are measured."""


class Trees(NamedTuple):
    """The partitions and their trees: what is saved.

    Attributes:
        centroids: float32[B, d].
        attributes: int32[B, h], the attribute of each bucket's tag, or `UNTAGGED`.
        values: int32[B, h], the tags' values as codes, or `UNTAGGED`.
        starts: int64[B (h + 1) + 1], where each bucket starts in `ids`; a partition's last is its remainder.
        ids: int32[n], the items, bucket by bucket. A position in it is called a place.
    """

    centroids: NDArray[np.float32]
    attributes: NDArray[np.int32]
    values: NDArray[np.int32]
    starts: Offsets
    ids: Items


class CapsIndex(NamedTuple):
    """What is searched.

    Attributes:
        trees: the partitions and their trees.
        centroids: the centroids, to be measured.
        places: the vectors by place.
        codes: int32[n, attributes], the values by place.
    """

    trees: Trees
    centroids: L2
    places: Vectors
    codes: NDArray[np.int32]


class Batch(NamedTuple):
    """Queries to be answered.

    Attributes:
        queries: float32[q, d].
        encoded: the same as they are measured among the items, see `spaces.queries_in`.
        wanted: int32[q, attributes], see `Codebook.wanted`.
        order: int64[q], the queries in the order in which they are answered.
        m: after how many passing items a query reads no further partition.
    """

    queries: Queries
    encoded: Any
    wanted: NDArray[np.int32]
    order: NDArray[np.int64]
    m: int


class Answers(NamedTuple):
    """The answers to q queries.

    Attributes:
        ids: int32[q, k], nearest first, -1 where there are fewer.
        computed: int64[q], the distances computed for each.
    """

    ids: NDArray[np.int32]
    computed: NDArray[np.int64]


class CapsScratch(NamedTuple):
    """The memory of one thread.

    Attributes:
        partitions: int64[B], min-heap of the keys of partitions to be read.
        places: int32[max(B, block)], what is to be measured: partitions, then places of items that pass.
        lengths: float32[max(B, block)], their distances.
        best: int64[k], max-heap of the keys of the nearest items.
        counters: int64[3], how many places are collected, keys are in `best`, and items of this query have passed.
    """

    partitions: Keys
    places: Items
    lengths: Distances
    best: Keys
    counters: NDArray[np.int64]


_COLLECTED, _BEST, _PASSED = range(3)


def new_scratch(B: int, k: int) -> CapsScratch:
    """Return memory for one thread to search B partitions for k items."""
    width = max(B, _BLOCK)
    return CapsScratch(
        partitions=np.empty(B, np.int64),
        places=np.empty(width, np.int32),
        lengths=np.empty(width, np.float32),
        best=np.empty(k, np.int64),
        counters=np.zeros(3, np.int64),
    )


@kernel
def search(start: int, stop: int, scratch: CapsScratch, index: CapsIndex, batch: Batch, answers: Answers) -> None:
    """Answer the queries ``order[start:stop]``."""
    for row in batch.order[start:stop]:
        _rank_partitions(query_target(index.centroids, batch.queries, row), scratch)
        query = query_target(index.places, batch.encoded, row)
        _read_partitions(index.trees, index.codes, query, batch.wanted[row], batch.m, scratch)
        answers.computed[row] = len(scratch.partitions) + scratch.counters[_PASSED]
        _finish(scratch, answers.ids[row])


@part
def _rank_partitions(target: Target, scratch: CapsScratch) -> None:
    """Make ``scratch.partitions`` a heap of all partitions, the nearest first."""
    B = len(scratch.partitions)
    for p in range(B):
        scratch.places[p] = p
    distances(target, scratch.places, B, scratch.lengths)
    for p in range(B):
        push_min(scratch.partitions, p, make_key(scratch.lengths[p], p))


@part
def _read_partitions(
    trees: Trees, codes: NDArray[np.int32], query: Target, wanted: Items, m: int, scratch: CapsScratch
) -> None:
    """Read the partitions from the nearest on until m items have passed."""
    counters = scratch.counters
    counters[:] = 0
    unread = len(scratch.partitions)
    while unread > 0 and counters[_PASSED] < m:
        p = key_id(pop_min(scratch.partitions, unread))
        unread -= 1
        _read_partition(trees, codes, query, wanted, p, scratch)
    _measure(trees, query, scratch)


@part
def _read_partition(
    trees: Trees, codes: NDArray[np.int32], query: Target, wanted: Items, p: int, scratch: CapsScratch
) -> None:
    """Read the buckets of a partition that can hold items that pass."""
    h = trees.values.shape[1]
    first = p * (h + 1)
    for t in range(h):
        attribute = trees.attributes[p, t]
        if attribute == UNTAGGED:
            break
        if wanted[attribute] == ANY:
            _read_bucket(trees, codes, query, wanted, first + t, scratch)
        elif wanted[attribute] == trees.values[p, t]:
            # All items with this value are in this bucket or in one before.
            _read_bucket(trees, codes, query, wanted, first + t, scratch)
            return
    _read_bucket(trees, codes, query, wanted, first + h, scratch)


@part
def _read_bucket(
    trees: Trees, codes: NDArray[np.int32], query: Target, wanted: Items, bucket: int, scratch: CapsScratch
) -> None:
    """Collect the places of a bucket whose items pass, and measure them block by block."""
    counters = scratch.counters
    for place in range(trees.starts[bucket], trees.starts[bucket + 1]):
        passing = True
        for a in range(len(wanted)):
            passing &= (wanted[a] == ANY) | (wanted[a] == codes[place, a])
        if passing:
            scratch.places[counters[_COLLECTED]] = place
            counters[_COLLECTED] += 1
            counters[_PASSED] += 1
            if counters[_COLLECTED] == _BLOCK:
                _measure(trees, query, scratch)


@part
def _measure(trees: Trees, query: Target, scratch: CapsScratch) -> None:
    """Measure the collected items, and keep the best."""
    best, counters = scratch.best, scratch.counters
    collected, kept = counters[_COLLECTED], counters[_BEST]
    distances(query, scratch.places, collected, scratch.lengths)
    for i in range(collected):
        key = make_key(scratch.lengths[i], trees.ids[scratch.places[i]])
        if admit(best, kept, len(best), key):
            kept = min(len(best), kept + 1)
    counters[_COLLECTED], counters[_BEST] = 0, kept


@part
def _finish(scratch: CapsScratch, ids: Items) -> None:
    """Sort the best items and write them to `ids` (int32[k]), and -1 where there are fewer."""
    count = scratch.counters[_BEST]
    sort_max(scratch.best, count)
    for i in range(len(ids)):
        ids[i] = key_id(scratch.best[i]) if i < count else -1
