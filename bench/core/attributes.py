"""The attributes of items: columns that live in a Parquet file and are read one by one, when they are needed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bench.core.arrow_types import kind_of_arrow
from bench.core.columns import Boolean, Categorical, Column, Kind, Ordered, Sets
from bench.core.encode import column_from_arrow
from bench.core.errors import BenchError, suggestion
from bench.core.reading import reading
from bench.core.units import INTEGERS

REFUSED = b"refused"
"""The key of a field's metadata in a Parquet file, with the reason why filters cannot test the field."""


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
    def _fields(self) -> dict[str, pa.Field]:
        """The columns of the file by their names, and the fields of structs by their paths."""
        if self._parquet is None:
            return {}
        with reading(self._parquet, "Parquet file"):
            schema = pq.read_schema(self._parquet)
        return dict(_paths(schema)) | {field.name: field for field in schema}  # a name wins over an equal path

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """The kind of every attribute that filters can test, by name, in the order of the file."""
        kinds = {name: column.kind for name, column in self._columns.items()}
        for name, field in self._fields.items():
            kind = None if _refusal(field) else kind_of_arrow(field.type)
            if kind is not None:
                kinds.setdefault(name, kind)
        return kinds

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all attributes, those included that filters cannot test; structs are named by their fields."""
        stored = (name for name, field in self._fields.items() if not pa.types.is_struct(field.type))
        return tuple(dict.fromkeys([*self._columns, *stored]))

    def columns(self) -> Iterator[tuple[str, Column | BenchError]]:
        """Yield every attribute with its column, or with the reason why filters cannot test it."""
        for name in self.names:
            try:
                yield name, self[name]
            except BenchError as error:
                yield name, error

    def __getitem__(self, name: str) -> Column:
        """Return a column; the others are not looked at, and may have any type.

        Raises:
            BenchError: there is no attribute of that name, or filters cannot test its values.
        """
        if name not in self._columns:
            field = self._fields.get(name)
            if field is None:
                raise BenchError(f"there is no attribute '{name}'{suggestion(name, self.names)}")
            if reason := _refusal(field):
                raise BenchError(f"attribute '{name}' cannot be tested: {reason}")
            self._columns[name] = self._read(name, field)
        return self._columns[name]

    def _read(self, name: str, field: pa.Field) -> Column:
        assert self._parquet is not None
        if kind_of_arrow(field.type) is None:
            return column_from_arrow(pa.nulls(0, field.type), name)  # refuses it, without reading it
        with reading(self._parquet, "Parquet file"):
            table = pq.ParquetFile(self._parquet).read([name]).unify_dictionaries()
            array = table.column(name if name in table.column_names else 0).combine_chunks()
            while pa.types.is_struct(array.type):  # the path leads through structs of one field each
                array = pc.struct_field(array, 0)
            return column_from_arrow(array, name)

    def part(self, rows: slice, names: Iterable[str]) -> Attributes:
        """Return the columns `names` of consecutive items."""
        return Attributes(len(range(self.n)[rows]), {name: self[name].part(rows) for name in names})

    def digest(self, names: Iterable[str]) -> str:
        """Return a hex digest of the values of the columns `names`; it does not depend on the file they came from."""
        sha = hashlib.sha256(str(self.n).encode())
        for name in sorted(names):
            column = self[name]
            sha.update(f"{name}:{column.kind}".encode())
            if isinstance(column, Ordered) and column.unit != INTEGERS:
                sha.update(repr(column.unit).encode())
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


def _paths(fields: Iterable[pa.Field], prefix: str = "") -> Iterator[tuple[str, pa.Field]]:
    """Yield fields by their paths, structs with what is in them."""
    for field in fields:
        yield f"{prefix}{field.name}", field
        if pa.types.is_struct(field.type):
            yield from _paths(field.type, f"{prefix}{field.name}.")


def _refusal(field: pa.Field) -> str | None:
    """Return why the values of a field cannot be tested, as whoever wrote the file says."""
    reason = (field.metadata or {}).get(REFUSED)
    return None if reason is None else reason.decode()


def _bytes(vocabulary: tuple[str, ...] | tuple[int, ...]) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(vocabulary).encode(), np.uint8)
