"""Attribute values and equality filters (EM, MEM) as small integers, for the methods that index values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.columns import Sets, Value
from bench.core.errors import BenchError
from bench.core.filters import Equals, leaves, type_of
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from bench.core.value_codes import value_codes

MISSING = -1
"""In place of an item's value: it has none."""

ANY = -2
"""In place of the value that a query wants: any value will do, a missing one too."""

NEVER = -3
"""In place of the value that a query wants: no item has it."""


class Codebook:
    """The values of items in m attributes, and those that filters want, as codes counted from 0 in each attribute.

    Attributes:
        codes: int32[n, m], the items' values or `MISSING`.
    """

    codes: NDArray[np.int32]

    def __init__(self, attributes: Attributes, names: tuple[str, ...]) -> None:
        """Encode the attributes `names`, each categorical, ordered or boolean.

        Raises:
            BenchError: an attribute holds sets.
        """
        self._position = {name: a for a, name in enumerate(names)}
        self._code_of: list[dict[Value, int]] = []
        self.codes = np.full((attributes.n, len(names)), MISSING, np.int32)
        for a, name in enumerate(names):
            column = attributes[name]
            if isinstance(column, Sets):
                raise BenchError(
                    f"attribute '{name}' holds sets, and equality filters test a single value; "
                    "use a method that serves EMIS"
                )
            encoded = value_codes(column)
            self.codes[encoded.items, a] = encoded.codes
            self._code_of.append(encoded.code_of)

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
                code = self._code_of[a].get(leaf.value, NEVER)
                # Two different values of one attribute contradict each other.
                row[a] = code if row[a] in (ANY, code) else NEVER
        return rows[filters.index]
