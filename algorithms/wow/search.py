"""The index of WoW and its search: a graph for each size of window, of which a range uses those that fit it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.graph_method import Padded
from algorithms.kernels.beam import Scratch, begin, seed, walk
from algorithms.kernels.filter import Interval
from algorithms.kernels.graph import neighbours
from algorithms.kernels.jit import part
from algorithms.kernels.policy import implements
from algorithms.kernels.queries import search_one
from algorithms.kernels.ranges import RangeBeam
from algorithms.kernels.scan import scan_between
from algorithms.kernels.types import Accept, Item, Items, Target
from algorithms.kernels.visited import Visited, visit

WIDER = 4
"""How many times as wide the windows of each level are as those of the level below."""

SEEDS = 3
"""How many items a search starts from, evenly spread over the range."""


class WowIndex(NamedTuple):
    """What is saved: items are numbered by their ranks.

    Attributes:
        windows: int32[levels, n, M], each row a node's neighbours in one level, nearest first, and then -1.
        deleted: bool[n], which items are deleted.
    """

    windows: Padded
    deleted: NDArray[np.bool_]


class WowView(NamedTuple):
    """What is searched: the graphs of all levels, and which items may be returned."""

    windows: NDArray[np.int32]
    living: Accept


class Within(NamedTuple):
    """The ranks `first` to `last` as a graph: the neighbours among them, from a level downwards."""

    windows: NDArray[np.int32]
    level: int
    first: int
    last: int


@implements(neighbours, Within)
def neighbours_within(graph: Within, node: Item, visited: Visited, out: Items) -> int:
    """Offer the neighbours in the range; go down a level where one is outside, until as many were met as a row holds.

    Windows of lower levels are narrower, so fewer of their neighbours are outside.
    """
    windows, M = graph.windows, graph.windows.shape[2]
    count = met = 0
    for level in range(graph.level, -1, -1):
        outside = False
        for j in range(M):
            item = windows[level, node, j]
            if item < 0:
                break
            if graph.first <= item <= graph.last:
                met += 1
                out[count] = item
                count += visit(visited, item)
            else:
                outside = True
        if met >= M or not outside:
            break
    return count


@part
def level_for(size: int, levels: int) -> int:
    """Return the lowest level whose windows hold as many items as a range, or the highest."""
    level, window = 0, 2
    while window < size and level < levels - 1:
        level += 1
        window *= WIDER
    return level


@implements(search_one, WowView)
def search_wow(index: WowView, query: Target, accept: Interval, params: RangeBeam, scratch: Scratch) -> None:
    """Measure a range that the beam holds; else walk from evenly spaced items, in the level of windows as wide."""
    first, last = accept.first, accept.last
    if last - first + 1 <= max(params.ef, params.scan_below - 1):
        scan_between(query, index.living, first, last, params.ef, scratch)
    else:
        visited = begin(scratch)
        for s in range(SEEDS):
            item = first + (2 * s + 1) * (last - first) // (2 * SEEDS)
            seed(query, index.living, visited, item, params.ef, scratch)
        level = level_for(last - first + 1, len(index.windows))
        walk(query, Within(index.windows, level, first, last), index.living, visited, params.ef, scratch)
