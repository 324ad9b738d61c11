"""Answering a batch of queries in threads: the one loop over queries of all methods on these kernels."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.beam import COMPUTED, Scratch, begin, finish, new_scratch
from algorithms.kernels.filter import filter_of
from algorithms.kernels.jit import kernel
from algorithms.kernels.policy import operation
from algorithms.kernels.space import query_target
from algorithms.kernels.spaces import queries_in
from algorithms.kernels.types import Policy, Queries, Space, Target
from algorithms.kernels.workers import Workers


@operation
def search_one(index: Policy, query: Target, accept: Policy, params: Policy, scratch: Scratch) -> None:
    """Answer one query: leave the answers among the results of a search that was begun in `scratch`.

    Args:
        index: the index; its type names the method.
        query: the query, as a target in the space of the items.
        accept: the query's filter, of whatever type the method's `filter_of` gives.
        params: numbers that hold for all queries, as the width of the beam.
        scratch: memory; a search was begun in it, so that nothing is left to do where nothing passes.
    """


class Answer(NamedTuple):
    """The answers to q queries.

    Attributes:
        ids: int32[q, k], nearest first, -1 where there are fewer.
        distances: float32[q, k]; infinite where there are fewer.
        computed: int64[q], the distances computed for each.
    """

    ids: NDArray[np.int32]
    distances: NDArray[np.float32]
    computed: NDArray[np.int64]


class BatchSearch:
    """Threads and the memory that they search with, kept from one batch to the next; for one caller at a time."""

    def __init__(self, n: int, width: int) -> None:
        """Get ready to search n items whose neighbourhoods have at most `width` items."""
        self.n, self._width = n, width
        self._workers: Workers | None = None

    def run(
        self, index: Policy, space: Space, queries: Queries, filters: Policy, params: Policy, k: int, threads: int
    ) -> Answer:
        """Answer queries, float32[q, d], each with its filter.

        Args:
            index: policy of `search_one`.
            space: the items, see `space`.
            queries: float32[q, d], C-contiguous.
            filters: policy of `filter_of`, for q queries.
            params: see `search_one`.
            k: answers per query.
            threads: how many threads.
        """
        if self._workers is None or len(self._workers) != threads:
            self._workers = Workers([new_scratch(self.n, self._width) for _ in range(threads)])
        q = len(queries)
        answer = Answer(np.empty((q, k), np.int32), np.empty((q, k), np.float32), np.empty(q, np.int64))
        encoded = queries_in(space, queries, self._workers)
        self._workers.run(_search_batch, q, index, space, encoded, filters, params, answer)
        return answer


@kernel
def _search_batch(
    start: int,
    stop: int,
    scratch: Scratch,
    index: Policy,
    space: Space,
    queries: Any,
    filters: Policy,
    params: Policy,
    answer: Answer,
) -> None:
    """Answer queries `start` to `stop` - 1, as `spaces.queries_in` gives them."""
    for row in range(start, stop):
        scratch.counters[COMPUTED] = 0
        begin(scratch)
        search_one(index, query_target(space, queries, row), filter_of(filters, row), params, scratch)
        finish(scratch, answer.ids[row], answer.distances[row])
        answer.computed[row] = scratch.counters[COMPUTED]
