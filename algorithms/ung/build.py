"""Building UNG: a graph per group of items with equal label sets, and edges across to the smallest larger sets.

Cai et al. (PACMMOD 2024), sections 4 and 5. Items are known by their *places*: groups stand one after the other.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.encodings.labels import Labels
from algorithms.filtered_diskann.grow import SharedCovered, grow, insertion_order
from algorithms.kernels.beam import RESULTS, begin, new_scratch, seed, walk
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Csr, Rows
from algorithms.kernels.heap import NO_KEY, insert_sorted, key_id, make_key, sort_max
from algorithms.kernels.medoid import medoids
from algorithms.kernels.policy import FASTMATH
from algorithms.kernels.space import L2, distances, l2, target
from algorithms.kernels.workers import Workers
from algorithms.ung.groups import Groups, navigating_graph


class GroupGraphs(NamedTuple):
    """A graph within each group, from which no edge leaves it.

    Attributes:
        space: the items at their places.
        bounds: int64[g + 1], see `Groups`.
        medoids: int32[g], the place in each group where a search starts.
        rows: int32[m, R], the neighbours of each place and then -1.
        L: the beam of a search.
    """

    space: L2
    bounds: NDArray[np.int64]
    medoids: NDArray[np.int32]
    rows: NDArray[np.int32]
    L: int


def build(
    vectors: NDArray[np.float32], groups: Groups, cross: int, R: int, L: int, alpha: float, seed: int, threads: int
) -> tuple[Csr, NDArray[np.int32]]:
    """Build the graph of all places. The same for any number of threads.

    Args:
        vectors: float32[m, d], at their places, C-contiguous.
        groups: the groups.
        cross: edges from each place to places of larger sets (delta in the paper).
        R: neighbours within a group at most.
        L: the beam of the searches for neighbours.
        alpha: see `grow`.
        seed: decides the order of insertion.
        threads: how many threads.

    Returns:
        the graph, and int32[g], the place of each group's medoid.
    """
    graphs = grow_groups(vectors, groups, R, L, alpha, seed, threads)
    with Workers([new_scratch(len(vectors), R) for _ in range(threads)]) as workers:
        edges = [_within(graphs.rows), _repair(graphs, R), *_across(workers, graphs, groups, cross)]
    heads, tails = (np.concatenate([pair[side] for pair in edges]) for side in (0, 1))
    order = np.argsort(heads, kind="stable")
    starts = np.zeros(len(vectors) + 1, np.int64)
    np.cumsum(np.bincount(heads, minlength=len(vectors)), out=starts[1:])
    return Csr(starts, tails[order].astype(np.int32)), graphs.medoids


def grow_groups(
    vectors: NDArray[np.float32], groups: Groups, R: int, L: int, alpha: float, seed: int, threads: int
) -> GroupGraphs:
    """Grow a Vamana graph in each group; one of at most `R` items is complete instead."""
    m, middles = len(vectors), medoids(l2(vectors), groups.bounds)
    sizes = np.diff(groups.bounds)
    large = np.flatnonzero(np.repeat(sizes > R, sizes)).astype(np.int32)
    rule = SharedCovered(Labels(np.arange(m + 1), groups.of_place))
    order = insertion_order(large, middles, np.random.default_rng(seed))
    rows = grow(vectors, rule, order, R, L, alpha, threads)
    _complete(groups.bounds, rows)
    return GroupGraphs(l2(vectors), groups.bounds, middles, rows, L)


@nb.njit(cache=True, nogil=True)
def _complete(bounds: Any, rows: Any) -> None:
    """Link all items of each group of no more items than a row has places."""
    for g in range(len(bounds) - 1):
        if bounds[g + 1] - bounds[g] <= rows.shape[1]:
            for place in range(bounds[g], bounds[g + 1]):
                count = 0
                for other in range(bounds[g], bounds[g + 1]):
                    if other != place:
                        rows[place, count] = other
                        count += 1


def _within(rows: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the heads and tails of the edges of rows."""
    return np.nonzero(rows >= 0)[0], rows[rows >= 0]


