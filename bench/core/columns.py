"""Attribute columns: what an item has besides its vector.

Four kinds cover the filters of the field. A missing value (null) stays missing and passes no test.

Filters as people write them are in JSON; a column turns what they ask for into its values (`value_of`), and back
(`given`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.random import Generator
from numpy.typing import NDArray

from bench.core.units import INTEGERS, Number, Unit, held


class Kind(StrEnum):
    """The kind of an attribute; it decides which filters can test it."""

    CATEGORICAL = "categorical"
    ORDERED = "ordered"
    BOOLEAN = "boolean"
    SET = "set"


Value: TypeAlias = str | int | float | bool
"""What an item has in a column, or one of what it has."""

Ids: TypeAlias = NDArray[np.int64]

_EVERY = slice(None)
_CLOSED = {"[": "[", "(": "[", "]": "]", ")": "]"}


class _Typed:
    """What columns share: values of one type, which people write as they are."""

    value_type: type[Value]

    def holds(self, value: Value) -> bool:
        """Return whether a value is of the type that the items have."""
        return type(value) is self.value_type

    def value_of(self, given: object) -> Value:
        """Return what people write as a value.

        Raises:
            ValueError: it is of another type, or no item can have it.
        """
        if not isinstance(given, self.value_type) or type(given) is not self.value_type:
            raise ValueError(f"{given!r} is not {_TYPE_NAMES[self.value_type]}")
        return given

    def given(self, value: Value) -> Any:
        """Return a value as people write it."""
        return value


_TYPE_NAMES: dict[type, str] = {str: "a string", int: "an integer", bool: "true or false"}


class _Scalars(_Typed):
    """A column of numbers or truth values: `values` [n], valid where `present` bool[n]."""

    values: NDArray[Any]
    present: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.values)

    def has(self, value: Value, items: Ids | None) -> NDArray[np.bool_]:
        """Return whether items have a value: bool[n] over all, or one for each of `items`."""
        chosen = _EVERY if items is None else items
        return (self.values[chosen] == value) & self.present[chosen]

    def has_any(self, values: Sequence[Value], items: Ids | None) -> NDArray[np.bool_]:
        """Return whether items have one of several values."""
        chosen = _EVERY if items is None else items
        within = [value for value in values if self.value_type is not int or -(2**63) <= int(value) < 2**63]
        return np.isin(self.values[chosen], np.array(within, self.values.dtype)) & self.present[chosen]

    def pick(self, items: Ids, rng: Generator) -> list[Value]:
        """Return the value of each of `items`, which have one."""
        return self.values[items].tolist()


@dataclass(frozen=True)
class Categorical(_Typed):
    """One string per item. `codes` int32[n] index the sorted `vocabulary`; -1 means missing."""

    codes: NDArray[np.int32]
    vocabulary: tuple[str, ...]
    kind = Kind.CATEGORICAL
    noun = "strings"
    value_type = str

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

    def has(self, value: Value, items: Ids | None) -> NDArray[np.bool_]:
        """Return whether items have a value: bool[n] over all, or one for each of `items`."""
        # A value that no item has gets a code that no item has; -1 stands for a missing value.
        return self.codes[_EVERY if items is None else items] == self.code_of.get(value, -2)

    def has_any(self, values: Sequence[Value], items: Ids | None) -> NDArray[np.bool_]:
        """Return whether items have one of several values."""
        wanted = np.zeros(len(self.vocabulary) + 1, np.bool_)  # the last is for the code -1
        wanted[[self.code_of[value] for value in values if value in self.code_of]] = True
        return wanted[self.codes[_EVERY if items is None else items]]

    def pick(self, items: Ids, rng: Generator) -> list[Value]:
        """Return the value of each of `items`, which have one."""
        return [self.vocabulary[code] for code in self.codes[items]]

    def part(self, rows: slice) -> Categorical:
        """Return the column of consecutive items."""
        return Categorical(self.codes[rows], self.vocabulary)

    def to_arrow(self) -> pa.Array:
        """Return the column as a dictionary array with null for missing values."""
        codes = pa.array(self.codes, mask=self.codes < 0)
        return pa.DictionaryArray.from_arrays(codes, pa.array(self.vocabulary, pa.string()))


@dataclass(frozen=True)
class Ordered(_Scalars):
    """One number per item: `values` int64[n], or float64[n] if the unit is floats, valid where `present` bool[n]."""

    values: NDArray[Any]
    present: NDArray[np.bool_]
    unit: Unit = INTEGERS
    kind = Kind.ORDERED

    @property
    def noun(self) -> str:
        """What the values are, for errors."""
        return self.unit.noun

    @property
    def value_type(self) -> type[Number]:  # type: ignore[override]
        """The type of the values: int or float."""
        return float if self.unit.is_float else int

    def value_of(self, given: object) -> Value:
        """See `_Typed.value_of`; the unit says how people write its numbers."""
        value = held(self.unit.exact(given), self.unit)
        if value is None:
            raise ValueError(f"no item can have {given!r}")
        return value

    def end_of(
        self, given: object, bracket: str, inside: Callable[[Fraction, Unit], Number]
    ) -> tuple[Number | None, str]:
        """Return the end of a range, and the bracket that says whether it is in the range.

        Args:
            given: the end as people write it; None if that side is open.
            bracket: says whether it is in the range.
            inside: returns the next number in the direction of the range.

        Raises:
            ValueError: it is not of the unit.
        """
        if given is None:
            return None, bracket
        exact = self.unit.exact(given)
        number = held(exact, self.unit)
        return (number, bracket) if number is not None else (inside(exact, self.unit), _CLOSED[bracket])

    def given(self, value: Value) -> Any:
        """See `_Typed.given`."""
        assert not isinstance(value, str)
        return self.unit.given(value)

    def part(self, rows: slice) -> Ordered:
        """Return the column of consecutive items."""
        return Ordered(self.values[rows], self.present[rows], self.unit)

    def to_arrow(self) -> pa.Array:
        """Return the column as an array of the unit's type with null for missing values."""
        return self.unit.to_arrow(self.values, self.present)


