"""Post-filtering: search without the filter, drop what fails it, and widen until enough passes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.base import Algorithm, param
from bench.core.masks import FilterBatch


@dataclass(frozen=True)
class WideningSearch:
    """Search parameters of post-filtering."""

    ef: int = param(64, "candidates to begin with, k if that is more; doubled until k of them pass", low=1)
    max_candidates: int = param(10_000, "candidates at most, whatever ef is", low=1)


class PostFilter(Algorithm, ABC):
    """Searches its index without the filter, drops what fails, and searches wider where too few are left."""

    SearchParams = WideningSearch

    @abstractmethod
    def nearest(
        self, queries: NDArray[np.float32], width: int, threads: int
    ) -> tuple[NDArray[np.integer[Any]], int | None]:
        """Return the items nearest to each query, whether or not they pass, and how many distances were computed.

        Returns:
            int[q, width], -1 where it finds fewer; and the count, None if the index does not count.
        """

    def prepare(self, filters: FilterBatch) -> FilterBatch:
        """Evaluate the filters, so that a search only tests bits."""
        filters.bitmaps  # noqa: B018  (cached on the batch)
        filters.matches  # noqa: B018
        return filters

    def search(
        self, queries: NDArray[np.float32], prepared: Any, k: int, params: WideningSearch, threads: int
    ) -> NDArray[Any]:
        """See `Algorithm.search`."""
        counts: list[int | None] = []

        def nearest(rows: NDArray[np.int64], width: int) -> NDArray[np.integer[Any]]:
            ids, computed = self.nearest(queries[rows], width, threads)
            counts.append(computed)
            return ids

        ids = search_widening(nearest, prepared, k, params.ef, params.max_candidates)
        self.distance_computations = None if None in counts else sum(filter(None, counts))
        return ids


def search_widening(
    nearest: Callable[[NDArray[np.int64], int], NDArray[np.integer[Any]]],
    filters: FilterBatch,
    k: int,
    width: int,
    limit: int,
) -> NDArray[np.int64]:
    """Return int64[q, k], the first k of each query's nearest items that pass, -1 where there are fewer.

    A query whose candidates do not hold min(k, matches) passing items is searched again with twice as many.

    Args:
        nearest: takes query numbers and a width, gives that many unfiltered nearest ids (-1 where fewer) each.
        filters: prepared filters, one per query.
        k: answers per query.
        width: how many candidates to begin with, at least k.
        limit: how many candidates at most.
    """
    answers = np.full((len(filters), k), -1, np.int64)
    wanted = np.minimum(k, filters.matches[filters.index])
    pending = np.flatnonzero(wanted > 0)
    limit = min(limit, filters.attributes.n)
    width = min(max(width, k), limit)
    while len(pending):
        ids = nearest(pending, width).astype(np.int64)
        passing = (ids >= 0) & _test(filters.bitmaps, filters.index[pending], ids)
        # A stable sort brings the passing candidates to the front and keeps their order.
        front = np.argsort(~passing, axis=1, kind="stable")[:, :k]
        top = np.where(np.take_along_axis(passing, front, 1), np.take_along_axis(ids, front, 1), -1)
        answers[pending, : top.shape[1]] = top
        if width == limit:
            break
        pending = pending[passing.sum(axis=1) < wanted[pending]]
        width = min(2 * width, limit)
    return answers


def _test(bitmaps: NDArray[np.uint8], rows: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether the bit of each id [q, m] is set in its query's bitmap."""
    safe = np.maximum(ids, 0)
    return (bitmaps[rows[:, None], safe >> 3] >> (safe & 7).astype(np.uint8) & 1).astype(np.bool_)
