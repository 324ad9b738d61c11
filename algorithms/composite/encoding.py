"""The attributes of an index as labels and as ranks, and tests of one attribute in these terms.

An attribute with sets, words, truth values or few numbers gives every item *labels*, one more of them to the items that
have no value. An attribute with many numbers gives every item a *rank*, the last ranks to the items that have no value.
So whatever tests one attribute passes the items of some labels or of some intervals of ranks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from algorithms.encodings.labels import Labels
from algorithms.encodings.ranks import interval_in
from algorithms.kernels.csr import Csr, csr_of_pairs, offsets
from algorithms.kernels.types import Items
from bench.core.attributes import Attributes
from bench.core.columns import Ordered, Sets, Value
from bench.core.filters import Between, Contains, Equals, In, IsNull
from bench.core.leaf import Leaf
from bench.core.value_codes import value_codes

LABEL, RANKS, ALL = range(3)
"""What a term refers to: the items of a label, those of an interval of ranks, or all items."""

Term: TypeAlias = tuple[int, int, int, int]
"""A kind; the label, or the ranked attribute; the first and the last rank, or 0 and 0."""


@dataclass(frozen=True)
class _Labelled:
    """An attribute whose values are labels.

    Attributes:
        first: its first label.
        code_of: the code of each value, counted from that label.
        numbers: of numbers, the distinct ones, ascending, as their codes are; None for others.
        holds_sets: whether an item may have several of its labels.
    """

    first: int
    code_of: dict[Value, int]
    numbers: NDArray[Any] | None
    holds_sets: bool

    @property
    def missing(self) -> int:
        """The label of the items that have no value, which is its last one."""
        return self.first + len(self.code_of)

    def labels_of(self, leaf: Leaf) -> list[int]:
        """Return the labels whose items pass, ascending."""
        match leaf:
            case IsNull():
                return [self.missing]
            case Between():
                assert self.numbers is not None
                first, last = interval_in(self.numbers, leaf)
                return list(range(self.first + first, self.first + last + 1))
            case In(choices=values):
                return sorted({self.first + self.code_of[value] for value in values if value in self.code_of})
            case Equals(value=value) | Contains(value=value):
                return [self.first + self.code_of[value]] if value in self.code_of else []
        raise TypeError(f"{leaf} is not a test of labels")

    def others(self, labels: list[int]) -> list[int]:
        """Return the labels of the attribute but for some."""
        return sorted({*range(self.first, self.missing + 1)} - {*labels})


@dataclass(frozen=True)
class _Ranked:
    """An attribute whose values are ranked: `number` among them, with its `values` ascending, of the items with one."""

    number: int
    values: NDArray[Any]
    n: int

    def intervals_of(self, leaf: Leaf) -> list[tuple[int, int]]:
        """Return the intervals of ranks that pass, disjoint and ascending, none of them empty."""
        match leaf:
            case IsNull():
                intervals = [(len(self.values), self.n - 1)]
            case Between():
                intervals = [interval_in(self.values, leaf)]
            case In(attribute, choices):
                intervals = [interval_in(self.values, Between(attribute, value, value)) for value in set(choices)]
            case Equals(attribute, value):
                intervals = [interval_in(self.values, Between(attribute, value, value))]
            case _:
                raise TypeError(f"{leaf} is not a test of numbers")
        return sorted((first, last) for first, last in intervals if first <= last)

    def others(self, intervals: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return what is between, before and behind some intervals."""
        edges = [(-1, -1), *intervals, (self.n, self.n)]
        gaps = [(before[1] + 1, after[0] - 1) for before, after in pairwise(edges)]
        return [(first, last) for first, last in gaps if first <= last]


