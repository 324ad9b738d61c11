"""Filters: small immutable trees that say which items may be returned.

Inner nodes are `And`, `Or` and `Not`. The ends of a tree are leaves, each a test of one attribute, and each leaf is
one class that says everything about itself: its operator, the filter types that it stands for, the kinds of attribute
that it tests, which items pass, and how its values are drawn. To add one, add a subclass of `Leaf` below.

A missing value fails every leaf. `Not` is the complement, so an item whose value is missing passes
``Not(Equals(...))``. `bench.core.masks` evaluates whole trees.
"""

from __future__ import annotations

import abc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.columns import Boolean, Categorical, Column, Kind, Ordered, Sets
from bench.core.errors import BenchError

Ids: TypeAlias = NDArray[np.int64]


class FilterType(StrEnum):
    """The filter types of the field: three leaves, their conjunctions over several attributes, anything, nothing."""

    EM = "EM"
    R = "R"
    EMIS = "EMIS"
    MEM = "MEM"
    MR = "MR"
    MEMIS = "MEMIS"
    C = "C"
    NONE = "none"


@dataclass(frozen=True)
class Leaf(abc.ABC):
    """A test of one attribute.

    A subclass is a frozen dataclass whose fields after `attribute` are its operands. It is written as
    ``{operator: [attribute, *operands]}``, and the `operator` that it names makes it available everywhere.

    Attributes:
        operator: its name in JSON and in the expressions of workloads.
        kinds: the kinds of attribute that it can test.
        alone: the filter type of one such leaf.
        joined: the filter type of a conjunction of several such leaves.
        attribute: the name of the attribute that it tests.
    """

    operator: ClassVar[str]
    kinds: ClassVar[tuple[Kind, ...]]
    alone: ClassVar[FilterType] = FilterType.C
    joined: ClassVar[FilterType] = FilterType.C
    attribute: str

    def __init_subclass__(cls) -> None:
        LEAVES[cls.operator] = cls

    @property
    def operands(self) -> tuple[Any, ...]:
        """What stands beside the attribute, in the order of the fields."""
        return tuple(getattr(self, f.name) for f in fields(self)[1:])

    def values(self) -> tuple[Any, ...]:
        """Return the values that it asks for; each must be of the type that the attribute has."""
        return self.operands

    @abc.abstractmethod
    def mask(self, column: Column, items: Ids | None) -> NDArray[np.bool_]:
        """Return whether items pass, given the attribute's column: bool[n] over all, or a value for each of `items`."""

    @classmethod
    @abc.abstractmethod
    def draw(cls, attribute: str, column: Column, rng: Generator, anchors: Ids) -> list[Filter]:
        """Return one filter per anchor, each passing its anchor.

        Args:
            attribute: the name of the attribute.
            column: the values of the items, of one of the `kinds`.
            rng: the source of randomness.
            anchors: int64[q], ids of items that have a value.
        """


LEAVES: dict[str, type[Leaf]] = {}
"""The leaves by their operators; a class adds itself."""


def draw_leaf(leaf: type[Leaf], attribute: str, column: Column, rng: Generator, anchors: Ids) -> list[Filter]:
    """Return one filter per anchor; anchors without a value are replaced by random items that have one.

    Raises:
        BenchError: the leaf cannot test attributes of this kind, or no item has a value.
    """
    check_kind(leaf, attribute, column.kind)
    return leaf.draw(attribute, column, rng, _with_value(attribute, column, rng, anchors))


def _with_value(attribute: str, column: Column, rng: Generator, anchors: Ids) -> Ids:
    holders = np.flatnonzero(column.present)
    if not len(holders):
        raise BenchError(f"no filter can be drawn on attribute '{attribute}': no item has a value")
    return np.where(column.present[anchors], anchors, holders[rng.integers(len(holders), size=len(anchors))])


@dataclass(frozen=True)
class Equals(Leaf):
    """EM: the item's value is `value`."""

    operator = "equals"
    kinds = (Kind.CATEGORICAL, Kind.ORDERED, Kind.BOOLEAN)
    alone, joined = FilterType.EM, FilterType.MEM
    value: str | int | bool

    def mask(self, column: Column, items: Ids | None) -> NDArray[np.bool_]:
        """See `Leaf.mask`."""
        chosen: Any = slice(None) if items is None else items
        match column:
            case Categorical():
                # A value that no item has gets a code that no item has; -1 stands for a missing value.
                code = column.code_of.get(self.value, -2) if isinstance(self.value, str) else -2
                return column.codes[chosen] == code
            case Ordered() | Boolean():
                return (column.values[chosen] == self.value) & column.present[chosen]
        raise TypeError(f"no equality on {type(column).__name__}")

    @classmethod
    def draw(cls, attribute: str, column: Column, rng: Generator, anchors: Ids) -> list[Filter]:
        """Ask for the anchor's value."""
        if isinstance(column, Categorical):
            return [cls(attribute, column.vocabulary[code]) for code in column.codes[anchors]]
        assert not isinstance(column, Sets)
        return [cls(attribute, value.item()) for value in column.values[anchors]]


