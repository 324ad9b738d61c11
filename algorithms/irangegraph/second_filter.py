"""A second filter beside the range that the index serves: in-filtering and post-filtering (section 5).

In post-filtering a search walks through items that fail the second filter like any others. In in-filtering it follows
an edge to one that fails only at times: always from an item that passes, and with probability exp(-t) from the t-th
failing item in a row. The draw is a hash of the edge, so that answers depend on nothing but the query.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.filter import Bitmap, Bitmaps, Everything, filter_of, passes
from algorithms.kernels.policy import implements, operation
from algorithms.kernels.types import Accept, Item, Items, Policy
from bench.core.masks import FilterBatch


@operation
def follows(accept: Accept, node: Item, item: Item) -> bool:  # type: ignore[empty-body]
    """Return whether a search follows the edge from a node to an item."""


class Conjunctions(NamedTuple):
    """For every query a range of ranks and a second filter.

    Attributes:
        bounds: int64[q, 2], the first and the last rank that pass; first > last if none does.
        second: policy of `filter_of` that gives policies of `passes` and `follows`: `Everything` if there are only
            ranges, `Bitmaps` for post-filtering, or `InFiltering`.
    """

    bounds: NDArray[np.int64]
    second: Policy


class Conjunction(NamedTuple):
    """The ranks `first` to `last` pass where `second` does, a policy of `passes` and `follows`."""

    first: int
    last: int
    second: Accept


class InFiltering(NamedTuple):
    """In-filtering with the filters of `bitmaps`."""

    bitmaps: Bitmaps


class Followed(NamedTuple):
    """In-filtering for one query.

    Attributes:
        bitmap: what passes.
        streaks: uint8[at least n], for each failing item that the search followed an edge to, how many failing items in
            a row that makes.
    """

    bitmap: Bitmap
    streaks: NDArray[np.uint8]


@implements(filter_of, Conjunctions)
def filter_of_conjunctions(filters: Conjunctions, row: int) -> Conjunction:
    """Return the query's range and second filter."""
    return Conjunction(filters.bounds[row, 0], filters.bounds[row, 1], filter_of(filters.second, row))


@implements(filter_of, InFiltering)
def filter_of_in_filtering(filters: InFiltering, row: int) -> Followed:
    """Return the query's bitmap, without any streaks yet."""
    bitmap = filter_of(filters.bitmaps, row)
    return Followed(bitmap, np.zeros(64 * len(bitmap.words), np.uint8))


@implements(passes, Followed)
def passes_followed(accept: Followed, item: Item) -> bool:
    """Test the item's bit."""
    return passes(accept.bitmap, item)


@implements(follows, Everything)
def follows_everything(accept: Everything, node: Item, item: Item) -> bool:
    """Without a second filter, follow every edge."""
    return True


@implements(follows, Bitmap)
def follows_bitmap(accept: Bitmap, node: Item, item: Item) -> bool:
    """In post-filtering, follow every edge."""
    return True


@implements(follows, Followed)
def follows_followed(accept: Followed, node: Item, item: Item) -> bool:
    """In in-filtering, follow an edge to an item that fails the less often, the more in a row have failed."""
    if passes(accept.bitmap, item):
        return True
    streak = 0 if passes(accept.bitmap, node) else max(1, accept.streaks[node])  # at least 1 where a search starts
    mixed = ((np.uint64(node) << np.uint64(32)) | np.uint64(item)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    if np.float64(mixed >> np.uint64(40)) >= math.exp(-streak) * 2.0**24:
        return False
    accept.streaks[item] = min(streak + 1, 255)
    return True


def bitmaps_by_rank(filters: FilterBatch, order: Items) -> NDArray[np.uint64]:
    """Return the bitmaps of the distinct filters, uint64[filters, words], with the bits in another order.

    Args:
        filters: the filters.
        order: int32[n], the item of each bit.
    """
    bits = np.zeros((len(filters.unique), -(-len(order) // 64) * 64), np.bool_)
    for u in range(len(filters.unique)):
        bits[u, : len(order)] = filters.mask(u)[order]
    return np.packbits(bits, axis=1, bitorder="little").view(np.uint64)
