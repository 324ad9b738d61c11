"""Reading the buckets of the nearest partitions (CAPS, section 4)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.caps.tree import UNTAGGED
from algorithms.encodings.values import ANY
from algorithms.kernels.heap import admit, key_id, make_key, pop_min, push_min, sort_max
from algorithms.kernels.policy import FASTMATH
from algorithms.kernels.space import distances, query_target

_BLOCK = 256


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


def new_scratch(partitions: int, k: int) -> _Scratch:
    """Return memory for one thread."""
    width = max(partitions, _BLOCK)
    return _Scratch(
        np.empty(partitions, np.int64), np.empty(width, np.int32), np.empty(width, np.float32), np.empty(k, np.int64),
        np.zeros(3, np.int64),
    )  # fmt: skip


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def search(
    start: Any, stop: Any, scratch: Any, trees: Any, centroids: Any, space: Any, codes: Any, queries: Any,
    wanted: Any, order: Any, budget: Any, found: Any, computed: Any,
) -> None:  # fmt: skip
    """Answer the queries ``order[start:stop]``."""
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
                if attribute == UNTAGGED:
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
