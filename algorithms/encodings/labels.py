"""Items as sets of labels: what the methods for label filters index.

A *label* is one value of one attribute. An item with a single value (EM) holds a set of one label, an item with a
set of values (EMIS) one label per value, and with several attributes an item holds the labels of all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numba as nb
import numpy as np
from numpy.typing import NDArray

from bench.core.attributes import Attributes, Boolean, Categorical, Column, Ordered, Sets
from bench.core.errors import BenchError
from bench.core.filters import Contains, Equals

UNKNOWN = -1
"""The code of a value that no item has."""

_Lookup: TypeAlias = Callable[[str | int | bool], int]


class Labels(NamedTuple):
    """The labels of items: item i holds ``codes[offsets[i]:offsets[i + 1]]``, ascending.

    Attributes:
        offsets: int64[n + 1].
        codes: int32[m].
    """

    offsets: NDArray[np.int64]
    codes: NDArray[np.int32]


@nb.njit(cache=True, nogil=True, inline="always")
def holds(labels: Any, item: Any, label: Any) -> Any:
    """Return whether an item has a label."""
    for j in range(labels.offsets[item], labels.offsets[item + 1]):  # noqa: SIM110  (no generators in Numba)
        if labels.codes[j] == label:
            return True
    return False


@nb.njit(cache=True, nogil=True)
def share(labels: Any, a: Any, b: Any) -> Any:
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
    """The labels of n items, as compressed rows.

    Attributes:
        offsets: int64[n + 1]; item i holds ``codes[offsets[i]:offsets[i + 1]]``, ascending, none where it has no value.
        codes: int32[m], labels from 0 to `size` - 1; those of one attribute stand together.
        size: how many labels there are, counting words of a vocabulary that no item has.
        lookups: per attribute, its first label, and what finds a value among its own, from 0, or `UNKNOWN`.
    """

    offsets: NDArray[np.int64]
    codes: NDArray[np.int32]
    size: int
    lookups: dict[str, tuple[int, _Lookup]]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def code_of(self, leaf: Equals | Contains) -> int:
        """Return the label that items hold that pass an EM or EMIS filter, or `UNKNOWN`.

        Raises:
            KeyError: the attribute is not among those encoded.
        """
        first, lookup = self.lookups[leaf.attribute]
        code = lookup(leaf.value)
        return first + code if code >= 0 else UNKNOWN

    @property
    def labels(self) -> Labels:
        """The same as kernels take it."""
        return Labels(self.offsets, self.codes)

    @cached_property
    def postings(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The inverted lists: starts int64[size + 1] and ids int32[m], those of a label ascending."""
        items = np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.offsets))
        starts = np.zeros(self.size + 1, np.int64)
        np.cumsum(np.bincount(self.codes, minlength=self.size), out=starts[1:])
        return starts, items[np.argsort(self.codes, kind="stable")]


def label_sets(attributes: Attributes, names: tuple[str, ...]) -> LabelSets:
    """Encode the attributes `names`, of any kind, as label sets.

    Raises:
        BenchError: there is no attribute of one of these names, or none is named.
    """
    if not names:
        raise BenchError("label sets need an attribute, and the workload's filters name none")
    lookups: dict[str, tuple[int, _Lookup]] = {}
    items, codes = [], []
    size = 0
    for name in names:
        own_items, own_codes, own_size, lookup = _encode(attributes[name])
        lookups[name] = size, lookup
        items.append(own_items)
        codes.append(own_codes.astype(np.int32) + np.int32(size))
        size += own_size
    holders = np.concatenate(items)
    # Attributes come one after the other with ascending codes, so that a stable sort leaves each item's ascending.
    order = np.argsort(holders, kind="stable")
    offsets = np.zeros(attributes.n + 1, np.int64)
    np.cumsum(np.bincount(holders, minlength=attributes.n), out=offsets[1:])
    return LabelSets(offsets, np.concatenate(codes)[order], size, lookups)


def _encode(column: Column) -> tuple[NDArray[np.int64], NDArray[np.integer], int, _Lookup]:
    """Return ascending items, a code for each, how many codes there are, and what finds a value's code."""
    match column:
        case Sets():
            items = np.repeat(np.arange(len(column)), np.diff(column.offsets))
            return items, column.codes, len(column.vocabulary), lambda value: column.code_of.get(str(value), UNKNOWN)
        case Categorical():
            items = np.flatnonzero(column.codes >= 0)
            vocabulary = len(column.vocabulary)
            return items, column.codes[items], vocabulary, lambda value: column.code_of.get(str(value), UNKNOWN)
        case Ordered() | Boolean():
            items = np.flatnonzero(column.present)
            values, codes = np.unique(column.values[items], return_inverse=True)
            code_of = {value: code for code, value in enumerate(values.tolist())}
            return items, codes, len(values), lambda value: code_of.get(value, UNKNOWN)