@dataclass(frozen=True)
class Boolean(_Scalars):
    """One truth value per item: `values` bool[n], valid where `present` bool[n]."""

    values: NDArray[np.bool_]
    present: NDArray[np.bool_]
    kind = Kind.BOOLEAN
    noun = "truth values"
    value_type = bool

    def part(self, rows: slice) -> Boolean:
        """Return the column of consecutive items."""
        return Boolean(self.values[rows], self.present[rows])

    def to_arrow(self) -> pa.Array:
        """Return the column as a boolean array with null for missing values."""
        return pa.array(self.values, mask=~self.present)


@dataclass(frozen=True)
class Sets(_Typed):
    """A set of words per item, all of them strings or all integers, encoded as in a sparse matrix.

    Item i holds the words ``codes[offsets[i]:offsets[i + 1]]`` of the sorted `vocabulary`.

    `offsets` is int64[n + 1], `codes` int32, ascending and distinct within an item. An empty set counts as missing.
    """

    offsets: NDArray[np.int64]
    codes: NDArray[np.int32]
    vocabulary: tuple[str, ...] | tuple[int, ...]
    kind = Kind.SET

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def noun(self) -> str:
        """What the values are, for errors."""
        return "sets of integers" if self.value_type is int else "sets of strings"

    @property
    def value_type(self) -> type[str] | type[int]:  # type: ignore[override]
        """The type of the words; str if there are none."""
        return int if self.vocabulary and isinstance(self.vocabulary[0], int) else str

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """bool[n], whether an item has a value: an empty set is a missing one."""
        return np.diff(self.offsets) > 0

    @cached_property
    def code_of(self) -> dict[Value, int]:
        """The code of every word of the vocabulary."""
        words: tuple[Value, ...] = self.vocabulary
        return {value: code for code, value in enumerate(words)}

    @cached_property
    def postings(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The inverted lists, starts int64[v + 1] and ids int64: ``ids[starts[c]:starts[c + 1]]`` hold code c."""
        items = np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self.offsets))
        starts = np.zeros(len(self.vocabulary) + 1, np.int64)
        np.cumsum(np.bincount(self.codes, minlength=len(self.vocabulary)), out=starts[1:])
        return starts, items[np.argsort(self.codes, kind="stable")]

    def has(self, value: Value, items: Ids | None) -> NDArray[np.bool_]:
        """Return whether sets hold a word: bool[n] over all, or one for each of `items`."""
        starts, ids = self.postings
        code = self.code_of.get(value)
        holders = ids[:0] if code is None else ids[starts[code] : starts[code + 1]]
        if items is None:
            passing = np.zeros(len(self), np.bool_)
            passing[holders] = True
            return passing
        at = np.searchsorted(holders, items)
        return np.append(holders, -1)[at] == items

    def has_any(self, values: Sequence[Value], items: Ids | None) -> NDArray[np.bool_]:
        """Return whether sets hold one of several words."""
        passing = np.zeros(len(self) if items is None else len(items), np.bool_)
        for value in values:
            passing |= self.has(value, items)
        return passing

    def pick(self, items: Ids, rng: Generator) -> list[Value]:
        """Return a random word of each of `items`, which have one."""
        starts, lengths = self.offsets[items], np.diff(self.offsets)[items]
        return [self.vocabulary[code] for code in self.codes[starts + rng.integers(lengths)]]

    def part(self, rows: slice) -> Sets:
        """Return the column of consecutive items."""
        start, stop, _ = rows.indices(len(self))
        offsets = self.offsets[start : stop + 1]
        return Sets(offsets - offsets[0], self.codes[offsets[0] : offsets[-1]], self.vocabulary)

    def to_arrow(self) -> pa.Array:
        """Return the column as a list array of strings or integers."""
        words = pa.int64() if self.value_type is int else pa.string()
        values = pa.array(self.vocabulary, words).take(pa.array(self.codes))
        return pa.LargeListArray.from_arrays(pa.array(self.offsets), values)


Column: TypeAlias = Categorical | Ordered | Boolean | Sets
