"""The published layout of arxiv-for-fanns: a folder of fvecs, ivecs and JSON lines.

======================================  =====================================================
database_vectors.fvecs                  float32[n, d]
query_vectors.fvecs                     float32[q, d]
database_attributes.jsonl               one object per item: attribute name to value
{em,r,emis}_query_attributes.jsonl      one object per query: the value or range of its filter
ground_truth{,_em,_r,_emis}.ivecs       ids per query, nearest first, fewer if few items match
======================================  =====================================================

Field names may vary in case, separators and a plural s (`has_comments`, `hasComment`).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bench.core.columns import Kind
from bench.core.errors import BenchError, listing
from bench.core.filter_json import to_json
from bench.core.filters import Between, Contains, Equals, Filter
from bench.core.leaf import FilterType
from bench.core.progress import bar
from bench.core.reading import reading

VECTORS = "database_vectors.fvecs"
QUERIES = "query_vectors.fvecs"
ATTRIBUTES = "database_attributes.jsonl"

PUBLISHED_KINDS = {
    "submitter": Kind.CATEGORICAL,
    "has_comment": Kind.BOOLEAN,
    "number_of_main_categories": Kind.ORDERED,
    "main_categories": Kind.SET,
    "number_of_sub_categories": Kind.ORDERED,
    "sub_categories": Kind.SET,
    "license": Kind.CATEGORICAL,
    "number_of_versions": Kind.ORDERED,
    "update_date": Kind.ORDERED,
    "number_of_authors": Kind.ORDERED,
    "authors": Kind.SET,
}
"""The eleven attributes of the published dataset."""

PUBLISHED_WORKLOADS = {
    FilterType.EM: "number_of_sub_categories",
    FilterType.R: "update_date",
    FilterType.EMIS: "main_categories",
}
"""The three published workloads: the filter type and the attribute that it filters on."""

_ARROW = {
    Kind.CATEGORICAL: pa.string(),
    Kind.ORDERED: pa.int64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.SET: pa.list_(pa.string()),
}
_BATCH = 65_536


def arrow_type(kind: Kind) -> pa.DataType:
    """Return the Arrow type for values of a kind."""
    return _ARROW[kind]


def filters_file(filter_type: FilterType) -> str:
    """Return the file name of the filters of a published workload."""
    return f"{filter_type.lower()}_query_attributes.jsonl"


def truth_file(filter_type: FilterType) -> str:
    """Return the file name of the published answers of a workload."""
    return "ground_truth.ivecs" if filter_type is FilterType.NONE else f"ground_truth_{filter_type.lower()}.ivecs"


def attributes_to_parquet(source: Path, target: Path) -> None:
    """Convert attributes from JSON lines to Parquet in batches; memory does not grow with the file.

    The published attributes have fixed kinds; those of others follow from their first value.

    Raises:
        BenchError: a line is not a JSON object, lacks an attribute or has a value of the wrong kind; names the line.
    """
    batches = _batches(_json_lines(source))
    head = next(batches, [])
    if not head:
        raise BenchError(f"{source} is empty; it should hold one JSON object per item")
    fields = _fields(source, head)
    schema = pa.schema([(name, _ARROW[kind]) for name, (_, kind) in fields.items()])
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for batch in itertools.chain([head], batches):
            _refuse_new(source, batch, {spelling for spelling, _ in fields.values()})
            columns = {
                name: [_value(source, line, spelling, kind, record) for line, record in batch]
                for name, (spelling, kind) in fields.items()
            }
            writer.write_table(pa.table(columns, schema=schema))


def read_filters(source: Path, filter_type: FilterType, attribute: str) -> list[Filter]:
    """Read the filters of a published workload: ``{"label": value}``, or ``{"range_start": low, "range_end": high}``.

    Raises:
        BenchError: the file is missing or empty, or a line lacks a field or has a value of the wrong type.
    """
    filters = [_filter(source, line, record, filter_type, attribute) for line, record in _json_lines(source)]
    if not filters:
        raise BenchError(f"{source} is empty; it should hold one filter per query")
    return filters


def write_filters(target: Path, filters: list[Filter]) -> None:
    """Write EM, R or EMIS filters as JSON lines, for `read_filters`."""
    with target.open("w", encoding="utf-8") as file:
        for filter_ in filters:
            match filter_:
                case Equals(_, value) | Contains(_, value):
                    record: dict[str, Any] = {"label": value}
                case Between(_, low, high):
                    record = {"range_start": low, "range_end": high}
                case _:
                    raise BenchError(f"the published layout cannot store the filter {to_json(filter_)}")
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def _filter(source: Path, line: int, record: dict[str, Any], filter_type: FilterType, attribute: str) -> Filter:
    def field(name: str, type_: type) -> Any:
        spelling = {_canonical(key): key for key in record}.get(_canonical(name))
        if spelling is None:
            raise BenchError(f"{source}: line {line} has no '{name}' (found {listing(record) or 'nothing'})")
        value = _date(record[spelling]) if type_ is int else record[spelling]
        if not isinstance(value, type_) or (isinstance(value, bool) and type_ is int):
            raise BenchError(f"{source}: line {line} has {value!r} for '{name}', which should be {type_.__name__}")
        return value

    match filter_type:
        case FilterType.EM:
            return Equals(attribute, field("label", int))
        case FilterType.R:
            return Between(attribute, field("range_start", int), field("range_end", int))
        case FilterType.EMIS:
            return Contains(attribute, field("label", str))
    raise BenchError(f"the published layout has no {filter_type} workload; it has EM, R and EMIS")


def _json_lines(source: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the line number, from 1, and the object of every line; shows progress in bytes."""
    if not source.is_file():
        raise BenchError(f"there is no file {source}")
    size = source.stat().st_size
    with (
        source.open("rb") as file,
        bar(f"reading {source.name}", size, "B") as progress,
    ):
        for line, text in enumerate(file, 1):
            progress.update(len(text))
            try:
                record = json.loads(text, object_pairs_hook=_without_repeats)
                if b"\\ud" in text or b"\\uD" in text:
                    json.dumps(record, ensure_ascii=False).encode()  # half of a surrogate pair is not text
            except (ValueError, RecursionError) as error:
                raise BenchError(f"{source}: line {line} is not JSON ({error})") from error
            if not isinstance(record, dict):
                raise BenchError(f"{source}: line {line} is {type(record).__name__}, not a JSON object")
            yield line, record


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON; of two values of one key, neither is the right one.

    Raises:
        ValueError: a key repeats.
    """
    record = dict(pairs)
    if len(record) < len(pairs):
        raise ValueError(f"the key '{max(record, key=[key for key, _ in pairs].count)}' repeats")
    return record


def _batches(records: Iterator[tuple[int, dict[str, Any]]]) -> Iterator[list[tuple[int, dict[str, Any]]]]:
    while batch := list(itertools.islice(records, _BATCH)):
        yield batch


def _canonical(name: str) -> str:
    """Return a name in lower case, without separators and without the plural s of its words."""
    words = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
    return "".join(word.rstrip("s") for word in re.split(r"[^a-z0-9]+", words))


def _fields(source: Path, batch: list[tuple[int, dict[str, Any]]]) -> dict[str, tuple[str, Kind]]:
    """Return the spelling in the file and the kind of each attribute by its name, from a first batch of records."""
    published = {_canonical(name): name for name in PUBLISHED_KINDS}
    fields: dict[str, tuple[str, Kind]] = {}
    for spelling in dict.fromkeys(key for _, record in batch for key in record):
        name = published.get(_canonical(spelling), spelling)
        if name in fields:
            raise BenchError(f"{source} spells the attribute '{name}' in two ways: {fields[name][0]} and {spelling}")
        if name in PUBLISHED_KINDS:
            fields[name] = spelling, PUBLISHED_KINDS[name]
        else:
            values = (record.get(spelling) for _, record in batch)
            first = next((value for value in values if value is not None), "")
            kind = {bool: Kind.BOOLEAN, int: Kind.ORDERED, str: Kind.CATEGORICAL, list: Kind.SET}.get(type(first))
            if kind is None:
                raise BenchError(
                    f"{source}: attribute '{spelling}' has the value {first!r}; use strings, integers, "
                    "booleans or lists of strings"
                )
            fields[name] = spelling, kind
    return fields


def _refuse_new(source: Path, batch: list[tuple[int, dict[str, Any]]], spellings: set[str]) -> None:
    """Check that no record has an attribute that the first batch did not have.

    Raises:
        BenchError: one has; names it and its line.
    """
    for line, record in batch:
        if new := record.keys() - spellings:
            raise BenchError(
                f"{source}: line {line} has the attribute '{min(new)}', which none of the first {_BATCH:,} lines has; "
                "give every item every attribute, with null for a missing value"
            )


def _date(value: Any) -> Any:
    """Turn an ISO date into days since 1970-01-01, the unit of the published set; return other values unchanged."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        with contextlib.suppress(ValueError):  # no such day: unchanged, and refused as a value later
            return (dt.date.fromisoformat(value) - dt.date(1970, 1, 1)).days
    return value


