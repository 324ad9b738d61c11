"""Labels as programs read them: those of the items, and those that an item must have to pass a filter.

A label is one value of one attribute. Labels are counted from 1 in order of their frequency: the most frequent one is
1. Where a line must not be empty, an item without a value has the label after the last, for which no filter asks.

========  =============================================================================
text      a line per item: its labels, separated by commas, as DiskANN and UNG read them
integers  a line per item: its only label, 0 where it has none
spmat     a sparse matrix by rows, as of big-ann-benchmarks: int64 rows, columns and
          non-zeros, int64 offsets, int32 columns counted from 0, float32 ones
========  =============================================================================
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.columns import Value
from bench.core.filters import Contains, Equals, Filter, leaves
from bench.core.leaf import FilterType
from bench.core.value_codes import value_codes

_EACH = (FilterType.EM, FilterType.EMIS, FilterType.MEM, FilterType.MEMIS)
LABEL_FORMATS: dict[str, tuple[FilterType, ...]] = {"text": _EACH, "integers": (FilterType.EM,), "spmat": _EACH}
"""The formats of labels, with the filter types that they express."""

Rows = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Labels of rows: row i has ``labels[offsets[i]:offsets[i + 1]]``."""


class ItemLabels:
    """The labels of n items in some attributes.

    Attributes:
        size: the greatest label.
        rows: offsets int64[n + 1] and labels int64[*], ascending within an item.
    """

    def __init__(self, attributes: Attributes, names: Iterable[str]) -> None:
        """Number the values of the attributes `names`.

        Raises:
            BenchError: there is no attribute of one of these names.
        """
        self._label_of: dict[tuple[str, Value], int] = {}
        values: list[tuple[str, Value]] = []
        holders, codes = [], []
        for name in names:
            column = value_codes(attributes[name])
            holders.append(column.items)
            codes.append(column.codes.astype(np.int64) + len(values))
            values += [(name, value) for value in sorted(column.code_of, key=column.code_of.__getitem__)]
        items = np.concatenate([np.empty(0, np.int64), *holders])
        labels = np.concatenate([np.empty(0, np.int64), *codes])
        counts = np.bincount(labels, minlength=len(values))
        by_frequency = np.argsort(-counts, kind="stable")
        self.size = int(np.count_nonzero(counts))
        number = np.empty(len(values), np.int64)
        number[by_frequency] = np.arange(1, len(values) + 1)
        self._label_of = {values[code]: int(number[code]) for code in by_frequency[: self.size]}
        order = np.lexsort((number[labels], items))
        offsets = np.zeros(attributes.n + 1, np.int64)
        np.cumsum(np.bincount(items, minlength=attributes.n), out=offsets[1:])
        self.rows: Rows = offsets, number[labels[order]]

    def wanted(self, filters: Iterable[Filter]) -> list[list[int] | None]:
        """Return the labels that each filter asks for; None where some item would need a value that none has."""
        wanted: list[list[int] | None] = []
        for filter_ in filters:
            labels = [self._label(leaf) for leaf in leaves(filter_) if isinstance(leaf, Equals | Contains)]
            wanted.append(None if 0 in labels else sorted(set(labels)))
        return wanted

    def _label(self, leaf: Equals | Contains) -> int:
        return self._label_of.get((leaf.attribute, leaf.value), 0)


def rows_of(lists: Iterable[Iterable[int]]) -> Rows:
    """Return lists of labels as rows."""
    arrays = [np.array(list(labels), np.int64) for labels in lists]
    offsets = np.zeros(len(arrays) + 1, np.int64)
    np.cumsum([len(labels) for labels in arrays], out=offsets[1:])
    return offsets, np.concatenate([np.empty(0, np.int64), *arrays])


def in_order(rows: Rows, order: NDArray[np.integer]) -> Rows:
    """Return some of the rows, in an order."""
    offsets, labels = rows
    return rows_of(labels[offsets[i] : offsets[i + 1]] for i in order)


def write_labels(path: Path, rows: Rows, size: int, form: str) -> None:
    """Write the labels of items, or those that queries ask for, in one of `LABEL_FORMATS`; `size` is the greatest."""
    offsets, labels = rows
    if form == "spmat":
        _write_spmat(path, rows, size)
        return
    empty = "0" if form == "integers" else str(size + 1)
    bounds = offsets.tolist()
    words = list(map(str, labels.tolist()))
    with path.open("w") as file:
        for start, stop in itertools.pairwise(bounds):
            file.write((",".join(words[start:stop]) or empty) + "\n")


def _write_spmat(path: Path, rows: Rows, size: int) -> None:
    offsets, labels = rows
    with path.open("wb") as file:
        np.array([len(offsets) - 1, size, len(labels)], np.int64).tofile(file)
        offsets.tofile(file)
        (labels - 1).astype(np.int32).tofile(file)
        np.ones(len(labels), np.float32).tofile(file)
