"""StitchedVamana: a Vamana graph for every label, laid over one another and pruned (section 3.2 of the paper)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.base import Data, param
from algorithms.encodings.labels import Labels, LabelSets
from algorithms.filtered_diskann.grow import CommonCovered, grow, insertion_order
from algorithms.filtered_diskann.method import LabelledVamana
from algorithms.filtered_diskann.search import VamanaIndex
from algorithms.kernels.beam import Scratch, begin, new_scratch
from algorithms.kernels.csr import csr_of_padded
from algorithms.kernels.heap import key_id, make_key, push_max, sort_max
from algorithms.kernels.jit import kernel
from algorithms.kernels.medoid import medoids
from algorithms.kernels.prune import prune
from algorithms.kernels.space import distance, target
from algorithms.kernels.spaces import Vectors, space_of
from algorithms.kernels.types import Items, Offsets
from algorithms.kernels.visited import visit
from algorithms.kernels.workers import Workers


@dataclass(frozen=True)
class Build:
    """Build parameters."""

    R_small: int = param(32, "neighbours of an item at most in the graph of one label", low=1)
    L_small: int = param(100, "the beam of the search for neighbours in the graph of one label", low=1)
    R_stitched: int = param(64, "neighbours of an item at most in the end", low=1)
    alpha: float = param(1.2, "how much longer an edge may be than a way around it, for squared distances", low=1)


class StitchedVamana(LabelledVamana):
    """One graph over all items: the union of a graph per label, pruned. A label's entry is its medoid."""

    BuildParams = Build

    def build_index(self, data: Data) -> VamanaIndex:
        """Grow a graph per label, then stitch them (algorithm 5)."""
        p: Build = self.params
        graphs = grow_each(data, self.sets, p.R_small, p.L_small, p.alpha)
        rows = stitch(self.space, self.sets, graphs.edges, p.R_stitched, p.alpha, data.threads)
        return VamanaIndex(*csr_of_padded(rows), graphs.entries)


class LabelGraphs(NamedTuple):
    """A graph for every label.

    Attributes:
        edges: int32[m, R], the neighbours of each entry of the inverted lists (`LabelSets.postings`) among the items of
            its label, and then -1.
        entries: int32[labels], the medoid of each label, -1 where no item has it.
    """

    edges: NDArray[np.int32]
    entries: Items


def grow_each(data: Data, sets: LabelSets, R: int, L: int, alpha: float) -> LabelGraphs:
    """Grow a Vamana graph for every label.

    Labels are taken together as long as their items fit into a copy of the vectors. Each item is there once for each of
    its labels, with that label only, so that `grow` builds separate graphs.
    """
    starts, holders = sets.postings
    edges = np.full((len(holders), R), -1, np.int32)
    entries = np.full(sets.size, -1, np.int32)
    for low, high in _portions(starts, len(sets)):
        members = holders[starts[low] : starts[high]]
        space = space_of(data.stored(members))
        bounds = starts[low : high + 1] - starts[low]
        labels = Labels(np.arange(len(members) + 1), np.repeat(np.arange(high - low, dtype=np.int32), np.diff(bounds)))
        local = medoids(space, bounds)
        order = insertion_order(np.arange(len(members), dtype=np.int32), local, np.random.default_rng((data.seed, low)))
        rows = grow(space, CommonCovered(labels), order, R, L, alpha, data.threads)
        edges[starts[low] : starts[high]] = np.where(rows >= 0, members[rows], -1)
        entries[low:high] = np.where(local >= 0, members[local], -1)
    return LabelGraphs(edges, entries)


def _portions(starts: Offsets, most: int) -> Iterator[tuple[int, int]]:
    """Cut the labels into ranges whose inverted lists have at most `most` entries together."""
    low = 0
    while low < len(starts) - 1:
        high = int(np.searchsorted(starts, starts[low] + most, side="right")) - 1
        yield low, high
        low = high


def stitch(
    space: Vectors, sets: LabelSets, edges: NDArray[np.int32], R: int, alpha: float, threads: int
) -> NDArray[np.int32]:
    """Lay the graphs of all labels over one another, and prune what has more than `R` neighbours (algorithm 3).

    Args:
        space: the items.
        sets: the items' labels.
        edges: the edges of each label's graph, see `LabelGraphs`.
        R: neighbours at most.
        alpha: see `grow`.
        threads: how many threads.

    Returns:
        int32[n, R], each row an item's neighbours and then -1.
    """
    n = len(sets)
    places = np.argsort(sets.postings.ids, kind="stable")  # item by item
    rows = np.full((n, R), -1, np.int32)
    rule = CommonCovered(sets.labels)
    with Workers([new_scratch(n, 0) for _ in range(threads)]) as workers:
        workers.run(_stitch, n, space, rule, edges, places, alpha, rows)
    return rows


@kernel
def _stitch(
    start: int,
    stop: int,
    scratch: Scratch,
    space: Vectors,
    rule: CommonCovered,
    edges: NDArray[np.int32],
    places: NDArray[np.int64],
    alpha: float,
    rows: NDArray[np.int32],
) -> None:
    """Write the neighbours of items; those of item i are in the rows of `edges` that its part of `places` names."""
    offsets, R = rule.labels.offsets, rows.shape[1]
    for item in range(start, stop):
        # The union of the item's neighbours in the graphs of its labels.
        point = target(space, item)
        visited = begin(scratch)
        keys, count = scratch.pool, 0
        for i in range(offsets[item], offsets[item + 1]):
            for other in edges[places[i]]:
                if other < 0:
                    break
                if visit(visited, other):
                    push_max(keys, count, make_key(distance(point, other), other))
                    count += 1
        sort_max(keys, count)
        # FilteredRobustPrune, if they are too many.
        if count > R:
            count = prune(space, rule, item, scratch.pool, count, R, alpha, scratch.chosen)
            keys = scratch.chosen
        for i in range(count):
            rows[item, i] = key_id(keys[i])
