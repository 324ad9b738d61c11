"""Items grouped by equal label sets, and the label navigating graph over the groups (section 4 of the paper)."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from algorithms.encodings.labels import Labels, LabelSets
from algorithms.kernels.csr import Csr, csr_of_lists, csr_of_pairs, offsets
from algorithms.kernels.jit import kernel, part
from algorithms.kernels.types import Items, Offsets


class Groups(NamedTuple):
    """The distinct label sets of n items, smaller sets first; items without labels are in no group.

    Attributes:
        labels: the labels of each group, as those of an item.
        bounds: int64[g + 1]; the items of a group stand together in `order`, from its bound to the next.
        order: int32[m], the item at each place, m <= n; ascending within a group.
        holders: the inverted lists: of each label the groups that have it, ascending.
    """

    labels: Labels
    bounds: Offsets
    order: Items
    holders: Csr

    @property
    def size(self) -> int:
        """How many groups there are."""
        return len(self.bounds) - 1

    @property
    def of_place(self) -> Items:
        """int32[m], the group of each place in `order`."""
        return np.repeat(np.arange(self.size, dtype=np.int32), np.diff(self.bounds))


def group(sets: LabelSets) -> Groups:
    """Group items by their label sets."""
    # Big-endian, so that label sets of one size are in the order of their bytes.
    members: dict[bytes, list[int]] = {}
    for item, (start, stop) in enumerate(pairwise(sets.labels.offsets.tolist())):
        if start < stop:
            members.setdefault(sets.labels.codes[start:stop].astype(">i4").tobytes(), []).append(item)
    keys = sorted(members, key=lambda key: (len(key), key))
    labels = Labels(offsets([len(key) // 4 for key in keys]), np.frombuffer(b"".join(keys), ">i4").astype(np.int32))
    holding = np.repeat(np.arange(len(keys)), np.diff(labels.offsets))
    return Groups(
        labels,
        bounds=offsets([len(members[key]) for key in keys]),
        order=np.array([item for key in keys for item in members[key]], np.int32),
        holders=csr_of_pairs(labels.codes, holding, sets.size),
    )


def navigating_graph(groups: Groups) -> Csr:
    """Return the label navigating graph: an edge from each group to its minimal proper supersets."""
    starts, codes = groups.labels
    sets = (codes[start:stop] for start, stop in pairwise(starts))
    return csr_of_lists([minimal_supersets(groups, labels, proper=True) for labels in sets])


def minimal_supersets(groups: Groups, subset: Items, *, proper: bool) -> Items:
    """Return the groups whose label sets contain a set, and contain no other such label set.

    Args:
        groups: the groups.
        subset: int32[s], s > 0, the ascending labels of the set.
        proper: leave out the group whose label set is `subset` itself.

    Returns:
        int32[*], ascending.
    """
    starts = groups.holders.starts
    rarest = subset[(starts[subset + 1] - starts[subset]).argmin()]
    candidates = groups.holders.ids[starts[rarest] : starts[rarest + 1]]
    out = np.empty(len(candidates), np.int32)
    return out[: _minimal_supersets(groups.labels, candidates, subset, proper, out)]


@kernel
def _minimal_supersets(labels: Labels, candidates: Items, subset: Items, proper: bool, out: Items) -> int:
    """Write the minimal supersets among ascending groups to `out`; return how many.

    Smaller sets come first, so that any set which a minimal one may contain was accepted before it.
    """
    starts, codes = labels.offsets, labels.codes
    count = 0
    for g in candidates:
        held = codes[starts[g] : starts[g + 1]]
        if (proper and len(held) == len(subset)) or not _contains(held, subset):
            continue
        minimal = True
        for other in out[:count]:
            accepted = codes[starts[other] : starts[other + 1]]
            if len(accepted) < len(held) and _contains(held, accepted):
                minimal = False
                break
        if minimal:
            out[count] = g
            count += 1
    return count


@part
def _contains(larger: Items, smaller: Items) -> bool:
    """Return whether ascending labels contain others."""
    i = 0
    for label in smaller:
        while i < len(larger) and larger[i] < label:
            i += 1
        if i == len(larger) or larger[i] != label:
            return False
        i += 1
    return True