@dataclass(frozen=True)
class Encoding:
    """The attributes of n items.

    Attributes:
        labels: of all attributes with labels together: the labels of each item, ascending.
        size: how many labels there are.
        order: int32[ranked attributes, n], the items by rank.
        ranks: the same shape, the rank of every item.
        keys: int64[attributes, n], numbers by which items are in the order of each attribute.
    """

    labels: Labels
    size: int
    order: NDArray[np.int32]
    ranks: NDArray[np.int32]
    keys: NDArray[np.int64]
    _columns: dict[str, _Labelled | _Ranked]

    @cached_property
    def places(self) -> tuple[tuple[int, range], ...]:
        """The kind of the terms of each attribute, and its labels or its place among the ranked attributes."""
        return tuple(
            (LABEL, range(column.first, column.missing + 1))
            if isinstance(column, _Labelled)
            else (RANKS, range(column.number, column.number + 1))
            for column in self._columns.values()
        )

    def attribute_of(self, term: Term) -> int:
        """Return the place among all attributes of the one that a term is of."""
        return next(i for i, (kind, which) in enumerate(self.places) if term[0] == kind and term[1] in which)

    @cached_property
    def postings(self) -> Csr:
        """The inverted lists: of each label the items that have it, ascending."""
        items = np.repeat(np.arange(len(self.labels.offsets) - 1), np.diff(self.labels.offsets))
        return csr_of_pairs(self.labels.codes, items, self.size)

    def terms_of(self, leaf: Leaf, *, negated: bool) -> tuple[list[Term], bool] | None:
        """Return terms of which an item passes one at least if it passes a test of one attribute, or fails it.

        Returns:
            the terms, and whether they are disjoint; None where there are none: the attribute is not encoded, or
            holds sets, of which other labels say nothing.
        """
        column = self._columns.get(leaf.attribute)
        if column is None or (negated and isinstance(column, _Labelled) and column.holds_sets):
            return None
        if isinstance(column, _Labelled):
            labels = column.labels_of(leaf)
            labels = column.others(labels) if negated else labels
            return [(LABEL, label, 0, 0) for label in labels], not column.holds_sets or len(labels) <= 1
        intervals = column.intervals_of(leaf)
        intervals = column.others(intervals) if negated else intervals
        return [(RANKS, column.number, first, last) for first, last in intervals], True

    def size_of(self, term: Term) -> int:
        """Return how many items a term has."""
        kind, which, first, last = term
        if kind == RANKS:
            return last - first + 1
        return int(self.postings.starts[which + 1] - self.postings.starts[which])

    def items_of(self, term: Term) -> Items:
        """Return the items of a term, each once."""
        kind, which, first, last = term
        if kind == ALL:
            return np.arange(first, last + 1, dtype=np.int32)
        if kind == RANKS:
            return self.order[which, first : last + 1]
        return self.postings.ids[self.postings.starts[which] : self.postings.starts[which + 1]]


def encode(attributes: Attributes, names: tuple[str, ...], few: int) -> Encoding:
    """Encode attributes of any kind; each number is a label where there are no more than `few` distinct ones."""
    n = attributes.n
    columns: dict[str, _Labelled | _Ranked] = {}
    holders, codes = [np.empty(0, np.int64)], [np.empty(0, np.int32)]
    orders: list[Items] = []
    keys: list[NDArray[np.int64]] = []
    size = 0
    for name in names:
        column = attributes[name]
        if isinstance(column, Ordered) and len(np.unique(column.values[column.present])) > few:
            order = np.lexsort((column.values, ~column.present)).astype(np.int32)
            columns[name] = _Ranked(len(orders), column.values[order[: np.count_nonzero(column.present)]], n)
            orders.append(order)
            keys.append(np.argsort(order))
            continue
        encoded = value_codes(column)
        numbers = np.array(list(encoded.code_of)) if isinstance(column, Ordered) else None
        columns[name] = labelled = _Labelled(size, encoded.code_of, numbers, isinstance(column, Sets))
        missing = np.flatnonzero(~column.present)
        holders += [encoded.items, missing]
        codes += [encoded.codes + np.int32(size), np.full(len(missing), labelled.missing, np.int32)]
        size = labelled.missing + 1
        keys.append(np.full(n, labelled.missing))
        keys[-1][encoded.items[::-1]] = encoded.codes[::-1]  # of several labels the first
    items = np.concatenate(holders)
    by_item = np.argsort(items, kind="stable")  # later attributes have larger labels, so each row is ascending
    labels = Labels(offsets(np.bincount(items, minlength=n)), np.concatenate(codes)[by_item])
    order = np.array(orders, np.int32).reshape(len(orders), n)
    ranks = np.argsort(order, axis=1).astype(np.int32)
    return Encoding(labels, size, order, ranks, np.array(keys, np.int64).reshape(len(keys), n), columns)
