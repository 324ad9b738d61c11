"""Attribute columns: what an item has besides its vector.

Four kinds cover the filters of the field. A missing value (null) stays missing and passes no filter.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


class Kind(StrEnum):
    """The kind of an attribute; it decides which filters can test it."""

    CATEGORICAL = "categorical"
    ORDERED = "ordered"
    BOOLEAN = "boolean"
    SET = "set"


Value: TypeAlias = str | int | bool
"""What an item has in a column, or one of what it has."""


@dataclass(frozen=True)
class Categorical:
    """One string per item. `codes` int32[n] index the sorted `vocabulary`; -1 means missing."""

    codes: NDArray[np.int32]
    vocabulary: tuple[str, ...]
    kind = Kind.CATEGORICAL

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """bool[n], whether an item has a value."""
        return self.codes >= 0

    @cached_property
    def code_of(self) -> dict[Value, int]:
        """The code of every word of the vocabulary."""
        return {value: code for code, value in enumerate(self.vocabulary)}

    def part(self, rows: slice) -> Categorical:
        """Return the column of consecutive items."""
        return Categorical(self.codes[rows], self.vocabulary)

    def to_arrow(self) -> pa.Array:
        """Return the column as a dictionary array with null for missing values."""
        codes = pa.array(self.codes, mask=self.codes < 0)
        return pa.DictionaryArray.from_arrays(codes, pa.array(self.vocabulary, pa.string()))


@dataclass(frozen=True)
class Ordered:
    """One integer per item: `values` int64[n], valid where `present` bool[n]."""

    values: NDArray[np.int64]
    present: NDArray[np.bool_]
    kind = Kind.ORDERED

    def __len__(self) -> int:
        return len(self.values)

    def part(self, rows: slice) -> Ordered:
        """Return the column of consecutive items."""
        return Ordered(self.values[rows], self.present[rows])

    def to_arrow(self) -> pa.Array:
        """Return the column as an int64 array with null for missing values."""
        return pa.array(self.values, mask=~self.present)


@dataclass(frozen=True)
class Boolean:
    """One truth value per item: `values` bool[n], valid where `present` bool[n]."""

    values: NDArray[np.bool_]
    present: NDArray[np.bool_]
    kind = Kind.BOOLEAN

    def __len__(self) -> int:
        return len(self.values)

    def part(self, rows: slice) -> Boolean:
        """Return the column of consecutive items."""
        return Boolean(self.values[rows], self.present[rows])

    def to_arrow(self) -> pa.Array:
        """Return the column as a boolean array with null for missing values."""
        return pa.array(self.values, mask=~self.present)


@dataclass(frozen=True)
class Sets:
    """A set of strings per item, encoded as in a sparse matrix.

    Item i holds the words ``codes[offsets[i]:offsets[i + 1]]`` of the sorted `vocabulary`.

    `offsets` is int64[n + 1], `codes` int32, ascending and distinct within an item. A missing set is empty.
    """

    offsets: NDArray[np.int64]
    codes: NDArray[np.int32]
    vocabulary: tuple[str, ...]
    kind = Kind.SET

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """bool[n], whether an item has a value: an empty set is a missing one."""
        return np.diff(self.offsets) > 0

    @cached_property
    def code_of(self) -> dict[Value, int]:
        """The code of every word of the vocabulary."""
        return {value: code for code, value in enumerate(self.vocabulary)}

    @cached_property
    def postings(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The inverted lists, starts int64[v + 1] and ids int64: ``ids[starts[c]:starts[c + 1]]`` hold code c."""
        items = np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self.offsets))
        starts = np.zeros(len(self.vocabulary) + 1, np.int64)
        np.cumsum(np.bincount(self.codes, minlength=len(self.vocabulary)), out=starts[1:])
        return starts, items[np.argsort(self.codes, kind="stable")]

    def part(self, rows: slice) -> Sets:
        """Return the column of consecutive items."""
        start, stop, _ = rows.indices(len(self))
        offsets = self.offsets[start : stop + 1]
        return Sets(offsets - offsets[0], self.codes[offsets[0] : offsets[-1]], self.vocabulary)

    def to_arrow(self) -> pa.Array:
        """Return the column as a list array of strings."""
        values = pa.array(self.vocabulary, pa.string()).take(pa.array(self.codes))
        return pa.LargeListArray.from_arrays(pa.array(self.offsets), values)


Column: TypeAlias = Categorical | Ordered | Boolean | Sets
