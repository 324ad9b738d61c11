"""Building iRangeGraph from the leaves up (SIGMOD 2025, section 4): a node's graph from those of its two children.

An item of the right child is linked to its nearest items of the left one, and those back to it; the edges that its
child has given it were chosen among each other already. All items of a depth are done in parallel, and depend on
nothing but the depth below.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.irangegraph.search import Layers, columns_of, middle, node_at
from algorithms.kernels.beam import RESULTS, begin, new_scratch, seed, walk
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Part
from algorithms.kernels.heap import key_id, make_key, sort_max
from algorithms.kernels.policy import FASTMATH, implements
from algorithms.kernels.prune import may_occlude, prune
from algorithms.kernels.scan import scan
from algorithms.kernels.space import Space, distance, target
from algorithms.kernels.workers import Workers

_ENTRIES = 3


class _NewEdges(NamedTuple):
    """Two neighbours from a node's own child do not occlude each other; the child begins or ends at `border`."""

    border: int


@implements(may_occlude, _NewEdges)
def _(rule: Any, node: Any, chosen: Any, candidate: Any) -> Any:
    right = node >= rule.border
    return (chosen >= rule.border) != right or (candidate >= rule.border) != right


def build(space: Space, m: int, ef: int, seed: int, threads: int) -> Layers:
    """Build the graphs of all nodes. The same for any number of threads.

    Args:
        space: the items, in the order of their ranks.
        m: neighbours of an item at most, in each depth.
        ef: the beam that they are sought with.
        seed: decides where searches for them start.
        threads: how many threads.
    """
    n = len(space.rows)
    columns = columns_of(n, m)
    layers = Layers(np.full((n, int(columns[-1])), -1, np.int32), columns, m)
    items, rng = np.arange(n, dtype=np.int32), np.random.default_rng(seed)
    with Workers([new_scratch(n, m) for _ in range(threads)]) as workers:
        for depth in range(len(layers.columns) - 2, -1, -1):
            starts = rng.random((n, _ENTRIES))
            workers.run(_link_right, n, layers, space, items, starts, depth, ef)
            heads, tails, groups = _edges_back(layers, depth)
            workers.run(_link_left, len(groups) - 1, layers, space, depth, heads, tails, groups)
    return layers


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _link_right(
    start: Any, stop: Any, scratch: Any, layers: Any, space: Any, items: Any, starts: Any, depth: Any, ef: Any
) -> None:
    """Write the rows of a depth: of items of right children with new edges, of the others as they were below."""
    n, keys = len(layers.rows), scratch.results
    for rank in range(start, stop):
        low, high = node_at(n, rank, depth)
        if high - low == 1:
            continue
        border = middle(low, high)
        if rank < border:
            _copy_row(layers, rank, depth)
            continue
        point = target(space, rank)
        count = _nearest(point, layers, low, border, items, starts[rank], depth + 1, ef, scratch)
        count = _add_row(layers, point, rank, depth + 1, keys, count)
        keys[:count].sort()
        _write_row(layers, space, rank, border, depth, count, scratch)


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _link_left(
    start: Any, stop: Any, scratch: Any, layers: Any, space: Any, depth: Any, heads: Any, tails: Any, groups: Any
) -> None:
    """Give every head the edges back to its tails; those of one head stand together between two of `groups`."""
    n, keys = len(layers.rows), scratch.results
    for i in range(start, stop):
        head = heads[groups[i]]
        low, high = node_at(n, head, depth)
        point = target(space, head)
        count = _add_row(layers, point, head, depth, keys, 0)
        for j in range(groups[i], groups[i + 1]):
            keys[count] = make_key(distance(point, tails[j]), tails[j])
            count += 1
        keys[:count].sort()
        _write_row(layers, space, head, middle(low, high), depth, count, scratch)


def _edges_back(layers: Layers, depth: int) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """Return the edges of a depth from right to left children as heads and tails, and where each head's begin."""
    rows = layers.rows[:, layers.columns[depth] : layers.columns[depth + 1]]
    borders = _borders(len(rows), depth)[:, None]
    crossing = (np.arange(len(rows))[:, None] >= borders) & (rows >= 0) & (rows < borders)
    tails, heads = np.nonzero(crossing)[0].astype(np.int32), rows[crossing]
    order = np.argsort(heads, kind="stable")
    heads, tails = heads[order], tails[order]
    return heads, tails, np.flatnonzero(np.diff(heads, prepend=-1, append=-1))


@nb.njit(cache=True, nogil=True)
def _borders(n: Any, depth: Any) -> Any:
    """Return int32[n], where the right child begins of the node of a depth that holds each rank."""
    borders = np.empty(n, np.int32)
    for rank in range(n):
        low, high = node_at(n, rank, depth)
        borders[rank] = middle(low, high)
    return borders


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _nearest(
    point: Any, layers: Any, low: Any, high: Any, items: Any, starts: Any, depth: Any, ef: Any, scratch: Any
) -> Any:
    """Write the keys of the nearest items of a node to ``scratch.results``, and return how many.

    A node of at most `ef` items is measured whole: a beam as wide would meet them all.
    """
    visited = begin(scratch)
    if high - low <= ef:
        scan(point, Everything(), items, low, high, ef, scratch)
        return scratch.counters[RESULTS]
    for i in range(len(starts)):
        seed(point, Everything(), visited, low + np.int64(starts[i] * (high - low)), ef, scratch)
    graph = Part(layers.rows, layers.columns[depth], layers.columns[depth + 1])
    walk(point, graph, Everything(), visited, ef, scratch)
    sort_max(scratch.results, scratch.counters[RESULTS])
    return scratch.counters[RESULTS]


@nb.njit(cache=True, nogil=True)
def _copy_row(layers: Any, rank: Any, depth: Any) -> None:
    """Copy the row of an item from the depth below, where it is as wide at most; nothing if it was a leaf there."""
    if depth + 2 < len(layers.columns):
        start, below = layers.columns[depth], layers.columns[depth + 1]
        for j in range(layers.columns[depth + 2] - below):
            layers.rows[rank, start + j] = layers.rows[rank, below + j]


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _add_row(layers: Any, point: Any, rank: Any, depth: Any, keys: Any, count: Any) -> Any:
    """Add the neighbours of an item in a depth to `count` keys; return how many there are now."""
    if depth + 1 < len(layers.columns):
        for j in range(layers.columns[depth], layers.columns[depth + 1]):
            item = layers.rows[rank, j]
            if item < 0:
                break
            keys[count] = make_key(distance(point, item), item)
            count += 1
    return count


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _write_row(layers: Any, space: Any, rank: Any, border: Any, depth: Any, count: Any, scratch: Any) -> None:
    """Make the best of `count` ascending keys in ``scratch.results`` the row of an item; all, if there is room."""
    start, stop = layers.columns[depth], layers.columns[depth + 1]
    chosen = scratch.results
    if count > stop - start:
        chosen = scratch.entered
        count = prune(space, _NewEdges(border), rank, scratch.results, count, stop - start, 1.0, chosen)
    for j in range(count):
        layers.rows[rank, start + j] = key_id(chosen[j])
    layers.rows[rank, start + count : stop] = -1
