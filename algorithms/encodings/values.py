"""Attribute values and equality filters (EM, MEM) as small integers, for the methods that index values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bench.core.attributes import Attributes, Boolean, Categorical, Ordered
from bench.core.errors import BenchError
from bench.core.filters import Equals, FilterType, leaves, type_of
from bench.core.masks import FilterBatch

MISSING = -1
"""Among an item's values: it has none."""

ANY = -2
"""Among the values that a query wants: any value will do, a missing one too."""

NEVER = -3
"""Among the values that a query wants: a value that no item has."""

_Lookup: TypeAlias = Callable[[str | int | bool], int]


class Codebook:
    """The values of items in m attributes, and those that filters want, as codes counted from 0 in each attribute.

    Attributes:
        codes: int32[n, m], the items' values or `MISSING`.
    """

    codes: NDArray[np.int32]

    def __init__(self, attributes: Attributes, names: tuple[str, ...]) -> None:
        """Encode the attributes `names`, each categorical, ordered or boolean."""
        self._position = {name: a for a, name in enumerate(names)}
        self.codes = np.empty((attributes.n, len(names)), np.int32)
        self._lookups: list[_Lookup] = []
        for a, name in enumerate(names):
            self.codes[:, a], lookup = _encode(attributes, name)
            self._lookups.append(lookup)

    def wanted(self, filters: FilterBatch) -> NDArray[np.int32]:
        """Return int32[q, m], the codes that each query's filter wants: values, `ANY` or `NEVER`.

        Raises:
            BenchError: a filter is neither EM nor MEM.
        """
        rows = np.full((len(filters.unique), len(self._position)), ANY, np.int32)
        for row, filter_ in zip(rows, filters.unique, strict=True):
            if type_of(filter_) not in (FilterType.EM, FilterType.MEM):
                raise BenchError(f"{filter_} is a filter of type {type_of(filter_)}; only EM and MEM are served")
            for leaf in leaves(filter_):
                assert isinstance(leaf, Equals)
                a = self._position[leaf.attribute]
                code = self._lookups[a](leaf.value)
                # Two different values of one attribute contradict each other.
                row[a] = code if row[a] in (ANY, code) else NEVER
        return rows[filters.index]


def _encode(attributes: Attributes, name: str) -> tuple[NDArray[np.int32], _Lookup]:
    """Return a column's codes int32[n], and what turns a value into its code, or into `NEVER`."""
    column = attributes[name]
    match column:
        case Categorical():
            return column.codes, lambda value: column.code_of.get(str(value), NEVER)
        case Ordered() | Boolean():
            values, codes = np.unique(column.values, return_inverse=True)
            code_of = {value: code for code, value in enumerate(values.tolist())}
            return np.where(column.present, codes, MISSING), lambda value: code_of.get(value, NEVER)
    raise BenchError(f"attribute '{name}' is a set, and equality filters test a single value")
