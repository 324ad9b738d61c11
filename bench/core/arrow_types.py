"""Arrow types that filters can test, and their values as plain arrays of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bench.core.columns import Kind
from bench.core.units import INTEGERS, Dates, Decimals, Durations, Floats, Times, Timestamps, Unit

_GREATEST = 2**63 - 1


class OutOfRange(ValueError):
    """A value that int64 cannot hold, in words."""


def kind_of_arrow(arrow_type: pa.DataType) -> Kind | None:
    """Return the kind of columns of an Arrow type; None if filters cannot test them."""
    plain = _without_dictionary(arrow_type)
    if _is_text(plain) or pa.types.is_null(plain):
        return Kind.CATEGORICAL
    if unit_of_arrow(plain) is not None:
        return Kind.ORDERED
    if pa.types.is_boolean(plain):
        return Kind.BOOLEAN
    if _is_list(plain):
        word = _without_dictionary(plain.value_type)
        return Kind.SET if _is_text(word) or pa.types.is_integer(word) else None
    return None


def unit_of_arrow(arrow_type: pa.DataType) -> Unit | None:
    """Return the unit of numbers of an Arrow type; None if it has no order."""
    types = pa.types
    if types.is_integer(arrow_type):
        return INTEGERS
    if types.is_floating(arrow_type):
        return Floats(arrow_type.bit_width)
    if types.is_decimal(arrow_type):
        return Decimals(arrow_type.scale)
    if types.is_date(arrow_type):
        return Dates()
    if types.is_timestamp(arrow_type):
        return Timestamps(arrow_type.unit)
    if types.is_time(arrow_type):
        return Times(arrow_type.unit)
    if types.is_duration(arrow_type):
        return Durations(arrow_type.unit)
    return None


def plain_array(array: pa.Array) -> pa.Array:
    """Return an array without a dictionary, with views as text, and with lists of any kind as large lists."""
    if pa.types.is_dictionary(array.type):
        # A dictionary stored with the data may repeat words, or contain words that no item has.
        array = array.dictionary_decode()
    if pa.types.is_string_view(array.type) or pa.types.is_null(array.type):
        return array.cast(pa.large_string())
    if _is_list(array.type) and not pa.types.is_large_list(array.type):
        return array.cast(pa.large_list(array.type.value_type))
    return array


def to_numpy(array: pa.Array, missing: int = 0) -> NDArray[Any]:
    """Return numbers or truth values, with `missing` in place of nulls.

    Arrow's `to_numpy` imports pandas, which costs every worker some 0.4 s.
    """
    if pa.types.is_boolean(array.type):
        return to_numpy(array.cast(pa.uint8()), missing).view(np.bool_)
    dtype = np.dtype(array.type.to_pandas_dtype())
    if len(array) == 0:
        return np.empty(0, dtype)
    values = np.frombuffer(array.buffers()[1], dtype, len(array), array.offset * dtype.itemsize)
    return np.where(to_numpy(array.is_valid()), values, np.asarray(missing, dtype)) if array.null_count else values


def numbers_of(array: pa.Array) -> NDArray[Any]:
    """Return float64 for floats; for the rest int64: what integers, decimals, dates, timestamps and the like store.

    Raises:
        OutOfRange: int64 cannot hold a value.
    """
    types = pa.types
    if types.is_floating(array.type):
        return to_numpy(array).astype(np.float64)
    if types.is_decimal(array.type):
        return _decimal_numbers(array)
    if types.is_date(array.type):
        return to_numpy(array.cast(pa.date32()).view(pa.int32())).astype(np.int64)
    if types.is_time32(array.type):
        return to_numpy(array.view(pa.int32())).astype(np.int64)
    numbers = to_numpy(array if types.is_integer(array.type) else array.view(pa.int64()))
    if types.is_uint64(array.type) and len(numbers) and numbers.max() > _GREATEST:
        raise OutOfRange(numbers.max())
    return numbers.astype(np.int64)


def _decimal_numbers(array: pa.Array) -> NDArray[np.int64]:
    """Return decimals without their point: the lowest 64 bits of each, whose sign all bits above must repeat."""
    words = array.type.byte_width // 8
    if words < 2:
        array, words = array.cast(pa.decimal128(38, array.type.scale)), 2
    if len(array) == 0:
        return np.empty(0, np.int64)
    stored = np.frombuffer(array.buffers()[1], "<i8", words * len(array), 8 * words * array.offset).reshape(-1, words)
    stored = np.where(to_numpy(array.is_valid())[:, None], stored, 0)
    wide = np.flatnonzero((stored[:, 1:] != stored[:, :1] >> 63).any(axis=1))
    if len(wide):
        raise OutOfRange(f"{array[int(wide[0])]} with {array.type.scale} decimal places")
    return stored[:, 0].astype(np.int64)


def _without_dictionary(arrow_type: pa.DataType) -> pa.DataType:
    return arrow_type.value_type if pa.types.is_dictionary(arrow_type) else arrow_type


def _is_text(arrow_type: pa.DataType) -> bool:
    types = pa.types
    return types.is_string(arrow_type) or types.is_large_string(arrow_type) or types.is_string_view(arrow_type)


def _is_list(arrow_type: pa.DataType) -> bool:
    types = pa.types
    return types.is_list(arrow_type) or types.is_large_list(arrow_type) or types.is_fixed_size_list(arrow_type)
