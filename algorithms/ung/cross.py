"""Building UNG across groups: edges along the label navigating graph (LNG), from groups to their minimal supersets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.beam import Scratch, new_scratch
from algorithms.kernels.csr import Csr
from algorithms.kernels.heap import insert_sorted, key_id
from algorithms.kernels.jit import kernel
from algorithms.kernels.workers import Workers
from algorithms.ung.build import Edges, GroupGraphs, edges_of, search_group


def link_to_nearest(workers: Workers, graphs: GroupGraphs, lng: Csr, delta: int) -> Edges:
    """Return the edges from every place to the `delta` nearest in all minimal supersets of its group together.

    Args:
        workers: the threads, see `new_workers`.
        graphs: the graphs of the groups.
        lng: the label navigating graph.
        delta: edges from each place, at most.
    """
    rows = np.full((len(graphs.rows), delta), -1, np.int32)
    workers.run(_link_to_nearest, len(rows), graphs, lng, delta, rows)
    return edges_of(rows)


def realise_missing(workers: Workers, graphs: GroupGraphs, lng: Csr, nearest: Edges, delta: int) -> Edges:
    """Return up to `delta` edges between places for every edge of the LNG that none of `nearest` realises.

    Args:
        workers: the threads, see `new_workers`.
        graphs: the graphs of the groups.
        lng: the label navigating graph.
        nearest: the edges across groups so far.
        delta: edges for each edge of the LNG, at most.
    """
    missing = _not_realised(lng, nearest, graphs.group_of)
    tails, heads = np.full((2, len(missing), delta), -1, np.int32)
    workers.run(_realise, len(missing), graphs, missing, delta, Edges(tails, heads))
    return Edges(tails[tails >= 0], heads[heads >= 0])


def new_workers(graphs: GroupGraphs, threads: int) -> Workers:
    """Return threads, each with the memory to search the graphs of groups."""
    m, R = graphs.rows.shape
    return Workers([new_scratch(m, R) for _ in range(threads)])


def _not_realised(lng: Csr, edges: Edges, group_of: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the edges of the LNG, as pairs int64[*, 2] of groups, that no edge between places realises."""
    size = len(lng.starts) - 1
    lower = np.repeat(np.arange(size), np.diff(lng.starts))
    realised = group_of[edges.tails].astype(np.int64) * size + group_of[edges.heads]
    return np.column_stack([lower, lng.ids])[~np.isin(lower * size + lng.ids, realised)]


@kernel
def _link_to_nearest(
    start: int, stop: int, scratch: Scratch, graphs: GroupGraphs, lng: Csr, delta: int, rows: NDArray[np.int32]
) -> None:
    """Write the row of each place, nearest first."""
    nearest = scratch.chosen
    for place in range(start, stop):
        g = graphs.group_of[place]
        # Cross-group edges: search every minimal superset, and keep the delta nearest places of all together.
        count = 0
        for i in range(lng.starts[g], lng.starts[g + 1]):
            candidates = search_group(graphs, place, lng.ids[i], scratch)
            for j in range(min(candidates, delta)):
                count = min(insert_sorted(nearest, count, scratch.pool[j]), delta)
        for j in range(count):
            rows[place, j] = key_id(nearest[j])


@kernel
def _realise(
    start: int,
    stop: int,
    scratch: Scratch,
    graphs: GroupGraphs,
    missing: NDArray[np.int64],
    delta: int,
    edges: Edges,
) -> None:
    """Write the edges for each missing edge of the LNG to a row of `edges`, whose arrays are int32[*, delta]."""
    for i in range(start, stop):
        lower, upper = missing[i, 0], missing[i, 1]
        # Realise the missing edge: take up to delta / 2 edges from one place after another, until there are delta.
        count = 0
        for place in range(graphs.bounds[lower], graphs.bounds[lower + 1]):
            candidates = search_group(graphs, place, upper, scratch)
            for j in range(min(candidates, max(delta // 2, 1), delta - count)):
                edges.tails[i, count], edges.heads[i, count] = place, key_id(scratch.pool[j])
                count += 1
            if count == delta:
                break
