"""Which items a search may return.

The filters of a batch of queries are a policy of `filter_of`, which gives the filter of one query. Methods that
test items give the walk a policy of `passes`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.jit import part
from algorithms.kernels.policy import implements, operation
from algorithms.kernels.types import Accept, Item, Policy
from bench.core.masks import FilterBatch


@operation
def passes(accept: Accept, item: Item) -> bool:  # type: ignore[empty-body]
    """Return whether a search may return an item; one that fails is still walked through."""


@operation
def filter_of(filters: Policy, row: int) -> Any:
    """Return the filter of query `row` among those of a batch."""


class Everything(NamedTuple):
    """Every item passes."""


class Bitmap(NamedTuple):
    """The items whose bit is set pass.

    Attributes:
        words: uint64[ceil(n / 64)], bit ``i % 64`` of word ``i // 64`` for item i: a row of `FilterBatch.words`.
    """

    words: NDArray[np.uint64]


class Bitmaps(NamedTuple):
    """A bitmap for every query.

    Attributes:
        words: uint64[filters, words], the bitmaps of the distinct filters, see `Bitmap`.
        rows: int64[q], each query's row of `words`.
    """

    words: NDArray[np.uint64]
    rows: NDArray[np.int64]


class Living(NamedTuple):
    """The items that are not `deleted`, bool[n], pass."""

    deleted: NDArray[np.bool_]


class Selections(NamedTuple):
    """The filters of a batch.

    Attributes:
        words: uint64[u, ceil(n / 64)], the items that pass each distinct filter, see `Bitmap`.
        matches: int64[u], how many they are.
        which: int64[q], the filter of each query.
    """

    words: NDArray[np.uint64]
    matches: NDArray[np.int64]
    which: NDArray[np.int64]


class Selection(NamedTuple):
    """The filter of a query, and how many items pass it."""

    bitmap: Bitmap
    matches: int


class Intervals(NamedTuple):
    """A range of ranks for every query.

    Attributes:
        bounds: int64[q, 2], the first and the last rank that pass; first > last if none does.
    """

    bounds: NDArray[np.int64]


class Interval(NamedTuple):
    """The ranks `first` to `last` pass; none does if `first` is above `last`."""

    first: int
    last: int


@implements(passes, Everything)
def passes_everything(accept: Everything, item: Item) -> bool:
    """Every item passes."""
    return True


@implements(passes, Bitmap)
def passes_bitmap(accept: Bitmap, item: Item) -> bool:
    """Test the item's bit."""
    at = np.uint32(item)
    return (accept.words[at >> np.uint32(6)] >> np.uint64(at & np.uint32(63))) & np.uint64(1) != 0


@implements(passes, Living)
def passes_living(accept: Living, item: Item) -> bool:
    """Look the item up."""
    return not accept.deleted[item]


@part
def next_passing(accept: Bitmap, item: Item) -> Item:
    """Return the first item from a given one on that passes; the number of bits if there is none."""
    bits = 64 * len(accept.words)
    while item < bits and not passes(accept, item):
        item = item + 1 if accept.words[item >> 6] != 0 else (item | 63) + 1
    return item


@implements(filter_of, Everything)
def filter_of_everything(filters: Everything, row: int) -> Everything:
    """No query has a filter."""
    return filters


@implements(filter_of, Bitmaps)
def filter_of_bitmaps(filters: Bitmaps, row: int) -> Bitmap:
    """Return the query's bitmap."""
    return Bitmap(filters.words[filters.rows[row]])


@implements(filter_of, Selections)
def filter_of_selections(filters: Selections, row: int) -> Selection:
    """Return the query's filter."""
    which = filters.which[row]
    return Selection(Bitmap(filters.words[which]), filters.matches[which])


@implements(filter_of, Intervals)
def filter_of_intervals(filters: Intervals, row: int) -> Interval:
    """Return the query's range."""
    return Interval(filters.bounds[row, 0], filters.bounds[row, 1])


def selections_of(filters: FilterBatch) -> Selections:
    """Evaluate the filters of a batch."""
    return Selections(filters.words, filters.matches, filters.index)
