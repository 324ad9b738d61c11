"""The labelled edges of DSG as a whole: merging, dropping those of little use, renumbering after insertions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.dsg.search import DsgIndex, Edges
from algorithms.kernels.csr import offsets
from algorithms.kernels.types import Items

_NEAR = 0.02
"""Edges that reach no farther than this fraction of all ranks are never dropped for lack of support."""

_DROPPED = 0.1
"""The fraction of a node's other edges that is dropped."""

_AT_ONCE = 1 << 24
"""How many edges are merged at a time: this bounds the memory that a merge takes beside its parts and its result."""


class Labelled(NamedTuple):
    """Labelled edges in any order.

    Attributes:
        tails: int32[edges], the nodes that they leave.
        heads: int32[edges], their neighbours.
        boxes: int32[edges, 4], see `Edges`.
    """

    tails: Items
    heads: Items
    boxes: NDArray[np.int32]


def both_ways(forward: Sequence[Labelled]) -> list[Labelled]:
    """Return the edges and their reverse: an edge is used for ranges that hold both its ends, so from either end."""
    return [*forward, *(Labelled(edges.heads, edges.tails, edges.boxes) for edges in forward)]


def merged(n: int, parts: Sequence[Labelled]) -> Edges:
    """Return the graph of n nodes with all edges; where edges repeat, with the box around their boxes."""
    counts = np.zeros(n, np.int64)
    for edges in parts:
        counts += np.bincount(edges.tails, minlength=n)
    most, degrees, end = int(counts.sum()), np.zeros(n, np.int64), 0
    ids, boxes = np.empty(most, np.int32), np.empty((most, 4), np.int32)  # what is not written takes no memory
    for low, high in _spans(counts):
        keys, around = _merged_between(n, parts, low, high)
        start, end = end, end + len(keys)
        ids[start:end], boxes[start:end] = keys % n, around
        degrees[low:high] = np.bincount(keys // n - low, minlength=high - low)
    return Edges(offsets(degrees), ids[:end], boxes[:end])


def _spans(counts: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield the first node and the one after the last of spans with at most `_AT_ONCE` edges, or of single nodes."""
    starts, low = offsets(counts), 0
    while low < len(counts):
        high = int(np.searchsorted(starts, starts[low] + _AT_ONCE, side="right")) - 1
        high = max(low + 1, high)
        yield low, high
        low = high


def _merged_between(
    n: int, parts: Sequence[Labelled], low: int, high: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the distinct edges of the nodes `low` to `high` - 1, as tail * n + head ascending, and their boxes."""
    inside = [(edges.tails >= low) & (edges.tails < high) for edges in parts]
    chosen = list(zip(parts, inside, strict=True))
    none = np.empty(0, np.int32)
    keys = np.concatenate(
        [none, *(edges.tails[some].astype(np.int64) * n + edges.heads[some] for edges, some in chosen)]
    )
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    firsts = np.flatnonzero(np.diff(keys, prepend=-1))
    # Draw the box around the boxes of each run of equal edges.
    boxes = np.empty((len(firsts), 4), np.int32)
    for side, around in enumerate((np.minimum, np.maximum, np.minimum, np.maximum)):
        bounds = np.concatenate([none, *(edges.boxes[some, side] for edges, some in chosen)])[order]
        boxes[:, side] = around.reduceat(bounds, firsts) if len(firsts) else bounds
    return keys[firsts], boxes


def separated(edges: Edges) -> Labelled:
    """Return the edges of a graph one by one."""
    tails = np.repeat(np.arange(len(edges.starts) - 1, dtype=np.int32), np.diff(edges.starts))
    return Labelled(tails, edges.ids, edges.boxes)


def supported(edges: Edges) -> Edges:
    """Return a graph without a tenth of each node's long edges: those used in the fewest ranges for their reach."""
    n = len(edges.starts) - 1
    tails = separated(edges).tails
    # Support is the number of ranges in the box, over the reach.
    reach = np.abs(tails - edges.ids) + 1
    sides = edges.boxes.astype(np.float64)
    support = (sides[:, 1] - sides[:, 0] + 1) * (sides[:, 3] - sides[:, 2] + 1) / reach
    # Drop the first of each node's long edges by support.
    long = np.flatnonzero(reach > np.ceil(n * _NEAR))
    long = long[np.lexsort((support[long], tails[long]))]
    counts = np.bincount(tails[long], minlength=n)
    place = np.arange(len(long)) - np.repeat(np.cumsum(counts) - counts, counts)
    kept = np.ones(len(tails), np.bool_)
    kept[long[place < np.floor(counts * _DROPPED)[tails[long]]]] = False
    return Edges(offsets(np.bincount(tails[kept], minlength=n)), edges.ids[kept], edges.boxes[kept])


def moved(edges: Edges, ranks: Items, n: int) -> Edges:
    """Return the edges after insertions that moved rank r to ``ranks[r]``, of now `n` ranks.

    An end of a box is a neighbour that the range must hold, or lies just beyond one that it must not hold. So it moves
    with that neighbour, and items inserted in between fall on the side where they change nothing.
    """
    beyond = np.concatenate([[0], ranks + 1]).astype(np.int32)  # of a first rank: just above the rank before it
    below = np.concatenate([ranks[1:] - 1, [n - 1]]).astype(np.int32)  # of a last rank: just below the rank after it
    boxes = edges.boxes
    sides = (beyond[boxes[:, 0]], ranks[boxes[:, 1]], ranks[boxes[:, 2]], below[boxes[:, 3]])
    degrees = np.zeros(n, np.int64)
    degrees[ranks] = np.diff(edges.starts)
    return Edges(offsets(degrees), ranks[edges.ids], np.stack(sides, axis=1))


def moved_index(index: DsgIndex, ranks: Items, n: int) -> DsgIndex:
    """Return an index in which rank r is ``ranks[r]`` of now `n`; the other ranks have no edges yet."""
    base = np.full((n, index.base.shape[1]), -1, np.int32)
    base[ranks] = np.where(index.base >= 0, ranks[index.base], -1)
    deleted = np.zeros(n, np.bool_)
    deleted[ranks] = index.deleted
    return DsgIndex(*moved(index.edges, ranks, n), base, int(ranks[index.entry]), deleted)