@dataclass(frozen=True)
class Between(Leaf):
    """R: ``low <= value <= high``; None leaves a side open. ``low > high`` passes nothing."""

    operator = "between"
    kinds = (Kind.ORDERED,)
    alone, joined = FilterType.R, FilterType.MR
    low: int | None
    high: int | None

    def values(self) -> tuple[Any, ...]:
        """See `Leaf.values`."""
        return tuple(end for end in self.operands if end is not None)

    def mask(self, column: Column, items: Ids | None) -> NDArray[np.bool_]:
        """See `Leaf.mask`."""
        assert isinstance(column, Ordered)
        chosen: Any = slice(None) if items is None else items
        passing, values = column.present[chosen].copy(), column.values[chosen]
        if self.low is not None:
            passing &= values >= self.low
        if self.high is not None:
            passing &= values <= self.high
        return passing

    @classmethod
    def draw(cls, attribute: str, column: Column, rng: Generator, anchors: Ids) -> list[Filter]:
        """Ask for the range between the anchor's value and that of another random item."""
        assert isinstance(column, Ordered)
        others = _with_value(attribute, column, rng, rng.integers(len(column), size=len(anchors)))
        ends = np.sort(np.stack([column.values[anchors], column.values[others]]), axis=0)
        return [cls(attribute, low.item(), high.item()) for low, high in ends.T]


@dataclass(frozen=True)
class Contains(Leaf):
    """EMIS: the item's set holds `value`."""

    operator = "contains"
    kinds = (Kind.SET,)
    alone, joined = FilterType.EMIS, FilterType.MEMIS
    value: str

    def mask(self, column: Column, items: Ids | None) -> NDArray[np.bool_]:
        """See `Leaf.mask`."""
        assert isinstance(column, Sets)
        starts, ids = column.postings
        code = column.code_of.get(self.value)
        holders = ids[:0] if code is None else ids[starts[code] : starts[code + 1]]
        if items is None:
            passing = np.zeros(len(column), np.bool_)
            passing[holders] = True
            return passing
        at = np.searchsorted(holders, items)
        return np.append(holders, -1)[at] == items

    @classmethod
    def draw(cls, attribute: str, column: Column, rng: Generator, anchors: Ids) -> list[Filter]:
        """Ask for one word of the anchor's set."""
        assert isinstance(column, Sets)
        starts, lengths = column.offsets[anchors], np.diff(column.offsets)[anchors]
        codes = column.codes[starts + rng.integers(lengths)]
        return [cls(attribute, column.vocabulary[code]) for code in codes]


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


def leaf_of(filter_type: FilterType) -> type[Leaf]:
    """Return the leaf that stands for EM, R or EMIS.

    Raises:
        KeyError: no leaf stands for the filter type.
    """
    leaf_types: dict[FilterType, type[Leaf]] = {leaf.alone: leaf for leaf in (Equals, Between, Contains)}
    return leaf_types[filter_type]


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


_TYPES: dict[Kind, type] = {Kind.CATEGORICAL: str, Kind.ORDERED: int, Kind.BOOLEAN: bool, Kind.SET: str}


def check(filters: Iterable[Filter], attributes: Attributes) -> None:
    """Check that every leaf names an attribute of a kind that it can test, and asks for values of that kind.

    Raises:
        BenchError: an attribute is missing or of the wrong kind, or a value is of the wrong type.
    """
    for leaf in {leaf for filter_ in filters for leaf in leaves(filter_)}:
        kind = attributes.kinds.get(leaf.attribute) or attributes[leaf.attribute].kind
        check_kind(type(leaf), leaf.attribute, kind)
        for value in leaf.values():
            if type(value) is not _TYPES[kind]:
                raise BenchError(
                    f"'{leaf.operator}' asks for {value!r}; the {kind} attribute '{leaf.attribute}' has "
                    f"{_TYPES[kind].__name__} values"
                )


def check_kind(leaf: type[Leaf], attribute: str, kind: Kind) -> None:
    """Check that a leaf can test attributes of a kind.

    Raises:
        BenchError: it cannot.
    """
    if kind not in leaf.kinds:
        raise BenchError(
            f"'{leaf.operator}' cannot test the {kind} attribute '{attribute}'; "
            f"it tests {' or '.join(leaf.kinds)} attributes"
        )
