"""Masks: which items pass a filter. All code evaluates filters here, so that there is one definition of what passes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.filters import And, Everything, Filter, Not, Or, attributes_of
from bench.core.leaf import Leaf


def mask(filter_: Filter, attributes: Attributes, items: NDArray[np.int64] | None = None) -> NDArray[np.bool_]:
    """Return whether items pass a filter: bool[n] over all items, or one value for each id of `items` int64[m]."""
    count = attributes.n if items is None else len(items)
    match filter_:
        case Everything():
            return np.ones(count, np.bool_)
        case Leaf():
            return filter_.mask(attributes[filter_.attribute], items)
        case And(parts):
            passing = np.ones(count, np.bool_)
            for part in parts:
                passing &= mask(part, attributes, items)
            return passing
        case Or(parts):
            passing = np.zeros(count, np.bool_)
            for part in parts:
                passing |= mask(part, attributes, items)
            return passing
        case Not(part):
            return ~mask(part, attributes, items)


class FilterBatch:
    """The filters of several queries over one set of attributes; queries that share a filter share its mask.

    Attributes:
        filters: one filter per query.
        attributes: the items' attributes.
        unique: the distinct filters, in order of first appearance.
        index: int64[queries], the position in `unique` of each query's filter.
    """

    def __init__(self, filters: Sequence[Filter], attributes: Attributes) -> None:
        self.filters = tuple(filters)
        self.attributes = attributes
        position: dict[Filter, int] = {}
        self.index = np.array([position.setdefault(f, len(position)) for f in self.filters], np.int64)
        self.unique = tuple(position)
        self.index.flags.writeable = False

    def __len__(self) -> int:
        return len(self.filters)

    def part(self, rows: slice) -> FilterBatch:
        """Return the same filters over some of the items."""
        return FilterBatch(self.filters, self.attributes.part(rows, attributes_of(self.unique)))

    def mask(self, u: int) -> NDArray[np.bool_]:
        """Return bool[n] for the distinct filter `u`, evaluated anew."""
        return mask(self.unique[u], self.attributes)

    @cached_property
    def bitmaps(self) -> NDArray[np.uint8]:
        """uint8[len(unique), words * 8]: one bit per item, lowest bit first, rows padded to whole 64-bit words."""
        width = -(-self.attributes.n // 64) * 8
        bitmaps = np.zeros((len(self.unique), width), np.uint8)
        for u in range(len(self.unique)):
            bits = np.packbits(self.mask(u), bitorder="little")
            bitmaps[u, : len(bits)] = bits
        return bitmaps

    @property
    def words(self) -> NDArray[np.uint64]:
        """uint64[len(unique), words]: the bitmaps, with bit ``i % 64`` of word ``i // 64`` for item i."""
        return self.bitmaps.view(np.uint64)

    @cached_property
    def matches(self) -> NDArray[np.int64]:
        """int64[len(unique)]: how many items pass each distinct filter."""
        if "bitmaps" in self.__dict__:
            return np.bitwise_count(self.bitmaps).sum(axis=1, dtype=np.int64)
        return np.array([np.count_nonzero(self.mask(u)) for u in range(len(self.unique))], np.int64)

    def groups(self) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """Yield each distinct filter's position with the ascending numbers of the queries that carry it."""
        order = np.argsort(self.index, kind="stable")
        ends = np.cumsum(np.bincount(self.index, minlength=len(self.unique)))
        yield from enumerate(np.split(order, ends[:-1]) if len(self) else ())


def failing_of(filters: FilterBatch, ids: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Return bool[q, m], which of the ids [q, m] are not those of items that pass their query's filter."""
    failing = (ids < 0) | (ids >= filters.attributes.n)
    for u, rows in filters.groups():
        items = np.where(failing[rows], 0, ids[rows]).astype(np.int64)
        failing[rows] |= ~mask(filters.unique[u], filters.attributes, items.ravel()).reshape(items.shape)
    return failing
