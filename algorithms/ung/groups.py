"""Items grouped by equal label sets, and which sets are the smallest that contain a given one.

Cai, Shi, Chen, Zheng: Navigating Labels and Vectors: A Unified Approach to Filtered Approximate Nearest Neighbor Search
(PACMMOD 2024), section 4. The paper finds minimal supersets in a trie of the sets; here they are read from inverted
lists, in which smaller sets stand first. What is found is the same.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.encodings.labels import Labels, LabelSets
from algorithms.kernels.graph import Csr


class Groups(NamedTuple):
    """The distinct label sets of n items that have labels, smaller sets first.

    Attributes:
        labels: the labels of each group, as those of an item.
        bounds: int64[g + 1]; the items of a group stand together in `order`, from its bound to the next.
        order: int32[m], the items, m <= n; ascending within a group.
        holders: the inverted lists: of each label the groups that have it, ascending.
    """

    labels: Labels
    bounds: NDArray[np.int64]
    order: NDArray[np.int32]
    holders: Csr

    @property
    def size(self) -> int:
        """How many groups there are."""
        return len(self.bounds) - 1

    @property
    def of_place(self) -> NDArray[np.int32]:
        """int32[m], the group of each place in `order`."""
        return np.repeat(np.arange(self.size, dtype=np.int32), np.diff(self.bounds))


def group(sets: LabelSets) -> Groups:
    """Group items by their label sets. Items without a label are in no group."""
    members: dict[bytes, list[int]] = {}
    for item, (start, stop) in enumerate(zip(sets.offsets[:-1].tolist(), sets.offsets[1:].tolist(), strict=True)):
        if start < stop:
            members.setdefault(sets.codes[start:stop].astype(">i4").tobytes(), []).append(item)
    keys = sorted(members, key=lambda key: (len(key), key))
    codes = np.frombuffer(b"".join(keys), ">i4").astype(np.int32)
    offsets = np.cumsum([0, *(len(key) // 4 for key in keys)])
    bounds = np.cumsum([0, *(len(members[key]) for key in keys)])
    order = np.array([item for key in keys for item in members[key]], np.int32)
    starts = np.zeros(sets.size + 1, np.int64)
    np.cumsum(np.bincount(codes, minlength=sets.size), out=starts[1:])
    ids = np.repeat(np.arange(len(keys), dtype=np.int32), np.diff(offsets))[np.argsort(codes, kind="stable")]
    return Groups(Labels(offsets, codes), bounds, order, Csr(starts, ids))


def minimal_supersets(groups: Groups, wanted: NDArray[np.int32], *, proper: bool) -> NDArray[np.int32]:
    """Return the groups whose sets contain `wanted` and no other such set.

    Args:
        groups: the groups.
        wanted: int32[w], w > 0, ascending labels.
        proper: leave out the group whose set is `wanted` itself.

    Returns:
        int32[*], ascending.
    """
    lists = groups.holders.starts[wanted + 1] - groups.holders.starts[wanted]
    rarest = wanted[lists.argmin()]
    found = np.empty(lists.min(), np.int32)
    return found[: _minimal_supersets(groups.labels, groups.holders, wanted, rarest, proper, found)]


@nb.njit(cache=True, nogil=True)
def _minimal_supersets(labels: Any, holders: Any, wanted: Any, rarest: Any, proper: Any, found: Any) -> Any:
    count = 0
    for i in range(holders.starts[rarest], holders.starts[rarest + 1]):
        g = holders.ids[i]
        held = labels.codes[labels.offsets[g] : labels.offsets[g + 1]]
        if (proper and len(held) == len(wanted)) or not _contains(held, wanted):
            continue
        minimal = True
        for j in range(count):
            other = labels.codes[labels.offsets[found[j]] : labels.offsets[found[j] + 1]]
            if len(other) < len(held) and _contains(held, other):
                minimal = False
                break
        if minimal:
            found[count] = g
            count += 1
    return count


@nb.njit(cache=True, nogil=True)
def _contains(larger: Any, smaller: Any) -> Any:
    """Return whether ascending labels contain others."""
    i = 0
    for label in smaller:
        while i < len(larger) and larger[i] < label:
            i += 1
        if i == len(larger) or larger[i] != label:
            return False
        i += 1
    return True


def navigating_graph(groups: Groups) -> Csr:
    """Return the label navigating graph: an edge from each group to its minimal proper supersets."""
    offsets, codes = groups.labels
    rows = [minimal_supersets(groups, codes[offsets[g] : offsets[g + 1]], proper=True) for g in range(groups.size)]
    starts = np.cumsum([0, *map(len, rows)])
    return Csr(starts, np.concatenate([*rows, np.empty(0, np.int32)]))
