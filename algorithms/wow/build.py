"""Building WoW by insertion: an item chooses its neighbours of every level in that level's window around its rank.

Items are inserted in batches (see `kernels.insert`), into one level after another, from the widest windows down. A
level is searched together with those below it, which hold the items before the batch only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.beam import Scratch, begin, new_scratch, pool_results, seed, walk
from algorithms.kernels.edges import Links, links_of
from algorithms.kernels.filter import Everything, passes
from algorithms.kernels.insert import batches, find_candidates, insert
from algorithms.kernels.policy import implements
from algorithms.kernels.prune import Always
from algorithms.kernels.scan import scan_between
from algorithms.kernels.spaces import Vectors
from algorithms.kernels.types import Item, Items, Target
from algorithms.kernels.workers import Workers
from algorithms.wow.search import WIDER, Within, WowIndex


class Inserted(NamedTuple):
    """The items that were inserted, bool[n], pass."""

    inserted: NDArray[np.bool_]


class _Window(NamedTuple):
    """How an item finds its candidates in a level.

    Attributes:
        windows: the graphs of all levels, see `WowIndex`.
        level: the level.
        half: how many ranks the window reaches on either side.
        inserted: the items before the batch.
        near: int32[n], the inserted item that is nearest to each rank.
        ef: the beam.
    """

    windows: NDArray[np.int32]
    level: int
    half: int
    inserted: Inserted
    near: Items
    ef: int


@implements(passes, Inserted)
def passes_inserted(accept: Inserted, item: Item) -> bool:
    """Look the item up."""
    return accept.inserted[item]


@implements(find_candidates, _Window)
def candidates_in_window(search: _Window, target: Target, item: Item, scratch: Scratch) -> int:
    """Search the window, from what the item chose in the wider window above; measure a window that the beam holds."""
    windows, level, ef = search.windows, search.level, search.ef
    first, last = max(item - search.half, 0), min(item + search.half, windows.shape[1] - 1)
    visited = begin(scratch)
    if 2 * search.half <= ef:
        scan_between(target, search.inserted, first, last, ef, scratch)
    elif first <= search.near[item] <= last:
        seed(target, Everything(), visited, search.near[item], ef, scratch)
        if level + 1 < len(windows):
            for j in range(windows.shape[2]):
                other = windows[level + 1, item, j]
                if other < 0:
                    break
                if first <= other <= last:
                    seed(target, Everything(), visited, other, ef, scratch)
        walk(target, Within(windows, level, first, last), Everything(), visited, ef, scratch)
    return pool_results(item, scratch)


def levels_for(n: int) -> int:
    """Return how many levels n items need: the windows of the highest hold 2 * WIDER^l >= n ranks."""
    levels = 1
    while 2 * WIDER ** (levels - 1) < n:
        levels += 1
    return levels


def no_items(n: int, M: int) -> WowIndex:
    """Return an index in which no item of n has neighbours yet."""
    return WowIndex(np.full((levels_for(n), n, M), -1, np.int32), np.zeros(n, np.bool_))


def moved(index: WowIndex, ranks: Items, n: int) -> WowIndex:
    """Return an index in which rank r is ``ranks[r]`` of now `n`; the other ranks have no edges yet.

    A level that it had no items for is a copy of the highest, whose windows held all of them.
    """
    larger = no_items(n, index.windows.shape[2])
    larger.deleted[ranks] = index.deleted
    for level in range(len(larger.windows)):
        before = index.windows[min(level, len(index.windows) - 1)]
        larger.windows[level, ranks] = np.where(before >= 0, ranks[before], -1)
    return larger


def insert_items(space: Vectors, index: WowIndex, order: Items, start: int, ef_construction: int, threads: int) -> None:
    """Insert ``order[start:]`` into an index that holds the items before. The same for any number of threads.

    Args:
        space: the items, in the order of their ranks.
        index: changed in place.
        order: int32[n], all ranks in the order of insertion.
        start: how many are inserted already.
        ef_construction: the beam of the searches for neighbours.
        threads: how many threads.
    """
    n, windows = len(order), index.windows
    levels: list[Links] = [links_of(space, rows) for rows in windows]
    inserted = np.zeros(n, np.bool_)
    inserted[order[:start]] = True
    with Workers([new_scratch(n, 2 * windows.shape[2]) for _ in range(threads)]) as workers:
        for first, stop in batches(start, n):
            items, near = order[first:stop], _nearest(inserted)
            for level in reversed(range(len(levels))):
                search = _Window(windows, level, WIDER**level, Inserted(inserted), near, ef_construction)
                insert(workers, space, search, Always(), levels[level], items)
            inserted[items] = True


def _nearest(marked: NDArray[np.bool_]) -> Items:
    """Return int32[n], the marked rank that is nearest to each rank; the lower of two that are as near."""
    ranks, all_ranks = np.flatnonzero(marked), np.arange(len(marked))
    after = np.minimum(np.searchsorted(ranks, all_ranks), len(ranks) - 1)
    above, below = ranks[after], ranks[np.maximum(after - 1, 0)]
    return np.where(np.abs(all_ranks - below) <= np.abs(above - all_ranks), below, above).astype(np.int32)
