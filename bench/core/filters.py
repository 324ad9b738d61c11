"""Filters: small immutable trees that say which items may be returned.

Inner nodes are `And`, `Or` and `Not`. The ends of a tree are leaves, each a test of one attribute, see
`bench.core.leaf`. A missing value (null) fails every leaf but `IsNull`. `Not` is the complement over the items, as in
set theory and unlike in SQL: an item whose value is missing passes ``Not(Equals(...))``. `bench.core.masks` evaluates
whole trees, and `bench.core.fitting` turns what people ask for into values of columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from bench.core.columns import Column, Ids, Kind, Ordered, Value
from bench.core.leaf import FilterType, Leaf, anchors_for
from bench.core.units import next_above, next_below


@dataclass(frozen=True)
class Equals(Leaf):
    """EM: the item's value is `value`."""

    operator = "equals"
    kinds = (Kind.CATEGORICAL, Kind.ORDERED, Kind.BOOLEAN)
    alone, joined = FilterType.EM, FilterType.MEM
    value: Value

    def mask(self, column: Column, items: Ids | None) -> NDArray[np.bool_]:
        """See `Leaf.mask`."""
        return column.has(self.value, items)


@dataclass(frozen=True)
class Between(Leaf):
    """R: the item's value lies from `low` to `high`; None leaves a side open. ``low > high`` passes nothing.

    `ends` are brackets: ``[`` and ``]`` where an end is in the range, ``(`` and ``)`` where it is not.
    """

    operator = "between"
    kinds = (Kind.ORDERED,)
    alone, joined = FilterType.R, FilterType.MR
    low: Any
    high: Any
    ends: str = "[]"

    def __post_init__(self) -> None:
        if self.ends not in ("[]", "[)", "(]", "()"):
            raise ValueError(f"a range ends with '[]', '[)', '(]' or '()', not {self.ends!r}")

    @property
    def operands(self) -> tuple[Any, ...]:
        """See `Leaf.operands`; a closed range does not write its ends."""
        return (self.low, self.high) if self.ends == "[]" else (self.low, self.high, self.ends)

    def values(self) -> tuple[Any, ...]:
        """See `Leaf.values`."""
        return tuple(end for end in (self.low, self.high) if end is not None)

    @property
    def is_reversed(self) -> bool:
        """Whether the low end is above the high one, so that nothing can pass."""
        return self.low is not None and self.high is not None and bool(self.low > self.high)

    def fitted(self, column: Column) -> Self:
        """See `Leaf.fitted`; an end that no item can have moves to the next number inside."""
        assert isinstance(column, Ordered)
        low, opening = column.end_of(self.low, self.ends[0], next_above)
        high, closing = column.end_of(self.high, self.ends[1], next_below)
        return type(self)(self.attribute, low, high, opening + closing)

    def given(self, column: Column) -> Self:
        """See `Leaf.given`."""
        low, high = (None if end is None else column.given(end) for end in (self.low, self.high))
        return type(self)(self.attribute, low, high, self.ends)

    def mask(self, column: Column, items: Ids | None) -> NDArray[np.bool_]:
        """See `Leaf.mask`."""
        assert isinstance(column, Ordered)
        chosen: Any = slice(None) if items is None else items
        passing, values = column.present[chosen].copy(), column.values[chosen]
        if self.low is not None:
            passing &= values >= self.low if self.ends[0] == "[" else values > self.low
        if self.high is not None:
            passing &= values <= self.high if self.ends[1] == "]" else values < self.high
        return passing

    @classmethod
    def draw(cls, attribute: str, column: Column, rng: Generator, anchors: Ids) -> list[Self]:
        """Ask for the range between the anchor's value and that of another random item."""
        assert isinstance(column, Ordered)
        others = anchors_for(cls, attribute, column, rng, rng.integers(len(column), size=len(anchors)))
        ends = np.sort(np.stack([column.values[anchors], column.values[others]]), axis=0)
        return [cls(attribute, low.item(), high.item()) for low, high in ends.T]


