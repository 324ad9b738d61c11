"""Answering a batch of queries by a kernel, in threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.beam import new_scratch
from algorithms.kernels.workers import Workers


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
        self._n, self._width = n, width
        self._workers: Workers | None = None

    def run(self, kernel: Callable[..., Any], q: int, k: int, threads: int, *args: Any) -> Answer:
        """Call ``kernel(start, stop, scratch, *args, *answer)`` on chunks of q queries, and return what it answered."""
        if self._workers is None or len(self._workers) != threads:
            self._workers = Workers([new_scratch(self._n, self._width) for _ in range(threads)])
        answer = Answer(np.empty((q, k), np.int32), np.empty((q, k), np.float32), np.empty(q, np.int64))
        self._workers.run(kernel, q, *args, *answer)
        return answer
