"""k-means (Lloyd), the same for any number of threads.

Products of float32 matrices round differently when a library splits them among its threads; so the rows are cut into
blocks of a fixed size, each multiplied by one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

ITERATIONS = 25
SAMPLES = 256
"""Iterations, and rows to train each centroid with: both figures are those of faiss."""

_BLOCK = 1024

_Team: TypeAlias = Callable[[Callable[[int], None], range], None]


def train(rows: NDArray[np.float32], count: int, rng: np.random.Generator, threads: int) -> NDArray[np.float32]:
    """Return float32[count, d], centroids of a sample of the rows, which begin as random rows.

    A centroid that loses all of its rows takes one of those that are farthest from their own.

    Args:
        rows: float32[n, d].
        count: how many centroids, at most n.
        rng: draws the sample and the first centroids.
        threads: how many threads.
    """
    sample = rows[np.sort(rng.choice(len(rows), min(len(rows), SAMPLES * count), replace=False))]
    centroids = sample[rng.choice(len(sample), count, replace=False)]
    with _team(threads) as each:
        for _ in range(ITERATIONS):
            nearest, scores = _assign(sample, centroids, each)
            members = np.split(
                np.argsort(nearest, kind="stable"), np.cumsum(np.bincount(nearest, minlength=count))[:-1]
            )
            centroids = _means(sample, members, each)
            empty = [c for c in range(count) if len(members[c]) == 0]
            centroids[empty] = sample[np.argsort(scores, kind="stable")[: len(empty)]]
    return centroids


def assign(rows: NDArray[np.float32], centroids: NDArray[np.float32], threads: int) -> NDArray[np.int32]:
    """Return int32[n], the nearest of centroids float32[c, d] to each row of float32[n, d]; the first of equal ones."""
    with _team(threads) as each:
        return _assign(rows, centroids, each)[0]


def _assign(
    rows: NDArray[np.float32], centroids: NDArray[np.float32], each: _Team
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return int32[n], each row's nearest centroid, and float32[n], minus half its squared distance."""
    half = np.einsum("ij,ij->i", centroids, centroids) / 2
    nearest, scores = np.empty(len(rows), np.int32), np.empty(len(rows), np.float32)

    def assign_block(start: int) -> None:
        block = rows[start : start + _BLOCK]
        products = block @ centroids.T
        products -= half
        best = products.argmax(1)
        nearest[start : start + _BLOCK] = best
        scores[start : start + _BLOCK] = products[np.arange(len(block)), best]
        scores[start : start + _BLOCK] -= np.einsum("ij,ij->i", block, block) / 2

    each(assign_block, range(0, len(rows), _BLOCK))
    return nearest, scores


def _means(rows: NDArray[np.float32], members: list[NDArray[np.int64]], each: _Team) -> NDArray[np.float32]:
    """Return float32[len(members), d], the means of the rows of each, summed in float64; 0 where there are none."""
    means = np.zeros((len(members), rows.shape[1]), np.float32)

    def average(c: int) -> None:
        means[c] = rows[members[c]].sum(0, dtype=np.float64) / max(len(members[c]), 1)

    each(average, range(len(members)))
    return means


@contextmanager
def _team(threads: int) -> Iterator[_Team]:
    """Give what does jobs in threads, in each of which BLAS has no threads of its own."""
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as pool:

        def each(work: Callable[[int], None], jobs: range) -> None:
            for _ in pool.map(work, jobs):
                pass

        yield each
