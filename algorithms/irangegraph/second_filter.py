"""A second filter beside the range that an index is for: in-filtering and post-filtering (iRangeGraph, section 5).

With post-filtering, items that fail are walked through as any others. With in-filtering they are followed the less,
the more of them came one after the other: a step from an item that passes is always taken, one from the t-th failing
item in a row with probability exp(-t). Chance is a hash of the edge, so that answers depend on nothing but the query.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.filter import Bitmap, Everything, passes
from algorithms.kernels.policy import implements, operation
from bench.core.masks import FilterBatch


@operation
def filter_of(secondary: Any, query: Any, n: Any) -> Any:
    """Return the policy of `passes` and `follows` for a query over n items."""


@operation
def follows(accept: Any, node: Any, item: Any) -> Any:
    """Return whether a search follows the edge from a node to an item."""


class PostFiltering(NamedTuple):
    """Items that fail are walked through.

    Attributes:
        words: uint64[filters, words], the bitmaps of the filters, see `Bitmap`.
        rows: int64[q], each query's row of `words`.
    """

    words: NDArray[np.uint64]
    rows: NDArray[np.int64]


class InFiltering(NamedTuple):
    """Items that fail are walked through at times; the fields are those of `PostFiltering`."""

    words: NDArray[np.uint64]
    rows: NDArray[np.int64]


class Followed(NamedTuple):
    """In-filtering for one query.

    Attributes:
        filter: what passes.
        streaks: uint8[n], of the items met that fail, how many did in a row up to them.
    """

    filter: Bitmap
    streaks: NDArray[np.uint8]


@implements(filter_of, Everything)
def _(secondary: Any, query: Any, n: Any) -> Any:
    return secondary


@implements(filter_of, PostFiltering)
def _(secondary: Any, query: Any, n: Any) -> Any:
    return Bitmap(secondary.words[secondary.rows[query]])


@implements(filter_of, InFiltering)
def _(secondary: Any, query: Any, n: Any) -> Any:
    return Followed(Bitmap(secondary.words[secondary.rows[query]]), np.zeros(n, np.uint8))


@implements(passes, Followed)
def _(accept: Any, item: Any) -> Any:
    return passes(accept.filter, item)


@implements(follows, Everything)
def _(accept: Any, node: Any, item: Any) -> Any:
    return True


@implements(follows, Bitmap)
def _(accept: Any, node: Any, item: Any) -> Any:
    return True


@implements(follows, Followed)
def _(accept: Any, node: Any, item: Any) -> Any:
    if passes(accept.filter, item):
        return True
    streak = 0 if passes(accept.filter, node) else max(1, accept.streaks[node])  # at least 1 where a search starts
    mixed = ((np.uint64(node) << np.uint64(32)) | np.uint64(item)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    if np.float64(mixed >> np.uint64(40)) >= math.exp(-streak) * 2.0**24:
        return False
    accept.streaks[item] = min(streak + 1, 255)
    return True


def bitmaps_by_rank(filters: FilterBatch, order: NDArray[np.int32]) -> NDArray[np.uint64]:
    """Return the bitmaps of the distinct filters over items in another order, uint64[filters, words]."""
    bits = np.zeros((len(filters.unique), -(-len(order) // 64) * 64), np.bool_)
    for u in range(len(filters.unique)):
        bits[u, : len(order)] = filters.mask(u)[order]
    return np.packbits(bits, axis=1, bitorder="little").view(np.uint64)
