"""Best-first search of a graph with a beam of `ef`, and the memory that it works in.

The one search loop of all graph methods. How distances are measured (`target`), which neighbours a node offers
(`graph`) and which items may be returned (`accept`) are policies, see `policy`. The caller starts a search with
`begin`, seeds it with `seed` (seeds may be answers), walks with `walk` and takes the answers with `finish`.

An item that fails the filter is walked through but never enters the results, so the walk ends only when the
results are full and the nearest candidate is farther than the worst of them (HNSW, Malkov and Yashunin 2020,
algorithm 2). With every item passing this is the beam search of Vamana with L = ef.
"""

from __future__ import annotations

from typing import NamedTuple

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
from algorithms.kernels.jit import part
from algorithms.kernels.space import distance, distances
from algorithms.kernels.types import Accept, Distances, Graph, Item, Items, Key, Keys, Target
from algorithms.kernels.visited import Visited, next_epoch, visit

EPOCH, CANDIDATES, RESULTS, ENTERED, EXPANDED, COMPUTED = range(6)
"""What the counters of a `Scratch` count: see there."""


class Scratch(NamedTuple):
    """What one thread needs to search and to build, used again and again; nothing is allocated during a search.

    A search owns the first five lists, from `begin` to the next `begin`. `pool` and `chosen` are for building: a node's
    candidates, and those that pruning chose; a search may keep a note on each item in `chosen`. `items` and `lengths`
    live from one measurement to the next.

    Attributes:
        stamps: uint32[n], see `Visited`.
        candidates: int64[n], min-heap of keys to expand.
        results: int64[n], max-heap of the best keys that pass.
        entered: int64[n], every key that was ever among the results, in that order.
        expanded: int64[n], every key that was expanded, in that order.
        pool: int64[n], keys of a node's candidates.
        chosen: int64[n], keys of the neighbours chosen among them.
        items: int32[width + 1], neighbours to measure.
        lengths: float32[width + 1], their distances.
        counters: int64[6]: the epoch, the sizes of the four lists of a search, and the distances computed since that
            was set to 0.
    """

    stamps: NDArray[np.uint32]
    candidates: Keys
    results: Keys
    entered: Keys
    expanded: Keys
    pool: Keys
    chosen: Keys
    items: Items
    lengths: Distances
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
        pool=np.empty(n, np.int64),
        chosen=np.zeros(n, np.int64),
        items=np.empty(width + 1, np.int32),
        lengths=np.empty(width + 1, np.float32),
        counters=np.zeros(6, np.int64),
    )


@part
def begin(scratch: Scratch) -> Visited:
    """Start a search: forget the last one, and return what is visited, which is nothing."""
    epoch = next_epoch(scratch.stamps, np.uint32(scratch.counters[EPOCH]))
    scratch.counters[EPOCH] = epoch
    scratch.counters[CANDIDATES] = scratch.counters[RESULTS] = 0
    scratch.counters[ENTERED] = scratch.counters[EXPANDED] = 0
    return Visited(scratch.stamps, epoch)


@part
def seed(target: Target, accept: Accept, visited: Visited, item: Item, ef: int, scratch: Scratch) -> None:
    """Add an item to start from; nothing happens if it is there already."""
    if visit(visited, item):
        scratch.counters[COMPUTED] += 1
        _open(accept, make_key(distance(target, item), item), ef, scratch)


@part
def seed_all(target: Target, accept: Accept, visited: Visited, count: int, ef: int, scratch: Scratch) -> None:
    """Add the first `count` of ``scratch.items``, none of which is there yet; they are measured together."""
    distances(target, scratch.items, count, scratch.lengths)
    scratch.counters[COMPUTED] += count
    for i in range(count):
        visit(visited, scratch.items[i])
        _open(accept, make_key(scratch.lengths[i], scratch.items[i]), ef, scratch)


@part
def _open(accept: Accept, key: Key, ef: int, scratch: Scratch) -> None:
    """Make an item a candidate, and a result if it passes and is among the `ef` nearest."""
    counters = scratch.counters
    push_min(scratch.candidates, counters[CANDIDATES], key)
    counters[CANDIDATES] += 1
    if passes(accept, key_id(key)) and admit(scratch.results, counters[RESULTS], ef, key):
        scratch.entered[counters[ENTERED]] = key
        counters[ENTERED] += 1
        counters[RESULTS] = min(ef, counters[RESULTS] + 1)


@part
def walk(target: Target, graph: Graph, accept: Accept, visited: Visited, ef: int, scratch: Scratch) -> None:
    """Walk from the seeds until there are `ef` results and no candidate is nearer than the worst of them."""
    candidates, results = scratch.candidates, scratch.results
    entered, expanded = scratch.entered, scratch.expanded
    items, lengths, counters = scratch.items, scratch.lengths, scratch.counters
    # Local counts can live in registers.
    open_, kept = counters[CANDIDATES], counters[RESULTS]
    enters, expands, computed = counters[ENTERED], counters[EXPANDED], counters[COMPUTED]
    worst = results[0] if kept >= ef else NO_KEY
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
                if kept < ef:
                    push_max(results, kept, key)
                    kept += 1
                else:
                    replace_max(results, kept, key)
                if kept == ef:
                    worst = results[0]
    counters[CANDIDATES], counters[RESULTS] = open_, kept
    counters[ENTERED], counters[EXPANDED], counters[COMPUTED] = enters, expands, computed


@part
def walk_from(target: Target, graph: Graph, accept: Accept, item: Item, ef: int, scratch: Scratch) -> None:
    """Search from one item: begin, seed and walk."""
    visited = begin(scratch)
    seed(target, accept, visited, item, ef, scratch)
    walk(target, graph, accept, visited, ef, scratch)


@part
def pool_results(item: Item, scratch: Scratch) -> int:
    """Write the results, ascending and without the item itself, to ``scratch.pool``; return how many."""
    sort_max(scratch.results, scratch.counters[RESULTS])
    count = 0
    for i in range(scratch.counters[RESULTS]):
        if key_id(scratch.results[i]) != item:
            scratch.pool[count] = scratch.results[i]
            count += 1
    return count


@part
def pool_entered(limit: int, scratch: Scratch) -> int:
    """Write the `limit` nearest items that were ever results, ascending, to ``scratch.pool``; return how many."""
    count = scratch.counters[ENTERED]
    for i in range(count):
        push_max(scratch.pool, i, scratch.entered[i])
    sort_max(scratch.pool, count)
    return min(count, limit)


@part
def finish(scratch: Scratch, ids: Items, lengths: Distances) -> None:
    """Sort the results and write the best to `ids` (int32[k]) and `lengths` (float32[k]).

    Where there are fewer than k, the rest is -1 and infinite.
    """
    results = scratch.counters[RESULTS]
    sort_max(scratch.results, results)
    for i in range(len(ids)):
        ids[i] = key_id(scratch.results[i]) if i < results else -1
        lengths[i] = key_distance(scratch.results[i]) if i < results else np.inf
