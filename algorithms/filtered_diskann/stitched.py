"""StitchedVamana: a Vamana graph for every label, laid over one another and pruned.

Gollapudi et al., Filtered-DiskANN (WWW 2023), section 3.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.base import Data, param
from algorithms.encodings.labels import Labels, LabelSets
from algorithms.filtered_diskann.grow import SharedCovered, grow, insertion_order
from algorithms.filtered_diskann.search import LabelledVamana
from algorithms.kernels.beam import begin, new_scratch
from algorithms.kernels.graph import compress
from algorithms.kernels.heap import key_id, make_key, push_max, sort_max
from algorithms.kernels.medoid import medoids
from algorithms.kernels.policy import FASTMATH
from algorithms.kernels.prune import prune
from algorithms.kernels.space import distance, l2, target
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

    def build(self, data: Data) -> None:
        """Grow a graph per label, then stitch them (algorithm 5)."""
        p: Build = self.params
        sets = self._open(data)
        edges, self.entries = grow_each(data.vectors, sets, p.R_small, p.L_small, p.alpha, data.seed, data.threads)
        rows = stitch(data.vectors, sets, edges, p.R_stitched, p.alpha, data.threads)
        self.graph = compress(rows)


def grow_each(
    vectors: NDArray[np.float32], sets: LabelSets, R: int, L: int, alpha: float, seed: int, threads: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Grow a Vamana graph for every label.

    Labels are taken together as long as their items fit into a copy of the vectors: each item stands there once for
    each of its labels, with that label only, so that `grow` makes graphs apart from each other.

    Returns:
        int32[m, R], the neighbours of each entry of the inverted lists (`LabelSets.postings`) among the items of its
        label, and then -1; and int32[labels], the medoid of each label, -1 where no item has it.
    """
    starts, holders = sets.postings
    edges = np.full((len(holders), R), -1, np.int32)
    entries = np.full(sets.size, -1, np.int32)
    for low, high in _portions(starts, len(sets)):
        members = holders[starts[low] : starts[high]]
        rows = vectors[members]
        bounds = starts[low : high + 1] - starts[low]
        labels = Labels(np.arange(len(members) + 1), np.repeat(np.arange(high - low, dtype=np.int32), np.diff(bounds)))
        local = medoids(l2(rows), bounds)
        order = insertion_order(np.arange(len(members), dtype=np.int32), local, np.random.default_rng((seed, low)))
        grown = grow(rows, SharedCovered(labels), order, R, L, alpha, threads)
        edges[starts[low] : starts[high]] = np.where(grown >= 0, members[grown], -1)
        entries[low:high] = np.where(local >= 0, members[local], -1)
    return edges, entries


def _portions(starts: NDArray[np.int64], most: int) -> Iterator[tuple[int, int]]:
    """Cut the labels into ranges whose inverted lists have at most `most` entries together."""
    low = 0
    while low < len(starts) - 1:
        high = int(np.searchsorted(starts, starts[low] + most, side="right")) - 1
        yield low, high
        low = high


def stitch(
    vectors: NDArray[np.float32], sets: LabelSets, edges: NDArray[np.int32], R: int, alpha: float, threads: int
) -> NDArray[np.int32]:
    """Lay the graphs of all labels over one another, and prune what has more than `R` neighbours (algorithm 3).

    Args:
        vectors: float32[n, d].
        sets: the items' labels.
        edges: what `grow_each` returns.
        R: neighbours at most.
        alpha: see `grow`.
        threads: how many threads.

    Returns:
        int32[n, R], each row an item's neighbours and then -1.
    """
    n = len(vectors)
    places = np.argsort(sets.postings[1], kind="stable")  # item by item
    rows = np.full((n, R), -1, np.int32)
    rule = SharedCovered(sets.labels)
    with Workers([new_scratch(n, 0) for _ in range(threads)]) as workers:
        workers.run(_stitch, n, l2(vectors), rule, edges, places, alpha, rows)
    return rows


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _stitch(
    start: Any, stop: Any, scratch: Any, space: Any, rule: Any, edges: Any, places: Any, alpha: Any, rows: Any
) -> None:
    keys, offsets = scratch.results, rule.labels.offsets
    for item in range(start, stop):
        here = target(space, item)
        visited = begin(scratch)
        found = 0
        for i in range(offsets[item], offsets[item + 1]):
            for other in edges[places[i]]:
                if other < 0:
                    break
                if visit(visited, other):
                    push_max(keys, found, make_key(distance(here, other), other))
                    found += 1
        sort_max(keys, found)
        chosen = keys
        if found > rows.shape[1]:
            chosen = scratch.entered
            found = prune(space, rule, item, keys, found, rows.shape[1], alpha, chosen)
        for i in range(found):
            rows[item, i] = key_id(chosen[i])
