"""Encode attribute values as columns, from Python objects or from Arrow arrays."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bench.core.arrow_types import OutOfRange, kind_of_arrow, numbers_of, plain_array, to_numpy, unit_of_arrow
from bench.core.columns import Boolean, Categorical, Column, Kind, Ordered, Sets
from bench.core.errors import BenchError
from bench.core.units import INTEGERS, Floats, Unit


def categorical(values: Iterable[str | None]) -> Categorical:
    """Encode one optional string per item."""
    return _categorical(pa.array(values, pa.string()))


def ordered(values: Iterable[int | float | None], unit: Unit | None = None) -> Ordered:
    """Encode one optional number of a unit per item; by default floats if any is a float, else integers."""
    numbers = list(values)
    if unit is None:
        unit = Floats() if any(isinstance(number, float) for number in numbers) else INTEGERS
    return _ordered(pa.array(numbers, pa.float64() if unit.is_float else pa.int64()), unit)


def boolean(values: Iterable[bool | None]) -> Boolean:
    """Encode one optional truth value per item."""
    return _boolean(pa.array(values, pa.bool_()))


def sets(values: Iterable[Iterable[str] | Iterable[int] | None]) -> Sets:
    """Encode one collection of strings, or of integers, per item; repeats within an item are dropped."""
    words: list[list[Any] | None] = [None if value is None else list(value) for value in values]
    every = itertools.chain.from_iterable(filter(None, words))
    word_type = pa.int64() if any(isinstance(word, int) for word in every) else pa.string()
    return _sets(pa.array(words, pa.large_list(word_type)))


def column_from_arrow(array: pa.Array, name: str) -> Column:
    """Turn an Arrow array into the column of its kind; `name` is used in errors only.

    Raises:
        BenchError: filters cannot test values of this type, or a value is out of range.
    """
    kind = kind_of_arrow(array.type)
    try:
        match kind:
            case Kind.CATEGORICAL:
                return _categorical(plain_array(array))
            case Kind.ORDERED:
                plain = plain_array(array)
                unit = unit_of_arrow(plain.type)
                assert unit is not None
                return _ordered(plain, unit)
            case Kind.BOOLEAN:
                return _boolean(plain_array(array))
            case Kind.SET:
                return _sets(plain_array(array))
    except OutOfRange as error:
        raise BenchError(f"attribute '{name}' has the value {error}, which is out of the range of int64") from error
    raise BenchError(
        f"attribute '{name}' has Arrow type {array.type}; filters test strings, numbers, decimals, dates, timestamps, "
        "durations, booleans, lists of strings or integers, and fields of structs by their path, such as a.b"
    )


def _categorical(array: pa.Array) -> Categorical:
    return Categorical(*_encode_words(array))


def _ordered(array: pa.Array, unit: Unit) -> Ordered:
    numbers, present = numbers_of(array), to_numpy(array.is_valid())
    if unit.is_float:  # what is not a number is missing, and -0.0 is 0.0
        present = present & ~np.isnan(numbers)
        numbers = np.where(present, numbers, 0) + 0.0
    return Ordered(numbers, present, unit)


def _boolean(array: pa.Array) -> Boolean:
    return Boolean(to_numpy(array), to_numpy(array.is_valid()))


def _sets(array: pa.Array) -> Sets:
    lengths = to_numpy(array.value_lengths()).astype(np.int64)
    codes, vocabulary = _encode_words(plain_array(array.flatten()))
    items = np.repeat(np.arange(len(array), dtype=np.int64), lengths)
    order = np.lexsort((codes, items))
    items, codes = items[order], codes[order]
    keep = codes >= 0
    keep[1:] &= (codes[1:] != codes[:-1]) | (items[1:] != items[:-1])
    items, codes = items[keep], codes[keep]
    offsets = np.zeros(len(array) + 1, np.int64)
    np.cumsum(np.bincount(items, minlength=len(array)), out=offsets[1:])
    return Sets(offsets, codes, vocabulary)


def _encode_words(values: pa.Array) -> tuple[NDArray[np.int32], tuple[Any, ...]]:
    """Return codes int32 (-1 for null) and their sorted vocabulary: equal data has equal codes, however it was read."""
    if pa.types.is_integer(values.type):
        present, numbers = to_numpy(values.is_valid()), numbers_of(values)
        distinct, inverse = np.unique(numbers[present], return_inverse=True)
        codes = np.full(len(values), -1, np.int32)
        codes[present] = inverse
        return codes, tuple(distinct.tolist())
    encoded = values.dictionary_encode()
    words = encoded.dictionary.cast(pa.large_string())
    order = pc.array_sort_indices(words)
    rank = np.empty(len(words), np.int32)
    rank[to_numpy(order)] = np.arange(len(words), dtype=np.int32)
    codes = to_numpy(encoded.indices, missing=-1).astype(np.int32)
    codes[codes >= 0] = rank[codes[codes >= 0]]
    return codes, tuple(words.take(order).to_pylist())
