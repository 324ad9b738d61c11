"""Filters of DiskANN's JSON (its RFC 00105), and its files of answers.

A line is ``{"query_id": 0, "filter": {...}}``. Within a filter, all entries must hold:

================================================  ==================================================
entry                                             test
================================================  ==================================================
``"$and": [...]``, ``"$or": [...]``, ``"$not"``   as their names say
``"a.b": {"$eq": v}``, or ``"a.b": v``            equals v; contains v where the field is a list
``"a": {"$ne": v}``                               has a value, and not this one
``"a": {"$in": [...]}``, ``{"$nin": [...]}``      in the list; has a value, and none of these
``"a": {"$gt": v}``, ``$gte``, ``$lt``, ``$lte``  between
================================================  ==================================================

A missing value fails every comparison; ``{"$eq": null}`` asks for it. A file of answers has a line of facts,
then a line ``{"query_id": 0, "count": 2, "ids": [0, 1], "distances": [...]}`` per query.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bench.core.attributes import Attributes
from bench.core.filters import And, Filter, In, IsNull, Not, Or
from bench.workloads.filter_files.parts import equality, interval

KEYS = {"query_id", "filter"}
"""Keys that tell the format."""

_JOINS: dict[str, Callable[[tuple[Filter, ...]], Filter]] = {"$and": And, "$or": Or}
_BOUNDS = ("$gt", "$gte", "$lt", "$lte")


def filter_of(record: dict[str, Any], attributes: Attributes) -> Filter:
    """Return the filter of a line.

    Raises:
        BenchError: a field is not an attribute that filters can test.
        ValueError: an operator is unknown; TypeError and AttributeError if the line has another shape.
        KeyError: there is no filter.
    """
    return _all(record["filter"], attributes)


def _all(entries: dict[str, Any], attributes: Attributes) -> Filter:
    if not entries:
        raise ValueError("an empty filter")
    return _joined([_entry(key, operand, attributes) for key, operand in entries.items()])


def _entry(key: str, operand: Any, attributes: Attributes) -> Filter:
    if key in _JOINS:
        if not isinstance(operand, list) or not operand:
            raise ValueError(f"'{key}' joins a list of filters")
        return _JOINS[key](tuple(_all(part, attributes) for part in operand))
    if key == "$not":
        return Not(_all(operand, attributes))
    if key.startswith("$"):
        raise ValueError(f"unknown operator '{key}'")
    return _comparisons(key, operand if isinstance(operand, dict) else {"$eq": operand}, attributes)


def _comparisons(field: str, operands: dict[str, Any], attributes: Attributes) -> Filter:
    if not operands:
        raise ValueError(f"field '{field}' has no comparison")
    bounds = {operator[1:]: bound for operator, bound in operands.items() if operator in _BOUNDS}
    tests = [interval(field, bounds)] if bounds else []
    tests += [_test(field, op, value, attributes) for op, value in operands.items() if op not in _BOUNDS]
    return _joined(tests)


def _test(field: str, operator: str, value: Any, attributes: Attributes) -> Filter:
    has_value = Not(IsNull(field))
    match operator:
        case "$eq":
            return IsNull(field) if value is None else equality(attributes, field, value)
        case "$ne":
            return has_value if value is None else And((has_value, Not(equality(attributes, field, value))))
        case "$in":
            return In(field, value)
        case "$nin":
            return And((has_value, Not(In(field, value))))
    raise ValueError(f"unknown operator '{operator}'")


def _joined(tests: Sequence[Filter]) -> Filter:
    return tests[0] if len(tests) == 1 else And(tuple(tests))
