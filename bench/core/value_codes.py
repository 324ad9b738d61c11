"""The values of a column as small integers, for whatever indexes values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.core.columns import Boolean, Categorical, Column, Ordered, Sets, Value


@dataclass(frozen=True)
class ValueCodes:
    """The values of a column as codes counted from 0.

    Attributes:
        items: int64[m], ascending: the items that have a value, each once per value.
        codes: int32[m], these values, ascending within an item.
        code_of: the code of every value, including words of a vocabulary that no item has.
    """

    items: NDArray[np.int64]
    codes: NDArray[np.int32]
    code_of: dict[Value, int]


def value_codes(column: Column) -> ValueCodes:
    """Encode a column: words by their vocabulary, other values by their rank among the distinct ones."""
    match column:
        case Categorical():
            items = np.flatnonzero(column.codes >= 0)
            return ValueCodes(items, column.codes[items], column.code_of)
        case Sets():
            items = np.repeat(np.arange(len(column)), np.diff(column.offsets))
            return ValueCodes(items, column.codes, column.code_of)
        case Ordered() | Boolean():
            items = np.flatnonzero(column.present)
            values, codes = np.unique(column.values[items], return_inverse=True)
            return ValueCodes(
                items, codes.astype(np.int32), {value: code for code, value in enumerate(values.tolist())}
            )
