"""The published layout of arxiv-for-fanns: a folder of fvecs, ivecs and JSON lines.

======================================  =====================================================
database_vectors.fvecs                  float32[n, d]
query_vectors.fvecs                     float32[q, d]
database_attributes.jsonl               one object per item: attribute name to value
{em,r,emis}_query_attributes.jsonl      one object per query: the value or range of its filter
ground_truth{,_em,_r,_emis}.ivecs       ids per query, nearest first, fewer if few items match
======================================  =====================================================

`bench.datasets.json_attributes` reads the attributes.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from bench.core.attributes import Attributes
from bench.core.columns import Column, Ordered
from bench.core.errors import BenchError, listing
from bench.core.filter_json import to_json
from bench.core.filters import Between, Contains, Equals, Filter
from bench.core.fitting import fit_lines
from bench.core.leaf import FilterType
from bench.core.units import INTEGERS, Dates
from bench.datasets.json_attributes import canonical
from bench.datasets.json_lines import json_lines

VECTORS = "database_vectors.fvecs"
QUERIES = "query_vectors.fvecs"
ATTRIBUTES = "database_attributes.jsonl"

PUBLISHED_WORKLOADS = {
    FilterType.EM: "number_of_sub_categories",
    FilterType.R: "update_date",
    FilterType.EMIS: "main_categories",
}
"""The three published workloads: the filter type and the attribute that it filters on."""


def filters_file(filter_type: FilterType) -> str:
    """Return the file name of the filters of a published workload."""
    return f"{filter_type.lower()}_query_attributes.jsonl"


def truth_file(filter_type: FilterType) -> str:
    """Return the file name of the published answers of a workload."""
    return "ground_truth.ivecs" if filter_type is FilterType.NONE else f"ground_truth_{filter_type.lower()}.ivecs"


def read_filters(source: Path, filter_type: FilterType, attribute: str, column: Column) -> list[Filter]:
    """Read the filters of a published workload: ``{"label": value}``, or ``{"range_start": low, "range_end": high}``.

    A null leaves that end of a range open. Where the attribute has integers, an ISO date stands for days since 1970,
    the unit of the published set.

    Args:
        source: the file.
        filter_type: EM, R or EMIS.
        attribute: the attribute that the filters test.
        column: its values.

    Returns:
        the filters of all queries, with the values of the column.

    Raises:
        BenchError: the file is missing or empty, a line lacks a field, or the column cannot have what a line asks for.
    """
    in_days = isinstance(column, Ordered) and column.unit == INTEGERS
    filters = [_filter(source, line, record, filter_type, attribute, in_days) for line, record in json_lines(source)]
    if not filters:
        raise BenchError(f"{source} is empty; it should hold one filter per query")
    return fit_lines(source, filters, Attributes(len(column), {attribute: column}))


def write_filters(target: Path, filters: list[Filter]) -> None:
    """Write EM, R or EMIS filters as JSON lines, for `read_filters`."""
    with target.open("w", encoding="utf-8") as file:
        for filter_ in filters:
            match filter_:
                case Equals(_, value) | Contains(_, value):
                    record: dict[str, Any] = {"label": value}
                case Between(_, low, high, "[]"):
                    record = {"range_start": low, "range_end": high}
                case _:
                    raise BenchError(f"the published layout cannot store the filter {to_json(filter_)}")
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def _filter(
    source: Path, line: int, record: dict[str, Any], filter_type: FilterType, attribute: str, in_days: bool
) -> Filter:
    def field(name: str) -> Any:
        spelling = {canonical(key): key for key in record}.get(canonical(name))
        if spelling is None:
            raise BenchError(f"{source}: line {line} has no '{name}' (found {listing(record) or 'nothing'})")
        value = record[spelling]
        if isinstance(value, list | dict):
            raise BenchError(f"{source}: line {line} has {value!r:.80} for '{name}', which should be a single value")
        if in_days and isinstance(value, str):
            with contextlib.suppress(ValueError):  # not a date: refused as a value of the column
                return float(Dates().exact(value))
        return value

    match filter_type:
        case FilterType.EM:
            return Equals(attribute, field("label"))
        case FilterType.R:
            return Between(attribute, field("range_start"), field("range_end"))
        case FilterType.EMIS:
            return Contains(attribute, field("label"))
    raise BenchError(f"the published layout has no {filter_type} workload; it has EM, R and EMIS")
