"""The attributes of items: columns that live in a Parquet file and are read one by one, when they are needed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bench.core.columns import Boolean, Categorical, Column, Kind, Ordered, Sets
from bench.core.encode import column_from_arrow, kind_of_arrow
from bench.core.errors import BenchError, suggestion
from bench.core.reading import reading


class Attributes:
    """The attribute columns of `n` items, by name.

    They are held in memory, or backed by a Parquet file whose columns are read on first use.
    """

    def __init__(self, n: int, columns: Mapping[str, Column], *, parquet: Path | None = None) -> None:
        """Hold `columns`, each of `n` items; more may come from `parquet`.

        Raises:
            BenchError: a column's length differs from `n`.
        """
        self.n = n
        self._columns = dict(columns)
        self._parquet = parquet
        for name, column in self._columns.items():
            if len(column) != n:
                raise BenchError(f"attribute '{name}' has {len(column)} values for {n} items")

    @classmethod
    def open(cls, parquet: Path) -> Attributes:
        """Open a Parquet file of attributes without reading its columns.

        Raises:
            BenchError: the file is missing or damaged.
        """
        with reading(parquet, "Parquet file"):
            return cls(pq.read_metadata(parquet).num_rows, {}, parquet=parquet)

    def save(self, parquet: Path) -> None:
        """Write the columns in memory to a Parquet file."""
        arrays = {name: column.to_arrow() for name, column in self._columns.items()}
        pq.write_table(pa.table(arrays), parquet)

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """The kind of every attribute, by name, in the order of the file."""
        kinds = {name: column.kind for name, column in self._columns.items()}
        if self._parquet is not None:
            with reading(self._parquet, "Parquet file"):
                for field in pq.read_schema(self._parquet):
                    kinds.setdefault(field.name, kind_of_arrow(field.type, field.name))
        return kinds

    def __getitem__(self, name: str) -> Column:
        """Return a column.

        Raises:
            BenchError: there is no attribute of that name.
        """
        if name not in self._columns:
            if name not in self.kinds:
                raise BenchError(f"there is no attribute '{name}'{suggestion(name, self.kinds)}")
            assert self._parquet is not None
            with reading(self._parquet, "Parquet file"):
                table = pq.ParquetFile(self._parquet).read([name]).unify_dictionaries()
                self._columns[name] = column_from_arrow(table.column(0).combine_chunks(), name)
        return self._columns[name]

    def part(self, rows: slice, names: Iterable[str]) -> Attributes:
        """Return the columns `names` of consecutive items."""
        return Attributes(len(range(self.n)[rows]), {name: self[name].part(rows) for name in names})

    def digest(self, names: Iterable[str]) -> str:
        """Return a hex digest of the values of the columns `names`; it does not depend on the file they came from."""
        sha = hashlib.sha256(str(self.n).encode())
        for name in sorted(names):
            column = self[name]
            sha.update(f"{name}:{column.kind}".encode())
            match column:
                case Categorical():
                    parts = [column.codes, _bytes(column.vocabulary)]
                case Sets():
                    parts = [column.offsets, column.codes, _bytes(column.vocabulary)]
                case Ordered() | Boolean():
                    parts = [column.values, column.present]
            for part in parts:
                sha.update(np.ascontiguousarray(part).data)
        return sha.hexdigest()


def _bytes(vocabulary: tuple[str, ...]) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(vocabulary).encode(), np.uint8)
