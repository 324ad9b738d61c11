"""Building UNG within the groups: a graph in each, its repair, and the entries of searches.

Items are numbered by their *places*: group by group, see `Groups`. Edges across groups are in `cross`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.encodings.labels import Labels
from algorithms.filtered_diskann.grow import CommonCovered, grow, insertion_order
from algorithms.kernels.beam import Scratch, begin, new_scratch, pool_results, seed, walk
from algorithms.kernels.csr import Csr, csr_of_lists, csr_of_pairs
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Rows
from algorithms.kernels.heap import key_id
from algorithms.kernels.jit import kernel, part
from algorithms.kernels.medoid import medoids
from algorithms.kernels.scan import scan_between
from algorithms.kernels.space import target
from algorithms.kernels.spaces import Vectors
from algorithms.kernels.types import Item, Items, Offsets
from algorithms.ung.groups import Groups


class GroupGraphs(NamedTuple):
    """A graph within each group, from which no edge leaves it.

    Attributes:
        space: the items at their places.
        bounds: int64[g + 1], see `Groups`.
        group_of: int32[m], the group of each place.
        medoids: int32[g], the place in each group where a search starts.
        rows: int32[m, R], the neighbours of each place and then -1.
        L: the beam of a search.
    """

    space: Vectors
    bounds: Offsets
    group_of: Items
    medoids: Items
    rows: NDArray[np.int32]
    L: int


class Edges(NamedTuple):
    """Edges one by one: each leaves the place in `tails` and leads to that in `heads`, both int32[edges]."""

    tails: Items
    heads: Items


def grow_groups(space: Vectors, groups: Groups, R: int, L: int, alpha: float, seed: int, threads: int) -> GroupGraphs:
    """Grow a Vamana graph in each group; one of at most `R` items is complete instead.

    Args:
        space: the items at their places.
        groups: the groups.
        R: neighbours at most.
        L: the beam of the searches for neighbours.
        alpha: see `grow`.
        seed: decides the order of insertion.
        threads: how many threads.
    """
    # Large groups: all of their graphs grow as one, in which the group is the only label of a place.
    group_of, middles = groups.of_place, medoids(space, groups.bounds)
    rule = CommonCovered(Labels(np.arange(len(group_of) + 1), group_of))
    sizes = np.diff(groups.bounds)
    large = np.flatnonzero(np.repeat(sizes > R, sizes)).astype(np.int32)
    rows = grow(space, rule, insertion_order(large, middles, np.random.default_rng(seed)), R, L, alpha, threads)
    # Small groups.
    _complete(groups.bounds, rows)
    return GroupGraphs(space, groups.bounds, group_of, middles, rows, L)


@kernel
def _complete(bounds: Offsets, rows: NDArray[np.int32]) -> None:
    """Link all items of each group that has at most as many as a row has places."""
    for g in range(len(bounds) - 1):
        if bounds[g + 1] - bounds[g] <= rows.shape[1]:
            for place in range(bounds[g], bounds[g + 1]):
                count = 0
                for other in range(bounds[g], bounds[g + 1]):
                    if other != place:
                        rows[place, count] = other
                        count += 1


def edges_of(rows: NDArray[np.int32]) -> Edges:
    """Return the edges of rows int32[m, width], each a place's neighbours and then -1."""
    return Edges(np.nonzero(rows >= 0)[0].astype(np.int32), rows[rows >= 0])


def repair(graphs: GroupGraphs) -> Edges:
    """Return edges that make every place reachable from the medoid of its group."""
    m, R = graphs.rows.shape
    edges = Edges(np.empty(m, np.int32), np.empty(m, np.int32))
    count = _repair(graphs, new_scratch(m, R), np.zeros(m, np.bool_), np.empty(m, np.int32), edges)
    return Edges(edges.tails[:count], edges.heads[:count])


@kernel
def _repair(graphs: GroupGraphs, scratch: Scratch, reached: NDArray[np.bool_], stack: Items, edges: Edges) -> int:
    """Write an edge to each place that cannot be reached, from the nearest that a search meets; return how many.

    Nothing is `reached` yet, bool[m]; `stack`, int32[m], is overwritten.
    """
    rows = graphs.rows
    count = 0
    for g in range(len(graphs.bounds) - 1):
        # What a search from the medoid can reach.
        _mark_reachable(rows, graphs.medoids[g], reached, stack)
        # Link every other place, which makes whatever it leads to reachable too.
        for place in range(graphs.bounds[g], graphs.bounds[g + 1]):
            if not reached[place]:
                search_group(graphs, place, g, scratch)
                edges.tails[count], edges.heads[count] = key_id(scratch.pool[0]), place
                count += 1
                _mark_reachable(rows, place, reached, stack)
    return count


@part
def _mark_reachable(rows: NDArray[np.int32], start: Item, reached: NDArray[np.bool_], stack: Items) -> None:
    """Mark all places to which a path leads from `start`; `stack`, int32[m], is overwritten."""
    stack[0], size = start, 1
    reached[start] = True
    while size > 0:
        size -= 1
        place = stack[size]
        for j in range(rows.shape[1]):
            other = rows[place, j]
            if other < 0:
                break
            if not reached[other]:
                reached[other] = True
                stack[size] = other
                size += 1


@part
def search_group(graphs: GroupGraphs, place: Item, g: Item, scratch: Scratch) -> int:
    """Write the keys of the places of a group nearest to a place, ascending, to ``scratch.pool``; return how many.

    The place itself is left out. A small group is measured whole.
    """
    point = target(graphs.space, place)
    first, stop = graphs.bounds[g], graphs.bounds[g + 1]
    visited = begin(scratch)
    if stop - first <= len(scratch.items):
        scan_between(point, Everything(), first, stop - 1, stop - first, scratch)
    else:
        seed(point, Everything(), visited, graphs.medoids[g], graphs.L, scratch)
        walk(point, Rows(graphs.rows), Everything(), visited, graphs.L, scratch)
    return pool_results(place, scratch)


def choose_entries(groups: Groups, medoids: Items, sigma: int, rng: np.random.Generator) -> Csr:
    """Choose at most `sigma` places of each group where searches start: all, or the medoid and random others."""
    rows = []
    for medoid, start, stop in zip(medoids, groups.bounds[:-1], groups.bounds[1:], strict=True):
        if stop - start <= sigma:
            rows.append(np.arange(start, stop))
        else:
            others = rng.choice(stop - start - 1, sigma - 1, replace=False) + start
            rows.append(np.concatenate([[medoid], others + (others >= medoid)]))
    return csr_of_lists(rows)


def joined(edges: Sequence[Edges], m: int) -> Csr:
    """Return lists of edges as one graph of m places; a place's neighbours are in the order of the lists."""
    return csr_of_pairs(
        np.concatenate([part.tails for part in edges]), np.concatenate([part.heads for part in edges]), m
    )
