"""Parquet and Arrow files whose rows have a vector in a column of lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bench.core.errors import BenchError, listing, suggestion
from bench.core.reading import reading, reading_each
from bench.datasets.vector_files.rows import Rows, block_rows, checked_shape

_LIST_ROWS = 4096

Batches = Callable[[list[str], int], Iterator[pa.RecordBatch]]
"""Yields batches of some columns, of at most so many rows."""


@dataclass(frozen=True)
class Table:
    """A file with columns.

    Attributes:
        path: the file.
        what: what it should be, for errors.
        columns: the type of every column, by name.
        n: the number of rows.
        batches: reads some of the columns.
    """

    path: Path
    what: str
    columns: dict[str, pa.DataType]
    n: int
    batches: Batches

    def list_column(self, column: str | None) -> str:
        """Return the name of the column that holds lists of numbers: `column`, or the only one that there is.

        Raises:
            BenchError: there is no such column, or several could be meant.
        """
        if column is not None:
            if column not in self.columns:
                raise BenchError(f"{self.path} has no column '{column}'{suggestion(column, self.columns)}")
            if not _is_list_of_numbers(kind := self.columns[column]):
                raise BenchError(f"{self.path}: column '{column}' has Arrow type {kind}, not lists of numbers")
            return column
        lists = [name for name, kind in self.columns.items() if _is_list_of_numbers(kind)]
        # Beside lists of real numbers, those of integers are sets of tags.
        names = [name for name in lists if _is_real(self.columns[name].value_type)] or lists
        if len(names) != 1:
            several = f"has several columns of lists of numbers ({listing(names)}); set dataset.column to one of them"
            none = f"has no column of lists of numbers (found {listing(self.columns)})"
            raise BenchError(f"{self.path} {several if names else none}")
        return names[0]

    def attribute_columns(self) -> list[str]:
        """Return the names of the columns that do not hold lists of real numbers."""
        return [name for name, kind in self.columns.items() if not _is_list(kind) or not _is_real(kind.value_type)]

    def rows(self, column: str | None) -> Rows:
        """Return the vectors of a column, by default of the only one.

        Raises:
            BenchError: see `list_column`; or the file is empty or damaged, or its first vector is missing or empty.
        """
        name = self.list_column(column)
        where = f"{self.path}: '{name}'"
        with reading(self.path, self.what):
            first = next((batch for batch in self.batches([name], 1) if batch.num_rows), None)
            if first is None:
                raise BenchError(f"{where} is empty; it should hold at least one vector")
            dim = len(first.column(0)[0]) if first.column(0)[0].is_valid else 0
        if not dim:
            raise BenchError(f"{where}: row 0 has no values")
        dtype = np.dtype(self.columns[name].value_type.to_pandas_dtype())
        shape = checked_shape((self.n, dim), dtype, where)
        return Rows(
            self.path, self.what, name, shape, dtype, lambda: self._vectors(name, dim, block_rows(dim, dtype.itemsize))
        )

    def lists(self, column: str | None) -> Iterator[NDArray[Any]]:
        """Yield the numbers of every row of a column of lists, which may differ in length.

        Raises:
            BenchError: see `list_column`; or the file is damaged, or a list or a number is missing.
        """
        name, start = self.list_column(column), 0
        for batch in reading_each(self.batches([name], _LIST_ROWS), self.path, self.what):
            values, lengths = _numbers(batch.column(0), f"{self.path}: '{name}'", start)
            yield from np.split(values, np.cumsum(lengths)[:-1])
            start += batch.num_rows

    def _vectors(self, name: str, dim: int, rows: int) -> Iterator[NDArray[Any]]:
        start = 0
        for batch in self.batches([name], rows):
            yield _matrix(batch.column(0), dim, f"{self.path}: '{name}'", start)
            start += batch.num_rows


def open_table(path: Path) -> Table:
    """Open a Parquet or Arrow file without reading its rows.

    Raises:
        BenchError: the file is damaged.
    """
    return _open_parquet(path) if path.suffix == ".parquet" else _open_arrow(path)


def _open_parquet(path: Path) -> Table:
    what = "Parquet file"
    with reading(path, what):
        file = pq.ParquetFile(path)
        columns, n = _columns(file.schema_arrow), file.metadata.num_rows

    def batches(names: list[str], rows: int) -> Iterator[pa.RecordBatch]:
        yield from pq.ParquetFile(path).iter_batches(rows, columns=names)

    return Table(path, what, columns, n, batches)


def _open_arrow(path: Path) -> Table:
    """Open an Arrow file: the random-access format (Feather), or the stream that Hugging Face caches."""
    what = "Arrow file"
    with reading(path, what), _stored_batches(path) as (schema, stored):
        columns, n = _columns(schema), sum(batch.num_rows for batch in stored)

    def batches(names: list[str], rows: int) -> Iterator[pa.RecordBatch]:
        with _stored_batches(path) as (_, stored):
            for batch in stored:
                chosen = batch.select(names)
                chosen.validate(full=True)  # Arrow trusts offsets in a file, and would end the process
                for start in range(0, chosen.num_rows, rows):
                    yield chosen.slice(start, rows)

    return Table(path, what, columns, n, batches)


def _columns(schema: pa.Schema) -> dict[str, pa.DataType]:
    return {field.name: field.type for field in schema}


@contextmanager
def _stored_batches(path: Path) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    with pa.memory_map(str(path)) as source:
        try:
            file = pa.ipc.open_file(source)
        except pa.ArrowInvalid:
            source.seek(0)
            stream = pa.ipc.open_stream(source)
            yield stream.schema, iter(stream)
        else:
            yield file.schema, (file.get_batch(i) for i in range(file.num_record_batches))


def _is_list_of_numbers(kind: pa.DataType) -> bool:
    return _is_list(kind) and (_is_real(kind.value_type) or pa.types.is_integer(kind.value_type))


def _is_list(kind: pa.DataType) -> bool:
    kinds = ("list", "large_list", "fixed_size_list", "list_view", "large_list_view")
    return any(getattr(pa.types, f"is_{name}")(kind) for name in kinds)


def _is_real(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind))


def _matrix(lists: pa.Array, dim: int, name: str, start: int) -> NDArray[Any]:
    """Return lists of numbers as [*, dim]; the first of them is row `start` of what is called `name`.

    Raises:
        BenchError: a list or a number is missing, or a list has another length.
    """
    values, lengths = _numbers(lists, name, start)
    if len(odd := np.flatnonzero(lengths != dim)):
        raise BenchError(f"{name}: row {start + odd[0]} has {lengths[odd[0]]} values, but row 0 has {dim}")
    return values.reshape(-1, dim)


def _numbers(lists: pa.Array, name: str, start: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the numbers of all lists, and the length of each list.

    Raises:
        BenchError: a list or a number is missing.
    """
    if lists.null_count:
        row = lists.is_valid().index(False).as_py()
        raise BenchError(f"{name}: row {start + row} is missing; drop such rows")
    lengths, values = np.asarray(lists.value_lengths()), lists.flatten()
    if values.null_count:
        row = int(np.searchsorted(np.cumsum(lengths), values.is_valid().index(False).as_py(), side="right"))
        raise BenchError(f"{name}: row {start + row} has a missing value; fix or drop such rows")
    dtype = np.dtype(values.type.to_pandas_dtype())
    if not len(values):
        return np.empty(0, dtype), lengths
    return np.frombuffer(values.buffers()[1], dtype, len(values), values.offset * dtype.itemsize), lengths
