"""Attribute columns: what an item has besides its vector.

Four kinds cover the filters of the field. A missing value (null) stays missing and passes no filter. Columns live in a
Parquet file and are read one by one, when a filter or a method needs them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bench.core.errors import BenchError, suggestion


class Kind(StrEnum):
    """The kind of an attribute; it decides which filters can test it."""

    CATEGORICAL = "categorical"
    ORDERED = "ordered"
    BOOLEAN = "boolean"
    SET = "set"


Value: TypeAlias = str | int | bool
"""What an item has in a column, or one of what it has."""


@dataclass(frozen=True)
class Categorical:
    """One string per item. `codes` int32[n] index the sorted `vocabulary`; -1 means missing."""

    codes: NDArray[np.int32]
    vocabulary: tuple[str, ...]
    kind = Kind.CATEGORICAL

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """bool[n], whether an item has a value."""
        return self.codes >= 0

    @cached_property
    def code_of(self) -> dict[Value, int]:
        """The code of every word of the vocabulary."""
        return {value: code for code, value in enumerate(self.vocabulary)}

    def part(self, rows: slice) -> Categorical:
        """Return the column of consecutive items."""
        return Categorical(self.codes[rows], self.vocabulary)

    def to_arrow(self) -> pa.Array:
        """Return the column as a dictionary array with null for missing values."""
        codes = pa.array(self.codes, mask=self.codes < 0)
        return pa.DictionaryArray.from_arrays(codes, pa.array(self.vocabulary, pa.string()))


@dataclass(frozen=True)
class Ordered:
    """One integer per item: `values` int64[n], valid where `present` bool[n]."""

    values: NDArray[np.int64]
    present: NDArray[np.bool_]
    kind = Kind.ORDERED

    def __len__(self) -> int:
        return len(self.values)

    def part(self, rows: slice) -> Ordered:
        """Return the column of consecutive items."""
        return Ordered(self.values[rows], self.present[rows])

    def to_arrow(self) -> pa.Array:
        """Return the column as an int64 array with null for missing values."""
        return pa.array(self.values, mask=~self.present)


@dataclass(frozen=True)
class Boolean:
    """One truth value per item: `values` bool[n], valid where `present` bool[n]."""

    values: NDArray[np.bool_]
    present: NDArray[np.bool_]
    kind = Kind.BOOLEAN

    def __len__(self) -> int:
        return len(self.values)

    def part(self, rows: slice) -> Boolean:
        """Return the column of consecutive items."""
        return Boolean(self.values[rows], self.present[rows])

    def to_arrow(self) -> pa.Array:
        """Return the column as a boolean array with null for missing values."""
        return pa.array(self.values, mask=~self.present)


@dataclass(frozen=True)
class Sets:
    """A set of strings per item, encoded as in a sparse matrix.

    Item i holds the words ``codes[offsets[i]:offsets[i + 1]]`` of the sorted `vocabulary`.

    `offsets` is int64[n + 1], `codes` int32, ascending and distinct within an item. A missing set is empty.
    """

    offsets: NDArray[np.int64]
    codes: NDArray[np.int32]
    vocabulary: tuple[str, ...]
    kind = Kind.SET

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """bool[n], whether an item has a value: an empty set is a missing one."""
        return np.diff(self.offsets) > 0

    @cached_property
    def code_of(self) -> dict[Value, int]:
        """The code of every word of the vocabulary."""
        return {value: code for code, value in enumerate(self.vocabulary)}

    @cached_property
    def postings(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The inverted lists, starts int64[v + 1] and ids int64: ``ids[starts[c]:starts[c + 1]]`` hold code c."""
        items = np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self.offsets))
        starts = np.zeros(len(self.vocabulary) + 1, np.int64)
        np.cumsum(np.bincount(self.codes, minlength=len(self.vocabulary)), out=starts[1:])
        return starts, items[np.argsort(self.codes, kind="stable")]

    def part(self, rows: slice) -> Sets:
        """Return the column of consecutive items."""
        start, stop, _ = rows.indices(len(self))
        offsets = self.offsets[start : stop + 1]
        return Sets(offsets - offsets[0], self.codes[offsets[0] : offsets[-1]], self.vocabulary)

    def to_arrow(self) -> pa.Array:
        """Return the column as a list array of strings."""
        values = pa.array(self.vocabulary, pa.string()).take(pa.array(self.codes))
        return pa.LargeListArray.from_arrays(pa.array(self.offsets), values)


Column: TypeAlias = Categorical | Ordered | Boolean | Sets


def categorical(values: Iterable[str | None]) -> Categorical:
    """Encode one optional string per item."""
    return _categorical(pa.array(values, pa.string()))


