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
from algorithms.kernels.types import Accept, Item, Items, Keys, Policy
from algorithms.kernels.visited import Visited
from bench.core.masks import FilterBatch


@operation
def follows(accept: Accept, node: Item, item: Item, visited: Visited, notes: Keys) -> bool:  # type: ignore[empty-body]
    """Return whether a search follows the edge from a node to an item.

    `notes`, int64[n], is for what the body remembers of items from one call to the next in a search.
    """


class Conjunctions(NamedTuple):
    """For every query a range of ranks and a second filter.

    Attributes:
        bounds: int64[q, 2], the first and the last rank that pass; first > last if none does.
        second: policy of `filter_of` that gives policies of `passes` and `follows`: `Everything` if there are
            only ranges, `Bitmaps` for post-filtering, or `InFiltering`.
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


class InFiltered(NamedTuple):
    """In-filtering for one query, for which `bitmap` passes."""

    bitmap: Bitmap


@implements(filter_of, Conjunctions)
def filter_of_conjunctions(filters: Conjunctions, row: int) -> Conjunction:
    """Return the query's range and second filter."""
    return Conjunction(filters.bounds[row, 0], filters.bounds[row, 1], filter_of(filters.second, row))


@implements(filter_of, InFiltering)
def filter_of_in_filtering(filters: InFiltering, row: int) -> InFiltered:
    """Return the query's bitmap."""
    return InFiltered(filter_of(filters.bitmaps, row))


@implements(passes, InFiltered)
def passes_in_filtered(accept: InFiltered, item: Item) -> bool:
    """Test the item's bit."""
    return passes(accept.bitmap, item)


@implements(follows, Everything)
def follows_everything(accept: Everything, node: Item, item: Item, visited: Visited, notes: Keys) -> bool:
    """Without a second filter, follow every edge."""
    return True


@implements(follows, Bitmap)
def follows_bitmap(accept: Bitmap, node: Item, item: Item, visited: Visited, notes: Keys) -> bool:
    """In post-filtering, follow every edge."""
    return True


@implements(follows, InFiltered)
def follows_in_filtered(accept: InFiltered, node: Item, item: Item, visited: Visited, notes: Keys) -> bool:
    """In in-filtering, follow an edge to an item that fails the less often, the more in a row have failed.

    The note on a failing item is how many in a row that makes, in the lowest 8 bits, and above them the epoch of the
    search, as other searches left notes too.
    """
    if passes(accept, item):
        return True
    streak = 0
    if not passes(accept, node):
        note = notes[node]
        streak = note & 0xFF if note >> 8 == visited.epoch else 1  # an item where the search started has no note
    mixed = ((np.uint64(node) << np.uint64(32)) | np.uint64(item)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    if np.float64(mixed >> np.uint64(40)) >= math.exp(-streak) * 2.0**24:
        return False
    notes[item] = np.int64(visited.epoch) << 8 | min(streak + 1, 255)
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
