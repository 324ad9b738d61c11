"""Encode attribute values as columns, from Python objects or from Arrow arrays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bench.core.columns import Boolean, Categorical, Column, Kind, Ordered, Sets
from bench.core.errors import BenchError


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


def _to_numpy(array: pa.Array, missing: int = 0) -> NDArray[Any]:
    """Return integers or truth values, with `missing` in place of nulls.

    Arrow's `to_numpy` imports pandas, which costs every worker some 0.4 s.
    """
    if pa.types.is_boolean(array.type):
        return _to_numpy(array.cast(pa.uint8()), missing).view(np.bool_)
    dtype = array.type.to_pandas_dtype()
    if len(array) == 0:
        return np.empty(0, dtype)
    values = np.frombuffer(array.buffers()[1], dtype, len(array), array.offset * np.dtype(dtype).itemsize)
    return np.where(_to_numpy(array.is_valid()), values, np.asarray(missing, dtype)) if array.null_count else values


def _encode_text(values: pa.Array) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Return codes int32 (-1 for null) and their sorted vocabulary: equal data has equal codes, however it was read."""
    # A dictionary stored with the data may repeat words, or contain words that no item has.
    plain = values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
    encoded = plain.dictionary_encode()
    words = encoded.dictionary.cast(pa.string())
    order = pc.array_sort_indices(words)
    rank = np.empty(len(words), np.int32)
    rank[_to_numpy(order)] = np.arange(len(words), dtype=np.int32)
    codes = _to_numpy(encoded.indices, missing=-1).astype(np.int32)
    codes[codes >= 0] = rank[codes[codes >= 0]]
    return codes, tuple(words.take(order).to_pylist())


def _categorical(array: pa.Array) -> Categorical:
    return Categorical(*_encode_text(array))


def _ordered(array: pa.Array) -> Ordered:
    return Ordered(_to_numpy(array.cast(pa.int64())), _to_numpy(array.is_valid()))


def _boolean(array: pa.Array) -> Boolean:
    return Boolean(_to_numpy(array), _to_numpy(array.is_valid()))


def _sets(array: pa.Array) -> Sets:
    lengths = _to_numpy(array.value_lengths()).astype(np.int64)
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
