"""Filters as lines of JSON: how workers and caches get them."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from typing import Any

from bench.core.errors import BenchError
from bench.core.filters import And, Everything, Filter, Not, Or
from bench.core.leaf import LEAVES, Leaf


def to_json(filter_: Filter) -> str:
    """Return a filter as one line of JSON, the inverse of `from_json`."""
    return json.dumps(_encoded(filter_), ensure_ascii=False, separators=(",", ":"))


def _encoded(filter_: Filter) -> dict[str, Any]:
    match filter_:
        case Everything():
            return {"everything": []}
        case Leaf():
            return {filter_.operator: [filter_.attribute, *filter_.operands]}
        case And(parts):
            return {"and": [_encoded(part) for part in parts]}
        case Or(parts):
            return {"or": [_encoded(part) for part in parts]}
        case Not(part):
            return {"not": [_encoded(part)]}


def from_json(line: str) -> Filter:
    """Return the filter that `to_json` wrote.

    Raises:
        BenchError: the line is not a filter.
    """
    try:
        return decoded(json.loads(line))
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise BenchError(f"not a filter: {line.strip()[:200]} ({error})") from error


def decoded(plain: Any) -> Filter:
    """Return the filter that an object of JSON stands for.

    Raises:
        ValueError: it is not a filter; TypeError, AttributeError and KeyError likewise.
    """
    ((operator, operands),) = plain.items()
    match operator:
        case "everything":
            return Everything()
        case "and":
            return And(tuple(decoded(part) for part in operands))
        case "or":
            return Or(tuple(decoded(part) for part in operands))
        case "not":
            (part,) = operands
            return Not(decoded(part))
    if operator not in LEAVES:
        raise ValueError(f"unknown operator '{operator}'")
    return _leaf(LEAVES[operator], *operands)


def _leaf(leaf: type[Leaf], attribute: Any, *operands: Any) -> Leaf:
    if not isinstance(attribute, str):
        raise ValueError(f"{attribute!r} is not the name of an attribute")
    names = fields(leaf)[1:]
    required = sum(f.default is MISSING for f in names)
    if not required <= len(operands) <= len(names):
        takes = ", ".join(["the attribute", *(f.name for f in names)])
        raise ValueError(f"'{leaf.operator}' takes {takes}, not {len(operands)} values after the attribute")
    built = leaf(attribute, *operands)
    try:
        hash(built)
    except TypeError as error:
        raise ValueError(f"{operands} holds a list or an object where '{leaf.operator}' takes a value") from error
    return built