@dataclass(frozen=True)
class Contains(Leaf):
    """EMIS: the item's set holds `value`."""

    operator = "contains"
    kinds = (Kind.SET,)
    alone, joined = FilterType.EMIS, FilterType.MEMIS
    value: str | int

    def mask(self, column: Column, items: Ids | None) -> NDArray[np.bool_]:
        """See `Leaf.mask`."""
        return column.has(self.value, items)


@dataclass(frozen=True)
class In(Leaf):
    """The item's value is one of a list, or its set holds one of them; nothing passes an empty list."""

    operator = "in"
    kinds = tuple(Kind)
    choices: tuple[Value, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.choices, list | tuple):
            raise TypeError(f"'in' takes a list of values, not {self.choices!r}")
        object.__setattr__(self, "choices", tuple(self.choices))

    def values(self) -> tuple[Any, ...]:
        """See `Leaf.values`."""
        return self.choices

    def fitted(self, column: Column) -> Self:
        """See `Leaf.fitted`."""
        return type(self)(self.attribute, tuple(map(column.value_of, self.choices)))

    def given(self, column: Column) -> Self:
        """See `Leaf.given`."""
        return type(self)(self.attribute, tuple(map(column.given, self.choices)))

    def mask(self, column: Column, items: Ids | None) -> NDArray[np.bool_]:
        """See `Leaf.mask`."""
        return column.has_any(self.choices, items)

    @classmethod
    def draw(cls, attribute: str, column: Column, rng: Generator, anchors: Ids) -> list[Self]:
        """Ask for the values of the anchor and of two other random items."""
        others = [
            anchors_for(cls, attribute, column, rng, rng.integers(len(column), size=len(anchors))) for _ in range(2)
        ]
        drawn = zip(*(column.pick(items, rng) for items in (anchors, *others)), strict=True)
        return [cls(attribute, tuple(dict.fromkeys(values))) for values in drawn]


@dataclass(frozen=True)
class IsNull(Leaf):
    """The item has no value; an empty set is none."""

    operator = "is_null"
    kinds = tuple(Kind)

    def mask(self, column: Column, items: Ids | None) -> NDArray[np.bool_]:
        """See `Leaf.mask`."""
        return ~column.present[slice(None) if items is None else items]

    @classmethod
    def draw(cls, attribute: str, column: Column, rng: Generator, anchors: Ids) -> list[Self]:
        """Ask the same of every anchor."""
        return [cls(attribute)] * len(anchors)

    @classmethod
    def candidates(cls, column: Column) -> NDArray[np.bool_]:
        """See `Leaf.candidates`: any item, as no value is taken from it."""
        return np.ones(len(column), np.bool_)


@dataclass(frozen=True)
class Everything:
    """No filter: every item passes."""


@dataclass(frozen=True)
class And:
    """Every part passes; with no part, everything does."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True)
class Or:
    """Some part passes; with no part, nothing does."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True)
class Not:
    """The part does not pass."""

    part: Filter


Filter: TypeAlias = Everything | Leaf | And | Or | Not


def type_of(filter_: Filter) -> FilterType:
    """Return the filter type that a filter belongs to."""
    match filter_:
        case Everything():
            return FilterType.NONE
        case Leaf():
            return filter_.alone
        case And(parts) if parts and isinstance(first := parts[0], Leaf):
            if all(type(part) is type(first) for part in parts):
                return first.joined if len(parts) > 1 else first.alone
    return FilterType.C


def leaves(filter_: Filter) -> Iterator[Leaf]:
    """Yield the leaves of a filter from left to right."""
    match filter_:
        case Leaf():
            yield filter_
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)


def attributes_of(filters: Iterable[Filter]) -> tuple[str, ...]:
    """Return the names of the attributes that filters test, sorted."""
    return tuple(sorted({leaf.attribute for filter_ in filters for leaf in leaves(filter_)}))
