"""FilteredVamana: a Vamana graph whose edges keep every label navigable.

Gollapudi et al., Filtered-DiskANN (WWW 2023), section 3.1. An item looks for neighbours among the items that share a
label with it, and an edge may only make another one redundant for the labels that both of them serve.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FORMATS, Data, param
from algorithms.encodings.labels import LabelSets
from algorithms.filtered_diskann.grow import AllCovered, SharedCovered, grow, insertion_order
from algorithms.filtered_diskann.search import INFO, LabelledVamana
from algorithms.kernels.graph import compress
from algorithms.kernels.medoid import medoids
from algorithms.kernels.space import space_of
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
        "share; code (the authors'): also from a search that ignores labels, and occlude for all labels of the "
        "candidate. Labels then compete for the R places, which have to grow with their number",
        choices=("paper", "code"),
    )


class FilteredVamana(LabelledVamana):
    """One graph over all items, grown by inserting them one after the other; their labels restrict its edges."""

    info = replace(INFO, reads=ALL_FORMATS)
    BuildParams = Build

    @classmethod
    def build_bytes(cls, params: Any, n: int, dim: int, storage: Storage) -> int:
        """The vectors; the edges with their lengths, which may outgrow R for a while, and a copy."""
        return super().build_bytes(params, n, dim, storage) + n * 16 * params.R

    def build(self, data: Data) -> None:
        """Choose the entries, then insert all items that have a label."""
        p: Build = self.params
        rng = np.random.default_rng(data.seed)
        sets = self._open(data)
        labels = sets.labels
        self.entries = choose_entries(sets, p.tau, rng)
        order = insertion_order(np.flatnonzero(np.diff(sets.offsets)).astype(np.int32), self.entries, rng)
        medoid = -1
        rule: SharedCovered | AllCovered = SharedCovered(labels)
        if p.variant == "code":
            medoid = int(medoids(space_of(data.stored()), np.array([0, len(sets)]))[0])
            order = np.concatenate([[np.int32(medoid)], order[order != medoid]])
            rule = AllCovered(labels)
        rows = grow(data.stored(), rule, order, p.R, p.L, p.alpha, data.threads, medoid)
        self.graph = compress(rows)


def choose_entries(sets: LabelSets, tau: int, rng: np.random.Generator) -> NDArray[np.int32]:
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