def _repair(graphs: GroupGraphs, R: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the heads and tails of edges that make all of each group reachable from its medoid."""
    heads, tails = np.empty((2, len(graphs.rows)), np.int32)
    count = _find_breaks(graphs, new_scratch(len(graphs.rows), R), heads, tails)
    return heads[:count], tails[:count]


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _find_breaks(graphs: Any, scratch: Any, heads: Any, tails: Any) -> Any:
    """Where an item cannot be reached, write an edge to it from the nearest that can; return how many."""
    rows = graphs.rows
    reached = np.zeros(len(rows), np.bool_)
    open_ = np.empty(len(rows), np.int32)
    count = 0
    for g in range(len(graphs.bounds) - 1):
        _mark_reachable(rows, graphs.medoids[g], reached, open_)
        for place in range(graphs.bounds[g], graphs.bounds[g + 1]):
            if not reached[place]:
                _search_group(graphs, target(graphs.space, place), g, scratch)
                heads[count], tails[count] = key_id(scratch.results[0]), place
                count += 1
                _mark_reachable(rows, place, reached, open_)
    return count


@nb.njit(cache=True, nogil=True)
def _mark_reachable(rows: Any, start: Any, reached: Any, open_: Any) -> None:
    open_[0], size = start, 1
    reached[start] = True
    while size > 0:
        size -= 1
        place = open_[size]
        for j in range(rows.shape[1]):
            other = rows[place, j]
            if other < 0:
                break
            if not reached[other]:
                reached[other] = True
                open_[size] = other
                size += 1


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _search_group(graphs: Any, point: Any, g: Any, scratch: Any) -> Any:
    """Write the keys of the nearest of a group, ascending, to ``scratch.results``, and return how many."""
    first, size = graphs.bounds[g], graphs.bounds[g + 1] - graphs.bounds[g]
    if size <= len(scratch.items):
        for i in range(size):
            scratch.items[i] = first + i
        distances(point, scratch.items, size, scratch.lengths)
        for i in range(size):
            scratch.results[i] = make_key(scratch.lengths[i], scratch.items[i])
        scratch.results[:size].sort()
        return size
    visited = begin(scratch)
    seed(point, Everything(), visited, graphs.medoids[g], graphs.L, scratch)
    walk(point, Rows(graphs.rows), Everything(), visited, graphs.L, scratch)
    found = scratch.counters[RESULTS]
    sort_max(scratch.results, found)
    return found


def _across(
    workers: Workers, graphs: GroupGraphs, groups: Groups, cross: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int32]]]:
    """Return heads and tails of the edges across groups.

    Every place has edges to the `cross` nearest of all minimal supersets of its group. A superset that no place of the
    group then leads to is given about as many, half of them from one place.
    """
    if cross == 0:
        return []
    above, group_of = navigating_graph(groups), groups.of_place
    nearest = np.full((len(graphs.rows), cross + 1), NO_KEY)
    workers.run(_find_nearest, len(nearest), graphs, above, group_of, nearest)
    nearest = nearest[:, :cross]
    heads, tails = np.nonzero(nearest != NO_KEY)[0], (nearest[nearest != NO_KEY] & 0x7FFFFFFF).astype(np.int32)
    lower = np.repeat(np.arange(groups.size), np.diff(above.starts))
    realised = np.isin(
        lower * groups.size + above.ids, group_of[heads].astype(np.int64) * groups.size + group_of[tails]
    )
    pairs = np.column_stack([lower, above.ids])[~realised]
    added = np.full((len(pairs), cross, 2), -1, np.int32)
    workers.run(_realise, len(pairs), graphs, pairs, added)
    added = added[added[:, :, 0] >= 0]
    return [(heads, tails), (added[:, 0].astype(np.int64), added[:, 1])]


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _find_nearest(start: Any, stop: Any, scratch: Any, graphs: Any, above: Any, group_of: Any, nearest: Any) -> None:
    """Find the nearest of all groups above that of each place; the last of a row's keys is for what falls out."""
    for place in range(start, stop):
        point, g, keys, count = target(graphs.space, place), group_of[place], nearest[place], 0
        for i in range(above.starts[g], above.starts[g + 1]):
            for j in range(min(_search_group(graphs, point, above.ids[i], scratch), len(keys) - 1)):
                count = min(insert_sorted(keys, count, scratch.results[j]), len(keys) - 1)


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _realise(start: Any, stop: Any, scratch: Any, graphs: Any, pairs: Any, added: Any) -> None:
    """Add edges from the first places of one group to another until there are enough."""
    for i in range(start, stop):
        lower, upper, count = pairs[i, 0], pairs[i, 1], 0
        for place in range(graphs.bounds[lower], graphs.bounds[lower + 1]):
            found = _search_group(graphs, target(graphs.space, place), upper, scratch)
            for j in range(min(found, max(added.shape[1] // 2, 1), added.shape[1] - count)):
                added[i, count, 0], added[i, count, 1] = place, key_id(scratch.results[j])
                count += 1
            if count == added.shape[1]:
                break
