"""Filters, and the one place that turns them into masks.

A filter is a small immutable tree. Ground truth, verification and every baseline evaluate it through
`FilterBatch`, so that nobody has an own idea of what passes. A missing value fails every leaf; `Not` is the
complement, so an item whose value is missing passes ``Not(Equals(...))``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bench.core.attributes import Attributes, Boolean, Categorical, Kind, Ordered, Sets
from bench.core.errors import BenchError


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
class Everything:
    """No filter: every item passes."""


@dataclass(frozen=True)
class Equals:
    """EM: the item's value is `value`. Serves categorical, ordered and boolean attributes."""

    attribute: str
    value: str | int | bool


@dataclass(frozen=True)
class Between:
    """R: ``low <= value <= high`` for an ordered attribute; None leaves a side open. ``low > high`` passes nothing."""

    attribute: str
    low: int | None
    high: int | None


@dataclass(frozen=True)
class Contains:
    """EMIS: the item's set holds `value`."""

    attribute: str
    value: str


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


Filter: TypeAlias = Everything | Equals | Between | Contains | And | Or | Not

_LEAF_TYPES: dict[type, tuple[FilterType, FilterType]] = {
    Equals: (FilterType.EM, FilterType.MEM),
    Between: (FilterType.R, FilterType.MR),
    Contains: (FilterType.EMIS, FilterType.MEMIS),
}


def type_of(filter_: Filter) -> FilterType:
    """Return the filter type that a filter belongs to."""
    match filter_:
        case Everything():
            return FilterType.NONE
        case Equals() | Between() | Contains():
            return _LEAF_TYPES[type(filter_)][0]
        case And(parts) if parts and type(parts[0]) in _LEAF_TYPES:
            leaf = type(parts[0])
            if all(type(part) is leaf for part in parts):
                return _LEAF_TYPES[leaf][len(parts) > 1]
    return FilterType.C


def leaves(filter_: Filter) -> Iterator[Equals | Between | Contains]:
    """Yield the leaves of a filter from left to right."""
    match filter_:
        case Equals() | Between() | Contains():
            yield filter_
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)


def attributes_of(filters: Iterable[Filter]) -> tuple[str, ...]:
    """Return the names of the attributes that filters test, sorted."""
    return tuple(sorted({leaf.attribute for filter_ in filters for leaf in leaves(filter_)}))


def to_json(filter_: Filter) -> str:
    """Return a filter as one line of JSON, the inverse of `from_json`."""
    return json.dumps(_plain(filter_), ensure_ascii=False, separators=(",", ":"))


def _plain(filter_: Filter) -> Any:
    match filter_:
        case Everything():
            return {"everything": []}
        case Equals(attribute, value):
            return {"equals": [attribute, value]}
        case Between(attribute, low, high):
            return {"between": [attribute, low, high]}
        case Contains(attribute, value):
            return {"contains": [attribute, value]}
        case And(parts):
            return {"and": [_plain(part) for part in parts]}
        case Or(parts):
            return {"or": [_plain(part) for part in parts]}
        case Not(part):
            return {"not": [_plain(part)]}


def from_json(line: str) -> Filter:
    """Return the filter that `to_json` wrote.

    Raises:
        BenchError: the line is not a filter.
    """
    try:
        return _built(json.loads(line))
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise BenchError(f"not a filter: {line.strip()[:200]} ({error})") from error


def _built(plain: Any) -> Filter:
    ((operator, operands),) = plain.items()
    match operator:
        case "everything":
            return Everything()
        case "equals":
            return Equals(*operands)
        case "between":
            return Between(*operands)
        case "contains":
            return Contains(*operands)
        case "and":
            return And(tuple(_built(part) for part in operands))
        case "or":
            return Or(tuple(_built(part) for part in operands))
        case "not":
            (part,) = operands
            return Not(_built(part))
    raise ValueError(f"unknown operator '{operator}'")


_LEAF_KINDS: dict[type, tuple[Kind, ...]] = {
    Equals: (Kind.CATEGORICAL, Kind.ORDERED, Kind.BOOLEAN),
    Between: (Kind.ORDERED,),
    Contains: (Kind.SET,),
}


_VALUES: dict[Kind, type] = {Kind.CATEGORICAL: str, Kind.ORDERED: int, Kind.BOOLEAN: bool, Kind.SET: str}


def check(filters: Iterable[Filter], attributes: Attributes) -> None:
    """Check that every leaf names an attribute of a kind that it can test, and asks for a value of that kind.

    Raises:
        BenchError: an attribute is missing or of the wrong kind, or a value is of the wrong type.
    """
    for leaf in {leaf for filter_ in filters for leaf in leaves(filter_)}:
        name, allowed = leaf.attribute, _LEAF_KINDS[type(leaf)]
        kind = attributes.kinds.get(name) or attributes[name].kind
        if kind not in allowed:
            raise BenchError(
                f"filter {type_of(leaf)} cannot test the {kind} attribute '{name}'; "
                f"it tests {' or '.join(allowed)} attributes"
            )
        values = (leaf.low, leaf.high) if isinstance(leaf, Between) else (leaf.value,)
        for value in values:
            if type(value) is not _VALUES[kind] and not (value is None and isinstance(leaf, Between)):
                raise BenchError(
                    f"filter {to_json(leaf)} asks for {value!r}; the {kind} attribute '{name}' has "
                    f"{_VALUES[kind].__name__} values"
                )