def ordered(values: Iterable[int | None]) -> Ordered:
    """Encode one optional integer per item."""
    return _ordered(pa.array(values, pa.int64()))


def boolean(values: Iterable[bool | None]) -> Boolean:
    """Encode one optional truth value per item."""
    return _boolean(pa.array(values, pa.bool_()))


def sets(values: Iterable[Iterable[str] | None]) -> Sets:
    """Encode one collection of strings per item; repeats within an item are dropped."""
    return _sets(pa.array([None if v is None else list(v) for v in values], pa.large_list(pa.string())))


def column_from_arrow(array: pa.Array, name: str) -> Column:
    """Turn an Arrow array into the column of its kind.

    Raises:
        BenchError: the Arrow type is not string, integer, boolean or list of strings.
    """
    kind = kind_of_arrow(array.type, name)
    return {
        Kind.CATEGORICAL: _categorical,
        Kind.ORDERED: _ordered,
        Kind.BOOLEAN: _boolean,
        Kind.SET: _sets,
    }[kind](array)  # type: ignore[return-value]


def kind_of_arrow(arrow_type: pa.DataType, name: str) -> Kind:
    """Return the kind of columns of an Arrow type; `name` is used in the error only.

    Raises:
        BenchError: the Arrow type is not string, integer, boolean or list of strings.
    """
    value = _without_dictionary(arrow_type)
    if _is_text(value):
        return Kind.CATEGORICAL
    if pa.types.is_integer(value):
        return Kind.ORDERED
    if pa.types.is_boolean(value):
        return Kind.BOOLEAN
    if _is_list(value) and _is_text(_without_dictionary(value.value_type)):
        return Kind.SET
    raise BenchError(f"attribute '{name}' has Arrow type {arrow_type}; use string, integer, boolean or list of strings")


def _without_dictionary(arrow_type: pa.DataType) -> pa.DataType:
    return arrow_type.value_type if pa.types.is_dictionary(arrow_type) else arrow_type


def _is_text(arrow_type: pa.DataType) -> bool:
    return pa.types.is_string(arrow_type) or pa.types.is_large_string(arrow_type)


def _is_list(arrow_type: pa.DataType) -> bool:
    return pa.types.is_list(arrow_type) or pa.types.is_large_list(arrow_type)


def _encode_text(values: pa.Array) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Return codes int32 (-1 for null) and their sorted vocabulary: equal data has equal codes, however it was read."""
    # A dictionary stored with the data may repeat words, or contain words that no item has.
    plain = values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
    encoded = plain.dictionary_encode()
    words = encoded.dictionary.cast(pa.string())
    order = pc.array_sort_indices(words).to_numpy()
    rank = np.empty(len(words), np.int32)
    rank[order] = np.arange(len(words), dtype=np.int32)
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    codes[codes >= 0] = rank[codes[codes >= 0]]
    return codes, tuple(words.take(pa.array(order)).to_pylist())


def _categorical(array: pa.Array) -> Categorical:
    return Categorical(*_encode_text(array))


def _ordered(array: pa.Array) -> Ordered:
    present = array.is_valid().to_numpy(zero_copy_only=False)
    values = array.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    return Ordered(np.ascontiguousarray(values), present)


def _boolean(array: pa.Array) -> Boolean:
    present = array.is_valid().to_numpy(zero_copy_only=False)
    return Boolean(array.fill_null(False).to_numpy(zero_copy_only=False), present)


def _sets(array: pa.Array) -> Sets:
    lengths = array.value_lengths().fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    codes, vocabulary = _encode_text(array.flatten())
    items = np.repeat(np.arange(len(array), dtype=np.int64), lengths)
    order = np.lexsort((codes, items))
    items, codes = items[order], codes[order]
    keep = codes >= 0
    keep[1:] &= (codes[1:] != codes[:-1]) | (items[1:] != items[:-1])
    items, codes = items[keep], codes[keep]
    offsets = np.zeros(len(array) + 1, np.int64)
    np.cumsum(np.bincount(items, minlength=len(array)), out=offsets[1:])
    return Sets(offsets, codes, vocabulary)


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
        try:
            return cls(pq.read_metadata(parquet).num_rows, {}, parquet=parquet)
        except (pa.ArrowInvalid, OSError) as error:
            raise BenchError(f"{parquet} is not a readable Parquet file: {error}") from error

    def save(self, parquet: Path) -> None:
        """Write the columns in memory to a Parquet file."""
        arrays = {name: column.to_arrow() for name, column in self._columns.items()}
        pq.write_table(pa.table(arrays), parquet)

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """The kind of every attribute, by name, in the order of the file."""
        kinds = {name: column.kind for name, column in self._columns.items()}
        if self._parquet is not None:
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