_FITS: dict[Kind, Callable[[Any], bool]] = {
    Kind.CATEGORICAL: lambda value: isinstance(value, str),
    Kind.ORDERED: lambda value: type(value) is int and -(2**63) <= value < 2**63,
    Kind.BOOLEAN: lambda value: isinstance(value, bool),
    Kind.SET: lambda value: isinstance(value, list) and all(isinstance(word, str) for word in value),
}


def _value(source: Path, line: int, spelling: str, kind: Kind, record: dict[str, Any]) -> Any:
    try:
        value = record[spelling]
    except KeyError:
        raise BenchError(
            f"{source}: line {line} has no '{spelling}' (found {listing(record) or 'nothing'}); "
            "use null for a missing value"
        ) from None
    if kind is Kind.ORDERED:
        value = _date(value)
    if value is not None and not _FITS[kind](value):
        raise BenchError(f"{source}: line {line} has {value!r} for '{spelling}', which should be {kind}")
    return value


def parquet_to_attributes(source: Path, target: Path) -> None:
    """Convert attributes from Parquet to JSON lines in batches; memory does not grow with the file.

    Raises:
        BenchError: the file is damaged.
    """
    with reading(source, "Parquet file"), target.open("w", encoding="utf-8") as file:
        for batch in pq.ParquetFile(source).iter_batches(_BATCH):
            for record in batch.to_pylist():
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
