"""Best-first search of a graph with a beam of `ef`, and the memory that it works in.

The one search loop of all graph methods. How distances are measured (`target`), which neighbours a node offers
(`graph`) and which items may be returned (`accept`) are policies, see `policy`. The caller starts a search with
`begin`, seeds it with `seed` (seeds may be answers), walks with `walk` and takes the answers with `finish`.

An item that fails the filter is walked through but never enters the results, so the walk ends only when the
results are full and the nearest candidate is farther than the worst of them (HNSW, Malkov and Yashunin 2020,
algorithm 2). With every item passing this is the beam search of Vamana with L = ef.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.filter import passes
from algorithms.kernels.graph import neighbours
from algorithms.kernels.heap import (
    NO_KEY,
    admit,
    key_distance,
    key_id,
    make_key,
    pop_min,
    push_max,
    push_min,
    replace_max,
    sort_max,
)
from algorithms.kernels.policy import FASTMATH
from algorithms.kernels.space import distance, distances
from algorithms.kernels.visited import Visited, next_epoch, visit

EPOCH, CANDIDATES, RESULTS, ENTERED, EXPANDED, COMPUTED = range(6)
"""What the counters of a `Scratch` count: see there."""


class Scratch(NamedTuple):
    """What one thread needs to search, used again and again; nothing is allocated during a search.

    Attributes:
        stamps: uint32[n], see `Visited`.
        candidates: int64[n], min-heap of keys to expand.
        results: int64[n], max-heap of the best keys that pass.
        entered: int64[n], every key that was ever among the results, in that order.
        expanded: int64[n], every key that was expanded, in that order.
        items: int32[width], neighbours to measure.
        lengths: float32[width], their distances.
        counters: int64[6]: the epoch, the sizes of the four lists, and the distances
            computed since that was set to 0.
    """

    stamps: NDArray[np.uint32]
    candidates: NDArray[np.int64]
    results: NDArray[np.int64]
    entered: NDArray[np.int64]
    expanded: NDArray[np.int64]
    items: NDArray[np.int32]
    lengths: NDArray[np.float32]
    counters: NDArray[np.int64]


def new_scratch(n: int, width: int) -> Scratch:
    """Return memory for one thread to search n items whose neighbourhoods have at most `width` items.

    Pages that searches never touch are never backed by memory.
    """
    return Scratch(
        stamps=np.zeros(n, np.uint32),
        candidates=np.empty(n, np.int64),
        results=np.empty(n, np.int64),
        entered=np.empty(n, np.int64),
        expanded=np.empty(n, np.int64),
        items=np.empty(width + 1, np.int32),
        lengths=np.empty(width + 1, np.float32),
        counters=np.zeros(6, np.int64),
    )


@nb.njit(cache=True, nogil=True)
def begin(scratch: Any) -> Any:
    """Start a search: forget the last one, and return what is visited, which is nothing."""
    epoch = next_epoch(scratch.stamps, np.uint32(scratch.counters[EPOCH]))
    scratch.counters[EPOCH] = epoch
    scratch.counters[CANDIDATES] = scratch.counters[RESULTS] = 0
    scratch.counters[ENTERED] = scratch.counters[EXPANDED] = 0
    return Visited(scratch.stamps, epoch)


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def seed(target: Any, accept: Any, visited: Any, item: Any, ef: Any, scratch: Any) -> None:
    """Add an item to start from; nothing happens if it is there already."""
    if not visit(visited, item):
        return
    counters = scratch.counters
    counters[COMPUTED] += 1
    key = make_key(distance(target, item), item)
    push_min(scratch.candidates, counters[CANDIDATES], key)
    counters[CANDIDATES] += 1
    if passes(accept, item) and admit(scratch.results, counters[RESULTS], ef, key):
        scratch.entered[counters[ENTERED]] = key
        counters[ENTERED] += 1
        counters[RESULTS] = min(ef, counters[RESULTS] + 1)


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def walk(target: Any, graph: Any, accept: Any, visited: Any, ef: Any, scratch: Any) -> None:
    """Walk from the seeds until `ef` results are known and no candidate is nearer than the worst of them."""
    candidates, results = scratch.candidates, scratch.results
    entered, expanded = scratch.entered, scratch.expanded
    items, lengths, counters = scratch.items, scratch.lengths, scratch.counters
    # Local counts can live in registers.
    open_, found = counters[CANDIDATES], counters[RESULTS]
    enters, expands, computed = counters[ENTERED], counters[EXPANDED], counters[COMPUTED]
    worst = results[0] if found >= ef else NO_KEY
    while open_ > 0 and candidates[0] <= worst:
        nearest = pop_min(candidates, open_)
        open_ -= 1
        expanded[expands] = nearest
        expands += 1
        count = neighbours(graph, key_id(nearest), visited, items)
        distances(target, items, count, lengths)
        computed += count
        for i in range(count):
            key = make_key(lengths[i], items[i])
            if key >= worst:
                continue
            push_min(candidates, open_, key)
            open_ += 1
            if passes(accept, items[i]):
                entered[enters] = key
                enters += 1
                if found < ef:
                    push_max(results, found, key)
                    found += 1
                else:
                    replace_max(results, found, key)
                if found == ef:
                    worst = results[0]
    counters[CANDIDATES], counters[RESULTS] = open_, found
    counters[ENTERED], counters[EXPANDED], counters[COMPUTED] = enters, expands, computed


@nb.njit(cache=True, nogil=True)
def sort_entered(scratch: Any, most: Any) -> Any:
    """Write the `most` nearest items that were ever among the results to ``scratch.results``; return how many."""
    count = scratch.counters[ENTERED]
    for i in range(count):
        push_max(scratch.results, i, scratch.entered[i])
    sort_max(scratch.results, count)
    return min(count, most)


@nb.njit(cache=True, nogil=True)
def finish(scratch: Any, ids: Any, lengths: Any) -> None:
    """Sort the results and write the best to `ids` (int32[k]) and `lengths` (float32[k]).

    Where there are fewer than k, the rest is -1 and infinite.
    """
    found = scratch.counters[RESULTS]
    sort_max(scratch.results, found)
    for i in range(len(ids)):
        ids[i] = key_id(scratch.results[i]) if i < found else -1
        lengths[i] = key_distance(scratch.results[i]) if i < found else np.inf
