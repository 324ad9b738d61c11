"""Labels of items and of queries: the sparse matrices of big-ann-benchmarks, and the text and JSON of DiskANN.

========  ==================================================================================================
spmat     rows, columns and entries as int64; rows + 1 starts as int64; entries columns as int32, then values,
          which are ignored. Row i has the labels ``columns[starts[i]:starts[i + 1]]``
txt       a line per row: labels with commas between them; of a query, commas or ``&``
jsonl     a line per row: an object of attributes, as any JSON attributes; of a query, its filter
========  ==================================================================================================

A query of a matrix or a text asks for items that have all of its labels.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bench.core.errors import BenchError
from bench.core.filter_json import to_json
from bench.core.filters import And, Contains, Everything, Filter
from bench.core.progress import bar
from bench.core.reading import reading
from bench.datasets.json_attributes import FORMAT as JSON_FORMAT
from bench.datasets.json_attributes import attributes_to_parquet
from bench.system.cache import Cache
from bench.system.files import digest_of

LABELS = "labels"
"""The attribute that holds the labels of an item: a set."""

_FORMAT = 1
_BATCH = 65_536


def label_attributes(source: Path, cache: Cache) -> Path:
    """Return the labels of all items as attributes, in Parquet.

    Raises:
        BenchError: the file is damaged or in another format.
    """
    digest = digest_of(_FORMAT, JSON_FORMAT, source.suffix, cache.digest(source))
    return cache.file("attributes", digest, ".parquet", lambda out: write_attributes(source, out))


def label_filters(source: Path, cache: Cache) -> Path:
    """Return the filters of all queries as JSON lines, which are of this project or of DiskANN.

    Raises:
        BenchError: the file is damaged or in another format.
    """
    if source.suffix == ".jsonl":
        return source
    digest = digest_of(_FORMAT, source.suffix, cache.digest(source))
    return cache.file("label_filters", digest, ".jsonl", lambda out: write_label_filters(source, out))


def write_attributes(path: Path, out: Path) -> None:
    """Write the labels of all items as Parquet, block by block.

    Raises:
        BenchError: see `label_attributes`.
    """
    if path.suffix == ".jsonl":
        attributes_to_parquet(path, out)
        return
    kind = pa.int32() if path.suffix == ".spmat" else pa.string()
    schema = pa.schema([(LABELS, pa.list_(kind))])
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for starts, labels in _batches(path):
            lists = pa.ListArray.from_arrays(pa.array(starts, pa.int32()), pa.array(labels, kind))
            writer.write_table(pa.table([lists], schema=schema))


def write_label_filters(path: Path, out: Path) -> None:
    """Write the labels of all queries as filters, one per line.

    Raises:
        BenchError: see `label_filters`.
    """
    with out.open("w", encoding="utf-8") as file:
        for starts, labels in _batches(path, r"[,&]"):
            values = labels if isinstance(labels, list) else labels.tolist()
            for start, stop in itertools.pairwise(starts):
                file.write(to_json(_all_of(values[start:stop])) + "\n")


def _all_of(labels: Sequence[Any]) -> Filter:
    """Return the filter that asks for all of some labels; with none, every item passes."""
    parts: tuple[Filter, ...] = tuple(Contains(LABELS, label) for label in sorted(set(labels)))
    return And(parts) if len(parts) > 1 else parts[0] if parts else Everything()


Batch: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int32] | list[str]]
"""Where the labels of each of some rows start, and where the last ends; and the labels of these rows."""


def _batches(path: Path, separator: str = ",") -> Iterator[Batch]:
    match path.suffix:
        case ".spmat":
            return _matrix_batches(path)
        case ".txt":
            return _text_batches(path, separator)
    raise BenchError(f"{path}: labels are .spmat, .txt or .jsonl files, not '{path.suffix}'")


def _matrix_batches(path: Path) -> Iterator[Batch]:
    matrix = open_spmat(path)
    with bar(f"reading {path.name}", len(matrix.starts) - 1, "row") as progress:
        for first in range(0, len(matrix.starts) - 1, _BATCH):
            starts = np.asarray(matrix.starts[first : first + _BATCH + 1])
            lengths = np.diff(starts)
            if starts[-1] > len(matrix.labels) or starts[0] < 0 or (lengths < 0).any():
                raise BenchError(f"{path}: the rows from {first} on do not follow one another; the file is damaged")
            labels = np.asarray(matrix.labels[starts[0] : starts[-1]])
            odd = np.flatnonzero((labels < 0) | (labels >= matrix.columns))
            if len(odd):
                row = first + int(np.searchsorted(starts - starts[0], odd[0], side="right")) - 1
                raise BenchError(f"{path}: row {row} has the label {labels[odd[0]]}; there are {matrix.columns}")
            yield starts - starts[0], labels
            progress.update(len(lengths))


def _text_batches(path: Path, separator: str) -> Iterator[Batch]:
    with reading(path, "text file"), path.open(encoding="utf-8") as file:
        lines = iter(enumerate(file, 1))
        while True:
            lengths, labels = [0], list[str]()
            for number, line in lines:
                words = [word.strip() for word in re.split(separator, line.strip())] if line.strip() else []
                if "" in words or any("|" in word for word in words):
                    raise BenchError(f"{path}: line {number} is not a list of labels: {line.strip()[:80]!r}")
                labels += words
                lengths.append(len(words))
                if len(lengths) > _BATCH:
                    break
            if len(lengths) == 1:
                return
            yield np.cumsum(lengths), labels


@dataclass(frozen=True)
class Spmat:
    """A sparse matrix, mapped.

    Attributes:
        columns: how many labels there are.
        starts: int64[rows + 1], where the labels of each row start.
        labels: int32[entries].
    """

    columns: int
    starts: NDArray[np.int64]
    labels: NDArray[np.int32]


def open_spmat(path: Path) -> Spmat:
    """Memory-map a sparse matrix.

    Raises:
        BenchError: the file is truncated or not a sparse matrix.
    """
    size, header = path.stat().st_size, np.fromfile(path, "<i8", 3)
    if len(header) < 3 or header.min() < 0 or header[0] == 0:
        raise BenchError(f"{path} is not a sparse matrix: it does not begin with numbers of rows, columns and entries")
    rows, columns, entries = (int(number) for number in header)
    end = 24 + 8 * (rows + 1) + 4 * entries
    if size not in (end, end + 4 * entries):
        raise BenchError(
            f"{path} has {size:,} bytes, but {rows:,} rows with {entries:,} entries take {end + 4 * entries:,}; it is "
            "truncated or not a sparse matrix"
        )
    starts = np.memmap(path, "<i8", "r", offset=24, shape=(rows + 1,))
    if starts[0] != 0 or starts[-1] != entries:
        raise BenchError(f"{path}: the rows do not begin at 0 and end at {entries:,}; the file is damaged")
    labels = np.memmap(path, "<i4", "r", offset=24 + 8 * (rows + 1), shape=(entries,)) if entries else starts[:0]
    return Spmat(columns, starts, labels.astype(np.int32, copy=False))
