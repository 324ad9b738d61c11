"""The filtered attributes as the typed columns of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from algorithms.base import Data
from bench.core.columns import Boolean, Categorical, Column, Kind, Ordered, Sets

ID, VECTOR = "id", "vector"
"""The names of the columns that every table has."""

_ROWS = 1024
"""How many items an engine gets at once; zvec takes no more."""


@dataclass(frozen=True)
class Field:
    """A column of an engine's table.

    Attributes:
        name: its name there, ``a0``, ``a1`` and so on: names of attributes can hold anything.
        kind: the kind of the attribute.
        value_type: the type of its values, or of the words of its sets: str, int, float or bool.
    """

    name: str
    kind: Kind
    value_type: type

    @property
    def is_set(self) -> bool:
        """Whether an item has several values."""
        return self.kind is Kind.SET


Fields = Mapping[str, Field]
"""Columns by the names of their attributes."""


@dataclass(frozen=True)
class Chunk:
    """Some consecutive items.

    Attributes:
        first: the id of the first one.
        vectors: float32[m, d].
        columns: for each field, by its name there, m values: None where missing, and lists for sets.
    """

    first: int
    vectors: NDArray[np.float32]
    columns: dict[str, list[Any]]

    @property
    def ids(self) -> range:
        """The ids of the items."""
        return range(self.first, self.first + len(self.vectors))


def fields_of(data: Data) -> dict[str, Field]:
    """Return the columns of the attributes that filters test."""
    columns = {name: data.attributes[name] for name in data.filtered}
    return {
        name: Field(f"a{number}", column.kind, column.value_type)
        for number, (name, column) in enumerate(columns.items())
    }


def to_arrow(column: Column) -> pa.Array:
    """Return an attribute as int64, float64, bool, string, or lists of int64 or string; null where missing."""
    match column:
        case Categorical():
            return column.to_arrow().cast(pa.string())
        case Ordered(values, present):
            return pa.array(positive_zero(values), mask=~present)
        case Boolean():
            return column.to_arrow()
        case Sets(offsets, codes, vocabulary):
            words = pa.array(vocabulary, pa.int64() if column.value_type is int else pa.string())
            starts = pa.array(offsets.astype(np.int32), mask=np.append(~column.present, False))
            return pa.ListArray.from_arrays(starts, words.take(pa.array(codes)))


def positive_zero(values: Any) -> Any:
    """Return numbers without negative zeros, which equal zero here and not in every index."""
    return values + 0


def table_of(data: Data) -> pa.Table:
    """Return all items as a table: ids, vectors, and a column per field."""
    n, dim = data.source.shape
    columns: dict[str, pa.Array] = {
        ID: pa.array(np.arange(n, dtype=np.int64)),
        VECTOR: pa.FixedSizeListArray.from_arrays(pa.array(data.vectors.ravel()), dim),
    }
    return pa.table(columns | _arrays(data))


def chunks_of(data: Data) -> Iterator[Chunk]:
    """Yield all items as Python values, a thousand at a time."""
    arrays = _arrays(data)
    for first in range(0, data.source.shape[0], _ROWS):
        columns = {name: array.slice(first, _ROWS).to_pylist() for name, array in arrays.items()}
        yield Chunk(first, data.vectors[first : first + _ROWS], columns)


def _arrays(data: Data) -> dict[str, pa.Array]:
    return {field.name: to_arrow(data.attributes[name]) for name, field in fields_of(data).items()}
