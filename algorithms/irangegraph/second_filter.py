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

from algorithms.kernels.beam import Scratch
from algorithms.kernels.filter import Bitmap, Bitmaps, Everything, filter_of, passes
from algorithms.kernels.policy import implements, operation
from algorithms.kernels.types import Accept, Item, Items, Policy
from algorithms.kernels.visited import Visited
from bench.core.masks import FilterBatch


@operation
def begin_following(accept: Accept, visited: Visited, scratch: Scratch) -> Accept:  # type: ignore[empty-body]
    """Return a query's second filter as a policy of `passes` and `follows` for the search that was begun."""


@operation
def follows(accept: Accept, node: Item, item: Item) -> bool:  # type: ignore[empty-body]
    """Return whether a search follows the edge from a node to an item."""


class Conjunctions(NamedTuple):
    """For every query a range of ranks and a second filter.

    Attributes:
        bounds: int64[q, 2], the first and the last rank that pass; first > last if none does.
        second: policy of `filter_of` that gives policies of `passes` and `begin_following`: `Everything` if there are
            only ranges, `Bitmaps` for post-filtering, or `InFiltering`.
    """

    bounds: NDArray[np.int64]
    second: Policy


class Conjunction(NamedTuple):
    """The ranks `first` to `last` pass where `second` does, a policy of `passes` and `begin_following`."""

    first: int
    last: int
    second: Accept


class InFiltering(NamedTuple):
    """In-filtering with the filters of `bitmaps`."""

    bitmaps: Bitmaps


class InFiltered(NamedTuple):
    """In-filtering for one query, for which `bitmap` passes."""

    bitmap: Bitmap


class Followed(NamedTuple):
    """In-filtering in one search.

    Attributes:
        bitmap: what passes.
        streaks: int64[n]; of each failing item that the search followed an edge to, how many failing items in a row
            that makes, above the search's epoch. What other searches left has another epoch.
        epoch: see `Visited`.
    """

    bitmap: Bitmap
    streaks: NDArray[np.int64]
    epoch: np.uint32


@implements(filter_of, Conjunctions)
def filter_of_conjunctions(filters: Conjunctions, row: int) -> Conjunction:
    """Return the query's range and second filter."""
    return Conjunction(filters.bounds[row, 0], filters.bounds[row, 1], filter_of(filters.second, row))


@implements(filter_of, InFiltering)
def filter_of_in_filtering(filters: InFiltering, row: int) -> InFiltered:
    """Return the query's bitmap."""
    return InFiltered(filter_of(filters.bitmaps, row))


@implements(begin_following, Everything)
def begin_following_everything(accept: Everything, visited: Visited, scratch: Scratch) -> Everything:
    """Without a second filter there is nothing to remember."""
    return accept


@implements(begin_following, Bitmap)
def begin_following_bitmap(accept: Bitmap, visited: Visited, scratch: Scratch) -> Bitmap:
    """In post-filtering there is nothing to remember."""
    return accept


@implements(begin_following, InFiltered)
def begin_following_in_filtered(accept: InFiltered, visited: Visited, scratch: Scratch) -> Followed:
    """Keep the streaks in a list that searches leave alone."""
    return Followed(accept.bitmap, scratch.chosen, visited.epoch)


@implements(passes, InFiltered)
def passes_in_filtered(accept: InFiltered, item: Item) -> bool:
    """Test the item's bit."""
    return passes(accept.bitmap, item)


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
    streak = 0
    if not passes(accept.bitmap, node):
        noted = accept.streaks[node]
        streak = noted & 0xFF if noted >> 8 == accept.epoch else 1  # an item where the search started has no note
    mixed = ((np.uint64(node) << np.uint64(32)) | np.uint64(item)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    if np.float64(mixed >> np.uint64(40)) >= math.exp(-streak) * 2.0**24:
        return False
    accept.streaks[item] = np.int64(accept.epoch) << 8 | min(streak + 1, 255)
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
