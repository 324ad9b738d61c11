"""The values of one ordered attribute, and ranges of them, as programs read them.

Each is in the attribute's units or as ranks: an item's place, from 0, among all items sorted by value, then by id.
Items without a value come last, and have the greatest value plus one: ranges are cut to the values that there are, so
that no range holds them.

==============  =====================================================================
units, ranks    a line per item with its value; a line ``lo hi`` per query, both ends
                included
units:int32,    the same numbers as int32, one after the other, without a header
ranks:int32
==============  =====================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.columns import Ordered
from bench.core.errors import BenchError
from bench.core.filters import Between, Filter
from bench.core.units import Number

RANGE_FORMATS = ("units", "ranks", "units:int32", "ranks:int32")


class SortedItems:
    """Items sorted by an ordered attribute.

    Attributes:
        order: int64[n], the item of each rank, those without a value last.
        values: int64[m] or float64[m], the value of each rank that has one, ascending.
    """

    order: NDArray[np.int64]
    values: NDArray[Any]

    def __init__(self, attributes: Attributes, names: Sequence[str]) -> None:
        """Sort the items by the only attribute in `names`.

        Raises:
            BenchError: there are several names, or the attribute is not ordered.
        """
        if len(names) != 1:
            raise BenchError(f"items are sorted by one attribute, and the workload filters on {len(names)}")
        column = attributes[names[0]]
        if not isinstance(column, Ordered):
            raise BenchError(f"items are sorted by an ordered attribute, and '{names[0]}' is {column.kind}")
        self.order = np.lexsort((column.values, ~column.present))
        self.values = column.values[self.order[: np.count_nonzero(column.present)]]

    def of_items(self, form: str) -> NDArray[np.int64]:
        """Return int64[n], the value of each item in a format, in the items' order.

        Raises:
            BenchError: the format has whole numbers, and the values are others.
        """
        self._check(form)
        values = np.arange(len(self.order))
        if not form.startswith("ranks"):
            values[:] = self.values[-1] + 1 if len(self.values) else 0
            values[: len(self.values)] = self.values
        of_items = np.empty_like(values)
        of_items[self.order] = values
        return of_items

    def _check(self, form: str) -> None:
        if form.startswith("units") and self.values.dtype.kind == "f":
            raise BenchError(
                f"the format '{form}' has whole numbers, but the attribute has floats; write ranks instead"
            )

    def ranges(self, filters: Sequence[Filter], form: str) -> NDArray[np.int64]:
        """Return int64[q, 2], the ends of the range that each filter passes; the first is greater if none does.

        Raises:
            BenchError: the format has whole numbers, and the values are others.
        """
        self._check(form)
        rows = np.empty((len(filters), 2), np.int64)
        for row, filter_ in zip(rows, filters, strict=True):
            assert isinstance(filter_, Between)
            low, high = filter_.low, filter_.high
            first = 0 if low is None else _rank(self.values, low, "left" if filter_.ends[0] == "[" else "right")
            last = "right" if filter_.ends[1] == "]" else "left"
            stop = len(self.values) if high is None else _rank(self.values, high, last)
            if first >= stop:
                row[:] = 1, 0
            elif form.startswith("ranks"):
                row[:] = first, stop - 1
            else:  # the ends that have items
                row[:] = self.values[first], self.values[stop - 1]
        return rows


def _rank(values: NDArray[Any], value: Number, side: str) -> int:
    """Return how many values are below `value`, or not above it if `side` is ``right``; it may be beyond int64."""
    if values.dtype.kind == "i" and not -(2**63) <= value < 2**63:
        return 0 if value < 0 else len(values)
    return int(np.searchsorted(values, value, side))  # type: ignore[call-overload]


def write_numbers(path: Path, numbers: NDArray[np.int64], form: str) -> None:
    """Write the values of items int64[n], or ranges int64[q, 2], in one of `RANGE_FORMATS`.

    Raises:
        BenchError: a number does not fit into int32.
    """
    if not form.endswith(":int32"):
        np.savetxt(path, numbers, "%d")
        return
    limits = np.iinfo(np.int32)
    if numbers.size and (numbers.min() < limits.min or numbers.max() > limits.max):
        raise BenchError(f"a value of the attribute does not fit into int32; write {form.partition(':')[0]} instead")
    numbers.astype(np.int32).tofile(path)
