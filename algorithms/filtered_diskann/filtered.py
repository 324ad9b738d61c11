"""FilteredVamana: a Vamana graph whose edges keep every label navigable (section 3.1 of the paper).

An item looks for neighbours among the items that share a label with it, and an edge may only make another one redundant
for the labels that both of them serve.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from algorithms.base import Data, param
from algorithms.encodings.labels import LabelSets
from algorithms.filtered_diskann.grow import AllCovered, CommonCovered, grow, insertion_order
from algorithms.filtered_diskann.method import LabelledVamana
from algorithms.filtered_diskann.search import VamanaIndex
from algorithms.kernels.csr import csr_of_padded
from algorithms.kernels.medoid import medoids
from algorithms.kernels.types import Items
from bench.core.formats import Storage


@dataclass(frozen=True)
class Build:
    """Build parameters."""

    R: int = param(48, "neighbours of an item at most", low=1)
    L: int = param(100, "the beam of the search for neighbours", low=1)
    alpha: float = param(1.2, "how much longer an edge may be than a way around it, for squared distances", low=1)
    tau: int = param(25, "items among which the entry of a label is chosen", low=1)
    variant: str = param(
        "paper",
        "paper: candidates come from the search by labels alone, and occlude for the labels that node and candidate "
        "have in common; code (the authors'): also from a search that ignores labels, and occlude for all labels of "
        "the candidate. Labels then compete for the R places, which have to grow with their number",
        choices=("paper", "code"),
    )


class FilteredVamana(LabelledVamana):
    """One graph over all items, grown by inserting them one after the other; their labels restrict its edges."""

    BuildParams = Build

    @classmethod
    def build_bytes(cls, params: Any, n: int, dim: int, storage: Storage) -> int:
        """The vectors; the edges with their lengths, which may outgrow R for a while, and a copy."""
        return super().build_bytes(params, n, dim, storage) + n * 16 * params.R

    def build_index(self, data: Data) -> VamanaIndex:
        """Choose the entries (algorithm 2), then insert all items that have a label (algorithm 4)."""
        p: Build = self.params
        labels, rng = self.sets.labels, np.random.default_rng(data.seed)
        entries = choose_entries(self.sets, p.tau, rng)
        order = insertion_order(self.sets.labelled, entries, rng)
        if p.variant == "paper":
            rows = grow(self.space, CommonCovered(labels), order, p.R, p.L, p.alpha, data.threads)
        else:
            medoid = medoids(self.space, np.array([0, len(self.sets)]))
            order = np.concatenate([medoid, order[order != medoid]])
            rows = grow(self.space, AllCovered(labels), order, p.R, p.L, p.alpha, data.threads, int(medoid[0]))
        return VamanaIndex(*csr_of_padded(rows), entries)


def choose_entries(sets: LabelSets, tau: int, rng: np.random.Generator) -> Items:
    """Choose an entry for every label so that none serves many labels (algorithm 2).

    Of `tau` random items of a label, with repeats, the one is taken that is the entry of the fewest labels so far.

    Returns:
        int32[labels]; -1 for a word that no item has.
    """
    starts, holders = sets.postings
    entries = np.full(sets.size, -1, np.int32)
    load = np.zeros(len(sets), np.int64)
    for label in np.flatnonzero(np.diff(starts)):
        sample = holders[rng.integers(starts[label], starts[label + 1], tau)]
        entries[label] = sample[load[sample].argmin()]
        load[entries[label]] += 1
    return entries
