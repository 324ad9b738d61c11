"""Shards of embeddings with columns, as on the Hugging Face hub: Parquet or Arrow with a column of vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow.parquet as pq

from bench.core.errors import BenchError
from bench.core.reading import reading, reading_each
from bench.datasets.dataset import Dataset
from bench.datasets.sources.source import Part, checked, metric_of_key
from bench.datasets.vector_files.columns import Table, open_table
from bench.datasets.vector_files.files import TABLES, VectorFile, files_of, vector_file
from bench.datasets.vector_files.rows import cut, write_npy
from bench.system.cache import Cache
from bench.system.files import digest_of

_FORMAT = 1
_BATCH = 65_536


@dataclass
class TableSource:
    """Parquet or Arrow files with a column of vectors; the other columns are the attributes.

    The queries come from a file, or are the last rows, which then are not items.
    """

    kind: ClassVar[str] = "table"
    name: str
    path: str
    column: str | None = None
    queries: str | None = None
    held_out: int | None = None
    metric: str | None = None

    def open(self, cache: Cache) -> Dataset:
        """See `Source.open`."""
        if (self.queries is None) == (self.held_out is None):
            raise BenchError("set one of dataset.queries=FILE and dataset.held_out=ROWS: where the queries come from")
        paths = files_of(self.path, "dataset.path")
        for path in paths:
            if path.suffix not in TABLES:
                raise BenchError(f"{path}: tables are {', '.join(TABLES)} files, not '{path.suffix}' (dataset.path)")
        tables = [open_table(path) for path in paths]
        n = sum(table.n for table in tables)
        if self.held_out is not None and not 1 <= self.held_out < n:
            raise BenchError(f"dataset.held_out={self.held_out} is out of range; {self.path} has {n} rows")
        items = n - (self.held_out or 0)
        digest = digest_of(_FORMAT, self.column, items, [cache.digest(path) for path in paths])
        vectors = self._vectors(tables, 0, items, digest, cache)
        if self.queries is not None:
            queries = vector_file(self.queries, "dataset.queries", cache)
        else:
            queries = self._vectors(tables, items, n, digest, cache)
        attributes = self._attributes(tables, items, digest, cache)
        return checked(self.name, vectors, queries, metric_of_key(self.metric), cache, attributes=attributes)

    def _vectors(self, tables: Sequence[Table], start: int, stop: int, digest: str, cache: Cache) -> VectorFile:
        """Return the vectors of consecutive rows of all files."""
        parts = cut([table.rows(self.column) for table in tables], start, stop)
        key = digest_of(digest, start, stop)
        target = cache.file("converted", key, ".npy", lambda out: write_npy(parts, out))
        name = f"{self.path}: '{parts[0].key}', from row {start} on" if start else self.path
        return VectorFile(target, name, tuple(table.path for table in tables))

    def _attributes(self, tables: Sequence[Table], items: int, digest: str, cache: Cache) -> Part | None:
        """Return the columns that are not lists of real numbers, of the first rows."""
        names = [name for name in tables[0].attribute_columns() if name != tables[0].list_column(self.column)]
        if not names:
            return None
        for table in tables:
            if missing := [name for name in names if name not in table.columns]:
                raise BenchError(f"{table.path} has no column '{missing[0]}', but {tables[0].path} has one")
        key = digest_of(digest, names)
        derived = cache.file("attributes", key, ".parquet", lambda out: _copy(tables, names, items, out))
        return Part(derived, self.path, tables[0].path)

    def state(self) -> str:
        """See `Source.state`."""
        try:
            for path in filter(None, (self.path, self.queries)):
                files_of(path, "")
        except BenchError:
            return "not here"
        return "here"


def _copy(tables: Sequence[Table], names: list[str], items: int, out: Path) -> None:
    """Write columns of the first rows of several files to one."""
    writer, row = None, 0
    try:
        for table in tables:
            for batch in reading_each(table.batches(names, _BATCH), table.path, table.what):
                if writer is None:
                    writer = pq.ParquetWriter(out, batch.schema, compression="zstd")
                with reading(table.path, f"{table.what} with the column types of {tables[0].path}"):
                    part = batch.slice(0, max(0, items - row)).cast(writer.schema)
                writer.write_batch(part)
                row += batch.num_rows
    finally:
        if writer is not None:
            writer.close()
