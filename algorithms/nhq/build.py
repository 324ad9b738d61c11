"""Building the two graphs of NHQ on the fusion distance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.beam import Scratch, begin, new_scratch, pool_results, seed, walk
from algorithms.kernels.edges import new_links
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Rows
from algorithms.kernels.heap import NO_KEY, key_distance, key_id, make_key, sort
from algorithms.kernels.insert import batches, find_candidates, insert
from algorithms.kernels.policy import implements
from algorithms.kernels.prune import Always
from algorithms.kernels.space import distance, target
from algorithms.kernels.types import Item, Target
from algorithms.kernels.visited import visit
from algorithms.kernels.workers import Workers
from algorithms.nhq.fusion import Fusion
from algorithms.nhq.search import ENTRY

OCCLUSIONS = ("fusion", "vector")
"""The distance by which a chosen neighbour of nsw occludes a candidate."""


class Insertion(NamedTuple):
    """How an item finds its candidates in nsw: by a search.

    Attributes:
        space: the items, under the fusion distance.
        graph: the graph that is being built.
        efConstruction: the beam.
    """

    space: Fusion
    graph: Rows
    efConstruction: int


class Widening(NamedTuple):
    """How an item finds its candidates in kgraph: its neighbours, and neighbours of the nearest of them.

    Attributes:
        space: the items, under the fusion distance.
        pools: int64[n, K], the k-NN graph as keys, ascending, `NO_KEY` where there are fewer.
        roots: of how many neighbours the neighbours are looked at.
        PL: how many of those are taken.
    """

    space: Fusion
    pools: NDArray[np.int64]
    roots: int
    PL: int


def build_nsw(space: Fusion, M: int, MaxM0: int, efConstruction: int, occlusion: str, threads: int) -> Rows:
    """Insert all items in the order of their numbers. The same for any number of threads.

    Args:
        space: the items.
        M: edges that a new item chooses; no more than `MaxM0`.
        MaxM0: edges of an item at most.
        efConstruction: the beam with which candidates are searched for.
        occlusion: one of `OCCLUSIONS`.
        threads: how many threads.
    """
    n = len(space.codes)
    links = new_links(n, MaxM0, degree=min(M, MaxM0))
    graph = Rows(links.ids)
    occluding = space if occlusion == "fusion" else space.points
    with Workers([new_scratch(n, MaxM0) for _ in range(threads)]) as workers:
        for start, stop in batches(1, n):
            items = np.arange(start, stop, dtype=np.int32)
            insert(workers, occluding, Insertion(space, graph, efConstruction), Always(), links, items)
    return graph


def select_edges(space: Fusion, pools: NDArray[np.int64], RANGE: int, PL: int, B: float, threads: int) -> Rows:
    """Choose the edges of kgraph from a k-NN graph, and give them back. The same for any number of threads.

    Args:
        space: the items.
        pools: int64[n, K], C-contiguous, see `Widening`.
        RANGE: edges of an item at most.
        PL: neighbours of neighbours among the candidates at most.
        B: of which fraction of its neighbours, the nearest, an item looks at the neighbours.
        threads: how many threads.
    """
    n, K = pools.shape
    links = new_links(n, RANGE, degree=RANGE)
    with Workers([new_scratch(n, RANGE) for _ in range(threads)]) as workers:
        # All items at once: their candidates do not depend on the edges.
        items = np.arange(n, dtype=np.int32)
        insert(workers, space, Widening(space, pools, round(B * K), PL), Always(), links, items)
    return Rows(links.ids)


@implements(find_candidates, Insertion)
def candidates_by_search(search: Insertion, point: Target, item: Item, scratch: Scratch) -> int:
    """Search for the item from the first one, by the fusion distance, whatever edges are chosen by."""
    fused = target(search.space, item)
    visited = begin(scratch)
    seed(fused, Everything(), visited, ENTRY, search.efConstruction, scratch)
    walk(fused, search.graph, Everything(), visited, search.efConstruction, scratch)
    return pool_results(item, scratch)


@implements(find_candidates, Widening)
def candidates_by_widening(search: Widening, point: Target, item: Item, scratch: Scratch) -> int:
    """Take the item's neighbours, then those of its nearest neighbours, up to PL of them that are new."""
    keys, pools = scratch.pool, search.pools
    visited = begin(scratch)
    visit(visited, item)
    # Its neighbours.
    near = 0
    while near < pools.shape[1] and pools[item, near] != NO_KEY:
        keys[near] = pools[item, near]
        visit(visited, key_id(keys[near]))
        near += 1
    # Their neighbours: what is more than twice as far from the root as the root is from here leads too far away.
    count = near
    for i in range(min(search.roots, near)):
        root, limit = key_id(pools[item, i]), np.float32(2) * key_distance(pools[item, i])
        for j in range(pools.shape[1]):
            key = pools[root, j]
            if count == near + search.PL or key == NO_KEY or key_distance(key) > limit:
                break
            keys[count] = key
            count += visit(visited, key_id(key))
    # Measure all, from the lower to the higher id, so that an edge has the same length to the last bit at both ends.
    for i in range(count):
        other = key_id(keys[i])
        keys[i] = make_key(distance(target(search.space, min(item, other)), max(item, other)), other)
    sort(keys, count)
    return count
