"""Items as sets of labels: what the methods for label filters index.

A *label* is one value of one attribute. An item with a single value (EM) has one label, an item with a set of values
(EMIS) one label per value, and with several attributes an item has the labels of all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from algorithms.kernels.csr import Csr, csr_of_pairs, offsets
from algorithms.kernels.jit import part
from algorithms.kernels.types import Item, Items, Offsets
from bench.core.attributes import Attributes
from bench.core.columns import Value
from bench.core.errors import BenchError
from bench.core.filters import Contains, Equals
from bench.core.value_codes import value_codes

UNKNOWN = -1
"""The label of a value that no item has."""


class Labels(NamedTuple):
    """The labels of items: item i has ``codes[offsets[i]:offsets[i + 1]]``, ascending.

    Attributes:
        offsets: int64[n + 1].
        codes: int32[m].
    """

    offsets: Offsets
    codes: Items


@part
def has_label(labels: Labels, item: Item, label: int) -> bool:
    """Return whether an item has a label."""
    for j in range(labels.offsets[item], labels.offsets[item + 1]):  # noqa: SIM110  (no generators in Numba)
        if labels.codes[j] == label:
            return True
    return False


@part
def have_common_label(labels: Labels, a: Item, b: Item) -> bool:
    """Return whether two items have a label in common."""
    i, j = labels.offsets[a], labels.offsets[b]
    while i < labels.offsets[a + 1] and j < labels.offsets[b + 1]:
        if labels.codes[i] == labels.codes[j]:
            return True
        if labels.codes[i] < labels.codes[j]:
            i += 1
        else:
            j += 1
    return False


@dataclass(frozen=True)
class LabelSets:
    """The labels of n items, and those of filters.

    Attributes:
        labels: the labels of each item, from 0 to `size` - 1, none where it has no value.
        size: how many labels there are, including words of a vocabulary that no item has.
        codebooks: per attribute its first label, and the code of each of its values, counted from that label.
    """

    labels: Labels
    size: int
    codebooks: dict[str, tuple[int, dict[Value, int]]]

    def __len__(self) -> int:
        return len(self.labels.offsets) - 1

    def label_of(self, leaf: Equals | Contains) -> int:
        """Return the label of the items that pass an EM or EMIS filter, or `UNKNOWN`.

        Raises:
            KeyError: the attribute is not among those encoded.
        """
        first, code_of = self.codebooks[leaf.attribute]
        code = code_of.get(leaf.value)
        return UNKNOWN if code is None else first + code

    @property
    def labelled(self) -> Items:
        """int32[*], the items that have a label, ascending."""
        return np.flatnonzero(np.diff(self.labels.offsets)).astype(np.int32)

    @cached_property
    def postings(self) -> Csr:
        """The inverted lists: of each label the items that have it, ascending."""
        items = np.repeat(np.arange(len(self)), np.diff(self.labels.offsets))
        return csr_of_pairs(self.labels.codes, items, self.size)


def label_sets(attributes: Attributes, names: tuple[str, ...]) -> LabelSets:
    """Encode the attributes `names`, of any kind, as label sets.

    Raises:
        BenchError: there is no attribute of one of these names, or no name is given.
    """
    if not names:
        raise BenchError("label sets need an attribute, but the workload's filters test none; use a filtered workload")
    codebooks: dict[str, tuple[int, dict[Value, int]]] = {}
    items, labels, size = [], [], 0
    for name in names:
        encoded = value_codes(attributes[name])
        codebooks[name] = size, encoded.code_of
        items.append(encoded.items)
        labels.append(encoded.codes + np.int32(size))
        size += len(encoded.code_of)
    # A row per item. Later attributes have larger labels, so that each row is ascending.
    holders = np.concatenate(items)
    order = np.argsort(holders, kind="stable")
    starts = offsets(np.bincount(holders, minlength=attributes.n))
    return LabelSets(Labels(starts, np.concatenate(labels)[order]), size, codebooks)
