"""Building iRangeGraph from the leaves up (section 4): a node's graph from those of its two children.

An item of the right child is linked to its nearest items of the left child, and these back to it. The edges that it has
within its own child were chosen among each other already, and stay unless the new ones occlude them. All items of a
depth are processed in parallel, and depend on nothing but the depth below.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.irangegraph.search import Layers, columns_of, middle, node_at
from algorithms.kernels.beam import Scratch, begin, new_scratch, pool_results, seed, walk
from algorithms.kernels.csr import Csr, csr_of_pairs
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Part
from algorithms.kernels.heap import key_id, make_key, sort
from algorithms.kernels.jit import kernel, part
from algorithms.kernels.policy import implements
from algorithms.kernels.prune import may_occlude, prune
from algorithms.kernels.scan import scan_between
from algorithms.kernels.space import distance, target
from algorithms.kernels.spaces import Vectors
from algorithms.kernels.types import Item, Space, Target
from algorithms.kernels.workers import Workers

_ENTRIES = 3
"""How many items a search of a child starts from."""


class _NewEdges(NamedTuple):
    """Two neighbours from a node's own child do not occlude each other; the right child begins at `border`."""

    border: int


@implements(may_occlude, _NewEdges)
def new_edges_may_occlude(rule: _NewEdges, node: Item, chosen: Item, candidate: Item) -> bool:
    """Return whether one of the two is from the other child."""
    right = node >= rule.border
    return (chosen >= rule.border) != right or (candidate >= rule.border) != right


def build(space: Vectors, M: int, ef_construction: int, seed: int, threads: int) -> Layers:
    """Build the graphs of all nodes. The same for any number of threads.

    Args:
        space: the items, in the order of their ranks.
        M: neighbours of an item at most, in each depth.
        ef_construction: the beam of the searches for neighbours.
        seed: decides where these searches start.
        threads: how many threads.
    """
    n = len(space.rows)
    columns = columns_of(n, M)
    layers = Layers(np.full((n, int(columns[-1])), -1, np.int32), columns, M)
    rng = np.random.default_rng(seed)
    with Workers([new_scratch(n, M) for _ in range(threads)]) as workers:
        for depth in reversed(range(len(columns) - 2)):
            starts = rng.random((n, _ENTRIES))
            # Link the items of right children to their nearest in the left ones.
            workers.run(_link_right, n, space, layers, depth, starts, ef_construction)
            # Link these back.
            workers.run(_link_left, n, space, layers, depth, _edges_to_left(layers, depth))
    return layers


@kernel
def _link_right(
    start: int,
    stop: int,
    scratch: Scratch,
    space: Space,
    layers: Layers,
    depth: int,
    starts: NDArray[np.float64],
    ef_construction: int,
) -> None:
    """Write the rows of a depth: for items of right children with new edges, for the others as they are below."""
    for rank in range(start, stop):
        low, high = node_at(len(layers.rows), rank, depth)
        if high - low == 1:
            continue
        border = middle(low, high)
        if rank < border:
            _copy_row(layers, rank, depth)
            continue
        # Find the nearest items of the left child, and add the neighbours in the right one.
        point = target(space, rank)
        count = _pool_nearest(point, layers, low, border, depth + 1, starts[rank], ef_construction, scratch)
        count = _add_row(layers, point, rank, depth + 1, count, scratch)
        _write_row(layers, space, rank, border, depth, count, scratch)


@kernel
def _link_left(start: int, stop: int, scratch: Scratch, space: Space, layers: Layers, depth: int, back: Csr) -> None:
    """Give the items of left children edges back to the items of the right ones that `back` has for them."""
    for rank in range(start, stop):
        if back.starts[rank] == back.starts[rank + 1]:
            continue
        low, high = node_at(len(layers.rows), rank, depth)
        # Add those items to the neighbours in the left child.
        point = target(space, rank)
        count = _add_row(layers, point, rank, depth, 0, scratch)
        for j in range(back.starts[rank], back.starts[rank + 1]):
            scratch.pool[count] = make_key(distance(point, back.ids[j]), back.ids[j])
            count += 1
        _write_row(layers, space, rank, middle(low, high), depth, count, scratch)


def _edges_to_left(layers: Layers, depth: int) -> Csr:
    """Return the edges of a depth that lead from right to left children, by the items that they lead to."""
    n = len(layers.rows)
    rows = layers.rows[:, layers.columns[depth] : layers.columns[depth + 1]]
    borders = np.empty((n, 1), np.int32)
    _find_borders(depth, borders)
    crossing = (np.arange(n)[:, None] >= borders) & (rows >= 0) & (rows < borders)
    return csr_of_pairs(rows[crossing], np.nonzero(crossing)[0].astype(np.int32), n)


@kernel
def _find_borders(depth: int, borders: NDArray[np.int32]) -> None:
    """Write for each rank where the right child of its node of a depth begins, int32[n, 1]."""
    n = len(borders)
    for rank in range(n):
        low, high = node_at(n, rank, depth)
        borders[rank, 0] = middle(low, high)


@part
def _pool_nearest(
    point: Target,
    layers: Layers,
    low: int,
    high: int,
    depth: int,
    starts: NDArray[np.float64],
    ef: int,
    scratch: Scratch,
) -> int:
    """Write the keys of the nearest items of the node of the ranks `low` to `high` - 1 to the pool; return how many.

    A node of at most `ef` items is measured whole: a beam of that width would meet them all.
    """
    visited = begin(scratch)
    if high - low <= ef:
        scan_between(point, Everything(), low, high - 1, ef, scratch)
    else:
        for fraction in starts:
            seed(point, Everything(), visited, low + int(fraction * (high - low)), ef, scratch)
        graph = Part(layers.rows, layers.columns[depth], layers.columns[depth + 1])
        walk(point, graph, Everything(), visited, ef, scratch)
    return pool_results(-1, scratch)  # -1: the item itself is not in that node


@part
def _copy_row(layers: Layers, rank: int, depth: int) -> None:
    """Copy the row of an item from the depth below, where it is at most as wide."""
    start, below, stop = layers.columns[depth], layers.columns[depth + 1], layers.columns[depth + 2]
    for j in range(stop - below):
        layers.rows[rank, start + j] = layers.rows[rank, below + j]


@part
def _add_row(layers: Layers, point: Target, rank: int, depth: int, count: int, scratch: Scratch) -> int:
    """Add the neighbours of an item in a depth to `count` keys in the pool; return how many there are now."""
    for j in range(layers.columns[depth], layers.columns[depth + 1]):
        item = layers.rows[rank, j]
        if item < 0:
            break
        scratch.pool[count] = make_key(distance(point, item), item)
        count += 1
    return count


@part
def _write_row(layers: Layers, space: Space, rank: int, border: int, depth: int, count: int, scratch: Scratch) -> None:
    """Make the first `count` of the pool the row of an item; where they do not fit, those that pruning chooses."""
    start, stop = layers.columns[depth], layers.columns[depth + 1]
    chosen = scratch.pool
    sort(chosen, count)
    if count > stop - start:
        chosen = scratch.chosen
        count = prune(space, _NewEdges(border), rank, scratch.pool, count, stop - start, 1.0, chosen)
    for j in range(count):
        layers.rows[rank, start + j] = key_id(chosen[j])
    layers.rows[rank, start + count : stop] = -1
