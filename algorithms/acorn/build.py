"""Building the graph of ACORN (section 5): insertion without pruning, and compression of the long lists.

The layers are those of an HNSW, built from the top, each in batches that double in size (see `kernels.layers` and
`kernels.insert`). What differs is how an item chooses its neighbours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.acorn.graph import FirstM, Reading
from algorithms.acorn.search import AcornIndex
from algorithms.kernels.beam import Scratch, begin, new_scratch, pool_results, walk_from
from algorithms.kernels.edges import EdgesBack, add_tails, edges_back, head_of, read_row, write_row
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Rows
from algorithms.kernels.heap import key_id
from algorithms.kernels.jit import kernel, part
from algorithms.kernels.layers import Hierarchy, Layer, Upper, descend, draw_levels, row_of
from algorithms.kernels.space import target
from algorithms.kernels.spaces import Vectors
from algorithms.kernels.types import Items, Space
from algorithms.kernels.visited import visit
from algorithms.kernels.workers import Workers

CUTS = ("candidates", "places")
"""What decides when a list of the lowest layer leads to enough items: see `build`."""


class GrowingLayer(NamedTuple):
    """A layer that is being built.

    Attributes:
        layer: its lists.
        lengths: float32, shaped as ``layer.ids``, the distances of the neighbours.
        before: int32, the ids as they were before edges back were added.
        M: entries of a list that a build walks along.
        gamma: M gamma candidates are looked for per item.
        M_beta: how many of the nearest candidates are kept in any case.
        reach: a list is cut when it leads to more items than this, at one or two hops.
    """

    layer: Layer
    lengths: NDArray[np.float32]
    before: NDArray[np.int32]
    M: int
    gamma: int
    M_beta: int
    reach: int


def build(space: Vectors, M: int, gamma: int, M_beta: int, cut: str, seed: int, threads: int) -> AcornIndex:
    """Build an index over n > 0 items. The same for any number of threads.

    Args:
        space: the items.
        M: levels fall off by this factor, and a build walks along as many entries of a list. At least 2.
        gamma: M gamma candidates are looked for per item, and lists of upper layers have as many places.
        M_beta: how many candidates a list of the lowest layer keeps in any case; upper layers keep all.
        cut: one of `CUTS`. A list of the lowest layer is cut when it leads to more items than were candidates (paper),
            or than it has places (authors' code).
        seed: decides the levels and the order of insertion.
        threads: how many threads.
    """
    n, places = len(space.rows), M_beta + 3 * M // 2
    levels = draw_levels(n, M, np.random.default_rng(seed))
    upper, base = levels.hierarchy(M * gamma), np.full((n, places), -1, np.int32)
    reach = M * gamma if cut == "candidates" else places
    with Workers([new_scratch(n, M) for _ in range(threads)]) as workers:
        for level in range(levels.top, -1, -1):
            layer: Layer = Upper(upper.ids, upper.first, level) if level else Rows(base)
            lengths, before = np.zeros(layer.ids.shape, np.float32), np.empty_like(layer.ids)
            growing = GrowingLayer(layer, lengths, before, M, gamma, M * gamma if level else M_beta, reach)
            for items, last in levels.batches(level):
                _insert(workers, space, upper, last, growing, items)
    return AcornIndex(base, *upper)


def _insert(workers: Workers, space: Vectors, upper: Hierarchy, last: int, growing: GrowingLayer, items: Items) -> None:
    """Insert one batch of items into a layer, of which `last` is the last to descend through before it."""
    workers.run(_link_forward, len(items), space, upper, last, growing, items)
    ids, rows = growing.layer.ids, row_of(growing.layer, items)
    back = edges_back(items, ids[rows], growing.lengths[rows])
    np.copyto(growing.before, ids)
    workers.run(_link_back, len(back.groups) - 1, growing, back)


@kernel
def _link_forward(
    start: int,
    stop: int,
    scratch: Scratch,
    space: Space,
    upper: Hierarchy,
    last: int,
    growing: GrowingLayer,
    items: Items,
) -> None:
    """Give every item its list.

    Nothing that is read here is written: no edge leads to new items yet.
    """
    M, ef = growing.M, growing.M * growing.gamma
    for i in range(start, stop):
        item = items[i]
        point = target(space, item)
        # Descend along the first M entries of each list to this layer, and search it for M gamma candidates.
        nearest = descend(point, upper, Reading(Everything(), ef, M), Everything(), last, scratch)
        walk_from(point, FirstM(growing.layer, M), Everything(), nearest, ef, scratch)
        count = pool_results(item, scratch)
        # Keep all of them, compressed in the lowest layer.
        count = prune_two_hops(growing, growing.layer.ids, count, scratch)
        write_row(growing.layer.ids, growing.lengths, row_of(growing.layer, item), scratch.chosen, count)


@kernel
def _link_back(start: int, stop: int, scratch: Scratch, growing: GrowingLayer, back: EdgesBack) -> None:
    """Give every head the edges back to its tails, and compress its list if that overflows."""
    ids, lengths = growing.layer.ids, growing.lengths
    for group in range(start, stop):
        row = row_of(growing.layer, head_of(back, group))
        count = read_row(ids, lengths, row, scratch.pool)
        count = add_tails(back, group, scratch.pool, count)
        if count <= ids.shape[1]:
            write_row(ids, lengths, row, scratch.pool, count)
        else:
            # Other threads write lists meanwhile, so those of before are read.
            count = prune_two_hops(growing, growing.before, count, scratch)
            write_row(ids, lengths, row, scratch.chosen, count)


@part
def prune_two_hops(growing: GrowingLayer, ids: NDArray[np.int32], count: int, scratch: Scratch) -> int:
    """Choose from a node's candidates those to which the chosen ones do not lead (section 5.2).

    Args:
        growing: the layer.
        ids: int32[*, width], its lists, which no thread is writing.
        count: how many candidates ``scratch.pool`` has, ascending.
        scratch: memory; its search is over. ``scratch.chosen`` becomes the chosen candidates, ascending.

    Returns:
        how many were chosen, at most `width`.
    """
    H = begin(scratch)  # what the kept candidates of the tail lead to
    size_of_H = kept = 0
    width = ids.shape[1]
    for i in range(count):
        in_tail = i >= growing.M_beta
        if kept == width or (in_tail and size_of_H + kept > growing.reach):
            break
        item = key_id(scratch.pool[i])
        if in_tail:
            # A search that reads the lists of the tail gets there anyway.
            if H.stamps[item] == H.epoch:
                continue
            row = row_of(growing.layer, item)
            for j in range(width):
                if ids[row, j] < 0:
                    break
                size_of_H += visit(H, ids[row, j])
        scratch.chosen[kept] = scratch.pool[i]
        kept += 1
    return kept
