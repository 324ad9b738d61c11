"""Attributes as JSON lines, an object per item: read into Parquet, and written from it.

Field names of the published dataset may vary in case, separators and a plural s (`has_comments`, `hasComment`).
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bench.core.columns import Kind
from bench.core.errors import BenchError
from bench.core.reading import reading
from bench.datasets.json_lines import json_lines
from bench.datasets.json_types import Encoding, Values

FORMAT = 2
"""The version of what `attributes_to_parquet` writes, for keys of caches."""

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

_ARROW = {
    Kind.CATEGORICAL: pa.string(),
    Kind.ORDERED: pa.int64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.SET: pa.list_(pa.string()),
}
_BATCH = 65_536


def arrow_type(kind: Kind) -> pa.DataType:
    """Return the Arrow type for values of a kind in the published dataset."""
    return _ARROW[kind]


def attributes_to_parquet(source: Path, target: Path) -> None:
    """Convert attributes from JSON lines to Parquet.

    The file is read twice, first for the types of the attributes, which all of their values decide; memory does not
    grow with it.

    Raises:
        BenchError: a line is not a JSON object, or a published attribute is spelled in two ways.
    """
    encodings = _encodings(source)
    spellings = _spellings(source, encodings)
    fields = [encodings[spelling].field(name) for name, spelling in spellings.items()]
    with pq.ParquetWriter(target, pa.schema(fields), compression="zstd") as writer:
        for batch in _batches(json_lines(source, lenient=True)):
            columns = [
                pa.array([_encoded(encoding, record.get(spelling)) for record in batch], encoding.arrow_type)
                for spelling, encoding in ((spelling, encodings[spelling]) for spelling in spellings.values())
            ]
            writer.write_table(pa.table(columns, schema=pa.schema(fields)))


def parquet_to_attributes(source: Path, target: Path) -> None:
    """Convert attributes from Parquet to JSON lines in batches; memory does not grow with the file.

    Raises:
        BenchError: the file is damaged.
    """
    with reading(source, "Parquet file"), target.open("w", encoding="utf-8") as file:
        for batch in pq.ParquetFile(source).iter_batches(_BATCH):
            for record in batch.to_pylist():
                file.write(json.dumps(record, ensure_ascii=False) + "\n")


def canonical(name: str) -> str:
    """Return a name in lower case, without separators and without the plural s of its words."""
    words = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
    return "".join(word.rstrip("s") for word in re.split(r"[^a-z0-9]+", words))


_PUBLISHED = {canonical(name): name for name in PUBLISHED_KINDS}


def _encodings(source: Path) -> dict[str, Encoding]:
    """Return how the attributes are stored by their spelling in the file, from all of their values."""
    attributes: dict[str, Values] = {}
    for line, record in json_lines(source, lenient=True):
        for spelling, value in record.items():
            attributes.setdefault(spelling, Values(source.name)).add(line, value)
    if not attributes:
        raise BenchError(f"{source} is empty; it should hold one JSON object per item, with its attributes")
    return {spelling: values.encoding(_default(spelling)) for spelling, values in attributes.items()}


def _default(spelling: str) -> pa.DataType:
    """Return the type of an attribute that no item has: that of the published one of this name, or string."""
    name = _PUBLISHED.get(canonical(spelling))
    return pa.string() if name is None else _ARROW[PUBLISHED_KINDS[name]]


def _spellings(source: Path, encodings: dict[str, Encoding]) -> dict[str, str]:
    """Return the spelling of each attribute in the file by its name; published ones have the published name."""
    spellings: dict[str, str] = {}
    for spelling in encodings:
        name = _PUBLISHED.get(canonical(spelling), spelling)
        if name in spellings:
            raise BenchError(f"{source} spells the attribute '{name}' in two ways: {spellings[name]} and {spelling}")
        spellings[name] = spelling
    return spellings


def _encoded(encoding: Encoding, value: Any) -> Any:
    return None if value is None else encoding.encode(value)


def _batches(records: Iterator[tuple[int, dict[str, Any]]]) -> Iterator[list[dict[str, Any]]]:
    while batch := [record for _, record in itertools.islice(records, _BATCH)]:
        yield batch
