"""Items in the order of one attribute, and ranges of its values as ranges of ranks: what methods for ranges index."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.columns import Ordered
from bench.core.errors import BenchError
from bench.core.filters import And, Between, Filter, type_of
from bench.core.masks import FilterBatch
from bench.core.units import Number

_LEAST, _GREATEST = -(2**63), 2**63 - 1
"""Of int64: NumPy compares integers beyond them as float64."""


class Ranks:
    """Items ranked by their values, and by their ids where values are equal.

    Items of equal value have consecutive ranks, and a range includes all of them or none, so their order never affects
    which items pass.

    Attributes:
        name: the attribute.
        order: int32[n], the item of each rank.
        values: int64[n] or float64[n], the value of each rank, ascending.
    """

    name: str
    order: NDArray[np.int32]
    values: NDArray[Any]

    def __init__(self, attributes: Attributes, names: tuple[str, ...]) -> None:
        """Rank the items by the only attribute in `names`.

        Raises:
            BenchError: `names` does not have exactly one name, the attribute is not ordered, or items lack a value.
        """
        if len(names) != 1:
            raise BenchError(f"ranks are over one attribute, and the workload filters on {len(names)}: {names}")
        self.name = names[0]
        column = attributes[self.name]
        if not isinstance(column, Ordered):
            raise BenchError(f"attribute '{self.name}' is {column.kind}, and ranges need an ordered one")
        missing = np.flatnonzero(~column.present)
        if len(missing):
            raise BenchError(
                f"attribute '{self.name}' has no value for {len(missing)} items, the first of them {missing[0]}; "
                "rank-based methods need a value for every item"
            )
        self.order = np.argsort(column.values, kind="stable").astype(np.int32)
        self.values = column.values[self.order]

    def insert_one(self, value: Number, item: int) -> int:
        """Insert an item, with an id above those of all items with an equal value; return its rank."""
        rank = int(np.searchsorted(self.values, value, "right"))
        self.values = np.insert(self.values, rank, value)
        self.order = np.insert(self.order, rank, np.int32(item))
        return rank

    def delete(self, rank: int | NDArray[np.int64]) -> None:
        """Remove the item of a rank, or of several ranks."""
        self.values, self.order = np.delete(self.values, rank), np.delete(self.order, rank)

    def insert(self, values: NDArray[Any]) -> NDArray[np.int32]:
        """Rank further items, whose ids follow those of the n items ranked so far.

        Args:
            values: int64[m] or float64[m], their values.

        Returns:
            int32[n + m], the rank that each item has now: first the n items by their previous rank, then the new ones.
        """
        ids = np.concatenate([self.order, np.arange(len(self.order), len(self.order) + len(values), dtype=np.int32)])
        all_values = np.concatenate([self.values, values])
        order = np.argsort(all_values, kind="stable")
        self.order, self.values = ids[order], all_values[order]
        ranks = np.empty(len(order), np.int32)
        ranks[order] = np.arange(len(order), dtype=np.int32)
        return ranks

    def intervals(self, filters: FilterBatch) -> NDArray[np.int64]:
        """Return int64[q, 2], the first and the last rank that pass each query's filter; first > last if none does.

        Raises:
            BenchError: a filter is not a range of this attribute.
        """
        rows = np.empty((len(filters.unique), 2), np.int64)
        for row, filter_ in zip(rows, filters.unique, strict=True):
            if not isinstance(filter_, Between) or filter_.attribute != self.name:
                raise BenchError(f"{filter_} is a filter of type {type_of(filter_)}; only R on '{self.name}' is served")
            row[:] = self._interval(filter_)
        return rows[filters.index]

    def split(self, filter_: Filter) -> tuple[tuple[int, int], Filter]:
        """Split a filter into the ranks that its ranges of this attribute pass, see `intervals`, and its other parts.

        Raises:
            BenchError: no part of the filter is a range of this attribute.
        """
        parts = filter_.parts if isinstance(filter_, And) else (filter_,)
        ranges = [part for part in parts if isinstance(part, Between) and part.attribute == self.name]
        if not ranges:
            raise BenchError(f"{filter_} has no range of '{self.name}', the attribute that the index ranks items by")
        firsts, lasts = zip(*map(self._interval, ranges), strict=True)
        return (max(firsts), min(lasts)), And(tuple(part for part in parts if part not in ranges))

    def _interval(self, filter_: Between) -> tuple[int, int]:
        """Return the first and the last rank in a range."""
        return interval_in(self.values, filter_)


def interval_in(values: NDArray[Any], filter_: Between) -> tuple[int, int]:
    """Return the first and the last position of a range among ascending values; first > last if it holds none."""
    low, high = filter_.low, filter_.high
    first = 0 if low is None else _position(values, low, "left" if filter_.ends[0] == "[" else "right")
    stop = len(values) if high is None else _position(values, high, "right" if filter_.ends[1] == "]" else "left")
    return first, stop - 1


def _position(values: NDArray[Any], bound: Number, side: Literal["left", "right"]) -> int:
    """Return the position that a value would get among ascending ones, before or behind those that equal it."""
    if values.dtype.kind == "i" and not _LEAST <= bound <= _GREATEST:
        return 0 if bound < _LEAST else len(values)
    return int(np.searchsorted(values, bound, side))