def mask(filter_: Filter, attributes: Attributes, items: NDArray[np.int64] | None = None) -> NDArray[np.bool_]:
    """Return whether items pass a filter: bool[n] over all items, or one value for each id of `items` int64[m]."""
    chosen: Any = slice(None) if items is None else items
    count = attributes.n if items is None else len(items)
    match filter_:
        case Everything():
            return np.ones(count, np.bool_)
        case Equals(name, value):
            return _equals(attributes[name], value, chosen)
        case Between(name, low, high):
            column = attributes[name]
            assert isinstance(column, Ordered)
            passing, values = column.present[chosen].copy(), column.values[chosen]
            if low is not None:
                passing &= values >= low
            if high is not None:
                passing &= values <= high
            return passing
        case Contains(name, value):
            column = attributes[name]
            assert isinstance(column, Sets)
            return _contains(column, value, items)
        case And(parts):
            passing = np.ones(count, np.bool_)
            for part in parts:
                passing &= mask(part, attributes, items)
            return passing
        case Or(parts):
            passing = np.zeros(count, np.bool_)
            for part in parts:
                passing |= mask(part, attributes, items)
            return passing
        case Not(part):
            return ~mask(part, attributes, items)


def _equals(column: object, value: str | int | bool, chosen: Any) -> NDArray[np.bool_]:
    match column:
        case Categorical():
            # A value that no item has gets a code that no item has; -1 stands for a missing value.
            return column.codes[chosen] == (column.code_of.get(value, -2) if isinstance(value, str) else -2)
        case Ordered() | Boolean():
            return (column.values[chosen] == value) & column.present[chosen]
    raise TypeError(f"no equality on {type(column).__name__}")


def _contains(column: Sets, value: str, items: NDArray[np.int64] | None) -> NDArray[np.bool_]:
    starts, ids = column.postings
    code = column.code_of.get(value)
    holding = ids[:0] if code is None else ids[starts[code] : starts[code + 1]]
    if items is None:
        passing = np.zeros(len(column), np.bool_)
        passing[holding] = True
        return passing
    at = np.searchsorted(holding, items)
    return np.append(holding, -1)[at] == items


class FilterBatch:
    """The filters of a batch of queries over one set of attributes; queries that share a filter share its mask.

    Attributes:
        filters: one filter per query.
        attributes: the items' attributes.
        unique: the distinct filters, in order of first appearance.
        index: int64[queries], the position in `unique` of each query's filter.
    """

    def __init__(self, filters: Sequence[Filter], attributes: Attributes) -> None:
        self.filters = tuple(filters)
        self.attributes = attributes
        position: dict[Filter, int] = {}
        self.index = np.array([position.setdefault(f, len(position)) for f in self.filters], np.int64)
        self.unique = tuple(position)

    def __len__(self) -> int:
        return len(self.filters)

    def part(self, rows: slice) -> FilterBatch:
        """Return the same filters over some of the items."""
        names = sorted({leaf.attribute for filter_ in self.unique for leaf in leaves(filter_)})
        return FilterBatch(self.filters, self.attributes.part(rows, names))

    def mask(self, u: int) -> NDArray[np.bool_]:
        """Return bool[n] for the distinct filter `u`, evaluated anew."""
        return mask(self.unique[u], self.attributes)

    @cached_property
    def bitmaps(self) -> NDArray[np.uint8]:
        """uint8[len(unique), words * 8]: one bit per item, lowest bit first, rows padded to whole 64-bit words."""
        width = -(-self.attributes.n // 64) * 8
        bitmaps = np.zeros((len(self.unique), width), np.uint8)
        for u in range(len(self.unique)):
            bits = np.packbits(self.mask(u), bitorder="little")
            bitmaps[u, : len(bits)] = bits
        return bitmaps

    @cached_property
    def matches(self) -> NDArray[np.int64]:
        """int64[len(unique)]: how many items pass each distinct filter."""
        if "bitmaps" in self.__dict__:
            return np.bitwise_count(self.bitmaps).sum(axis=1, dtype=np.int64)
        return np.array([np.count_nonzero(self.mask(u)) for u in range(len(self.unique))], np.int64)

    def groups(self) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """Yield each distinct filter's position with the ascending query numbers that carry it."""
        order = np.argsort(self.index, kind="stable")
        ends = np.cumsum(np.bincount(self.index, minlength=len(self.unique)))
        yield from enumerate(np.split(order, ends[:-1]) if len(self) else ())
