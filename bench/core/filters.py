"""Filters, and the one place that turns them into masks.

A filter is a small immutable tree. Ground truth, verification and every baseline evaluate it through
`FilterBatch`, so that nobody has an own idea of what passes. A missing value fails every leaf; `Not` is the
complement, so an item whose value is missing passes ``Not(Equals(...))``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from bench.core.attributes import Attributes, Kind
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
