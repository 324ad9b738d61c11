"""Items in the order of one attribute, and ranges of its values as ranges of ranks: what methods for ranges index."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.attributes import Attributes, Ordered
from bench.errors import BenchError
from bench.filters import Between, FilterBatch, type_of


class Ranks:
    """The items by rank: in the order of their values, and of their ids where values are equal.

    Equal values stand together, and a range takes all of them or none, so that their order decides no answer.

    Attributes:
        order: int32[n], the item of each rank.
        values: int64[n], its value, ascending.
    """

    order: NDArray[np.int32]
    values: NDArray[np.int64]

    def __init__(self, attributes: Attributes, names: tuple[str, ...]) -> None:
        """Rank the items by the one attribute of `names`.

        Raises:
            BenchError: there is not one name, the attribute is not ordered, or items have no value.
        """
        if len(names) != 1:
            raise BenchError(f"ranges are over one attribute, and the workload filters on {len(names)}: {names}")
        self._name = names[0]
        column = attributes[self._name]
        if not isinstance(column, Ordered):
            raise BenchError(f"attribute '{self._name}' is {column.kind}, and ranges need an ordered one")
        missing = np.flatnonzero(~column.present)
        if len(missing):
            raise BenchError(
                f"attribute '{self._name}' has no value for {len(missing)} items, the first of them {missing[0]}; "
                "rank-based methods need a value for every item"
            )
        self.order = np.argsort(column.values, kind="stable").astype(np.int32)
        self.values = column.values[self.order]

    def intervals(self, filters: FilterBatch) -> NDArray[np.int64]:
        """Return int64[q, 2], the first and the last rank that pass each query's filter; first > last if none does.

        Raises:
            BenchError: a filter is no range of this attribute.
        """
        rows = np.empty((len(filters.unique), 2), np.int64)
        for row, filter_ in zip(rows, filters.unique, strict=True):
            if not isinstance(filter_, Between) or filter_.attribute != self._name:
                raise BenchError(
                    f"{filter_} is a filter of type {type_of(filter_)}; only R on '{self._name}' is served"
                )
            low, high = filter_.low, filter_.high
            row[0] = 0 if low is None else np.searchsorted(self.values, low, "left")
            row[1] = (len(self.values) if high is None else np.searchsorted(self.values, high, "right")) - 1
        return rows[filters.index]
