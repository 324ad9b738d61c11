"""The labelled edges of DSG as a whole: both directions merged, the little used dropped, ranks moved by insertions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.dsg.search import Edges

_NEAR = 0.02
"""Edges between ranks no farther apart than this share of all items are never dropped for lack of support."""

_DROPPED = 0.1
"""The share of a node's other edges that are."""


class Labelled(NamedTuple):
    """Edges one by one.

    Attributes:
        tails: int32[edges], the nodes that they leave.
        heads: int32[edges], their neighbours.
        boxes: int32[edges, 4], see `Edges`.
    """

    tails: NDArray[np.int32]
    heads: NDArray[np.int32]
    boxes: NDArray[np.int32]


def both_ways(forward: list[Labelled]) -> list[Labelled]:
    """Return the edges, and each of them backwards: where both ends are in the range, it is used from both."""
    return forward + [Labelled(edges.heads, edges.tails, edges.boxes) for edges in forward]


def merged(n: int, parts: list[Labelled]) -> Edges:
    """Return the graph of all edges; of two edges between the same nodes, the box around both of their boxes."""
    parts = [Labelled(np.empty(0, np.int32), np.empty(0, np.int32), np.empty((0, 4), np.int32)), *parts]
    keys = np.concatenate([edges.tails.astype(np.int64) * n + edges.heads for edges in parts])
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    firsts = np.flatnonzero(np.diff(keys, prepend=-1))
    keys = keys[firsts]
    boxes = np.empty((len(keys), 4), np.int32)
    for side, around in enumerate((np.minimum, np.maximum, np.minimum, np.maximum)):
        bounds = np.concatenate([edges.boxes[:, side] for edges in parts])[order]
        boxes[:, side] = around.reduceat(bounds, firsts)
    starts = np.searchsorted(keys, np.arange(n + 1, dtype=np.int64) * n)
    return Edges(starts.astype(np.int64), (keys % n).astype(np.int32), boxes)


def separated(edges: Edges) -> Labelled:
    """Return the edges of a graph one by one."""
    tails = np.repeat(np.arange(len(edges.starts) - 1, dtype=np.int32), np.diff(edges.starts))
    return Labelled(tails, edges.ids, edges.boxes)


def supported(edges: Edges) -> Edges:
    """Drop a tenth of each node's long edges: those used in the fewest ranges for how far they reach."""
    n = len(edges.starts) - 1
    tails = separated(edges).tails
    reach = np.abs(tails - edges.ids) + 1
    sides = edges.boxes.astype(np.float64)
    support = (sides[:, 1] - sides[:, 0] + 1) * (sides[:, 3] - sides[:, 2] + 1) / reach
    long = np.flatnonzero(reach > np.ceil(n * _NEAR))
    long = long[np.lexsort((support[long], tails[long]))]
    counts = np.bincount(tails[long], minlength=n)
    place = np.arange(len(long)) - np.repeat(np.cumsum(counts) - counts, counts)
    kept = np.ones(len(tails), np.bool_)
    kept[long[place < np.floor(counts * _DROPPED)[tails[long]]]] = False
    starts = np.concatenate([[0], np.cumsum(np.bincount(tails[kept], minlength=n))])
    return Edges(starts.astype(np.int64), edges.ids[kept], edges.boxes[kept])


def moved(edges: Edges, ranks: NDArray[np.int32], n: int) -> Labelled:
    """Return the edges after insertions: old rank r is ``ranks[r]`` of now `n`.

    An end of a box is a neighbour that the range must hold, or lies just beyond one that it must not; so it moves with
    that neighbour, and items inserted in between are on the side where they change nothing.
    """
    held = ranks.astype(np.int32)
    beyond = np.concatenate([[0], held + 1]).astype(np.int32)  # by first rank: just above the rank before it
    below = np.concatenate([held[1:] - 1, [n - 1]]).astype(np.int32)  # by last rank: just under the rank after it
    tails, heads, boxes = separated(edges)
    sides = (beyond[boxes[:, 0]], held[boxes[:, 1]], held[boxes[:, 2]], below[boxes[:, 3]])
    return Labelled(held[tails], held[heads], np.stack(sides, axis=1))
