"""What the formats of the field have in common: comparisons of a field, as filters of this project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.core.attributes import Attributes
from bench.core.columns import Kind
from bench.core.filters import Between, Contains, Equals, Filter


def equality(attributes: Attributes, field: str, value: Any) -> Filter:
    """Return the test that a field has a value; where it holds sets, that one contains it.

    Raises:
        BenchError: there is no such attribute, or filters cannot test it.
    """
    return Contains(field, value) if attributes[field].kind is Kind.SET else Equals(field, value)


def interval(field: str, bounds: Mapping[str, Any]) -> Filter:
    """Return the range that bounds named ``gt``, ``gte``, ``lt`` and ``lte`` describe.

    Raises:
        ValueError: a bound has another name, or both names of one end are given.
    """
    given = {name: bound for name, bound in bounds.items() if bound is not None}
    if unknown := given.keys() - {"gt", "gte", "lt", "lte"}:
        raise ValueError(f"a range has gt or gte, and lt or lte, not '{min(unknown)}'")
    if {"gt", "gte"} <= given.keys() or {"lt", "lte"} <= given.keys():
        raise ValueError(f"the range of '{field}' has two bounds on one side")
    low, high = given.get("gt", given.get("gte")), given.get("lt", given.get("lte"))
    return Between(field, low, high, f"{'(' if 'gt' in given else '['}{')' if 'lt' in given else ']'}")
