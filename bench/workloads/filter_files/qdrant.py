"""Conditions of Qdrant's filtered sets: ``tests.jsonl`` of ann-filtering-benchmark-datasets.

A line has the `query` vector, its `conditions`, and perhaps the answers: `closest_ids` with `closest_scores`.

==================================================  =================================================
condition of a field                                test
==================================================  =================================================
``{"match": {"value": v}}``                         equals v; contains v where the field is a list
``{"match": {"any": [...]}}``, or ``match_any``     in the list
``{"range": {"gt": a, "lte": b}}``                  between, with bounds gt or gte, and lt or lte
==================================================  =================================================

``{"and": [...], "or": [...]}`` joins conditions; both at once must hold. Without conditions, every item passes.
"""

from __future__ import annotations

from typing import Any

from bench.core.attributes import Attributes
from bench.core.filters import And, Everything, Filter, In, Or
from bench.workloads.filter_files.parts import equality, interval

KEYS = {"conditions", "closest_ids", "closest_scores"}
"""Keys that tell the format."""


def filter_of(record: dict[str, Any], attributes: Attributes) -> Filter:
    """Return the filter of a line.

    Raises:
        BenchError: a field is not an attribute that filters can test.
        ValueError: a condition is of another kind, such as a distance on a map.
    """
    conditions = record.get("conditions")
    return _joined(conditions, attributes) if conditions else Everything()


def answers_of(record: dict[str, Any]) -> Any:
    """Return the published answers of a line, or None."""
    return record.get("closest_ids")


def _joined(conditions: Any, attributes: Attributes) -> Filter:
    if not isinstance(conditions, dict) or conditions.keys() - {"and", "or"}:
        raise ValueError("conditions are an object with 'and', 'or' or both")
    joined: list[Filter] = []
    if parts := _parts(conditions.get("and"), attributes):
        joined += parts
    if parts := _parts(conditions.get("or"), attributes):
        joined.append(parts[0] if len(parts) == 1 else Or(parts))
    return joined[0] if len(joined) == 1 else And(tuple(joined))


def _parts(entries: Any, attributes: Attributes) -> tuple[Filter, ...]:
    if entries is None:
        return ()
    parts: list[Filter] = []
    for entry in entries:
        if entry.keys() <= {"and", "or"}:
            parts.append(_joined(entry, attributes))
            continue
        for field, tests in entry.items():
            parts += [_test(field, kind, criteria, attributes) for kind, criteria in tests.items()]
    return tuple(parts)


def _test(field: str, kind: str, criteria: dict[str, Any], attributes: Attributes) -> Filter:
    match kind, criteria:
        case "match", {"value": value}:
            return equality(attributes, field, value)
        case "match" | "match_any", {"any": values}:
            return In(field, values)
        case "range", _:
            return interval(field, criteria)
    raise ValueError(
        f"the condition '{kind}' of field '{field}' cannot be read; there are match with value or any, and range"
    )
