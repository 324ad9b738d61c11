"""Attributes and filters as JSON lines, as DiskANN's RFC 00105 has them: ``jsonl``, which expresses every filter."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.core.attributes import Attributes
from bench.core.columns import Boolean, Categorical, Column, Ordered, Sets
from bench.core.errors import BenchError
from bench.core.filters import And, Between, Contains, Equals, Everything, Filter, In, Not, Or

EXPRESSION_FORMAT = "jsonl"


def write_items(path: Path, attributes: Attributes, names: Sequence[str], order: Iterable[int]) -> None:
    """Write a line per item, in an order: its place there as ``id``, and its values by the names of the attributes."""
    columns = [(name, _values(attributes[name])) for name in names]
    with path.open("w") as file:
        for place, item in enumerate(order):
            line = {"id": place} | {name: values[item] for name, values in columns if values[item] is not None}
            file.write(json.dumps(line) + "\n")


def write_expressions(path: Path, filters: Iterable[Filter]) -> None:
    """Write a line per query: its number and the expression of its filter.

    Raises:
        BenchError: the format has no operator for a leaf.
    """
    with path.open("w") as file:
        for number, filter_ in enumerate(filters):
            file.write(json.dumps({"query_id": number, "filter": expression(filter_)}) + "\n")


def expression(filter_: Filter) -> dict[str, Any]:
    """Return a filter in the operators of the format; ``$eq`` of a set asks for one of its members, as in MongoDB.

    Raises:
        BenchError: the format has no operator for a leaf.
    """
    match filter_:
        case Everything():
            return {}
        case And(parts):
            return {"$and": [expression(part) for part in parts]}
        case Or(parts):
            return {"$or": [expression(part) for part in parts]}
        case Not(part):
            return {"$not": expression(part)}
        case Equals(attribute, value) | Contains(attribute, value):
            return {attribute: {"$eq": value}}
        case In(attribute, choices) if choices:  # of the two ways to say it, the one that every version reads
            return {"$or": [{attribute: {"$eq": value}} for value in choices]}
        case Between(attribute, low, high, brackets):
            ends = {"$gte" if brackets[0] == "[" else "$gt": low, "$lte" if brackets[1] == "]" else "$lt": high}
            return {attribute: {operator: end for operator, end in ends.items() if end is not None}}
    raise BenchError(f"{EXPRESSION_FORMAT} has no operator for '{filter_.operator}'")


def _values(column: Column) -> list[Any]:
    """Return the value of each item as JSON has it, None where it is missing."""
    match column:
        case Categorical(codes, vocabulary):
            return [vocabulary[code] if code >= 0 else None for code in codes.tolist()]
        case Ordered(values, present) | Boolean(values, present):
            return [value if there else None for value, there in zip(values.tolist(), present.tolist(), strict=True)]
        case Sets(offsets, codes, vocabulary):
            words = [vocabulary[code] for code in codes.tolist()]
            bounds = offsets.tolist()
            return [words[a:b] or None for a, b in itertools.pairwise(bounds)]
