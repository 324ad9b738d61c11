"""k-means (Lloyd), the same for any number of threads.

Products of float32 matrices round differently when a library splits them among its threads; so the rows are cut into
blocks of a fixed size, each multiplied by one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from algorithms.kernels.csr import Csr, csr_of_pairs
from algorithms.kernels.types import Items
from bench.core.vectors import dense

ITERATIONS = 25
SAMPLES = 256
"""Iterations, and rows to train each centroid with: both figures are those of faiss."""

_BLOCK = 1024

_Each: TypeAlias = Callable[[Callable[[int], None], range], None]
"""Calls a function with every number of a range, in threads."""


def train(rows: NDArray[Any], count: int, rng: np.random.Generator, threads: int) -> NDArray[np.float32]:
    """Return float32[count, d], the centroids of a sample of the rows, which begin as random rows.

    A centroid that loses all of its rows moves to one of the rows that are farthest from their centroids.

    Args:
        rows: [n, d] of any real type, possibly strided and memory-mapped.
        count: how many centroids, at most n.
        rng: draws the sample and the first centroids.
        threads: how many threads.
    """
    sample = dense(rows, np.sort(rng.choice(len(rows), min(len(rows), SAMPLES * count), replace=False)))
    centroids = sample[rng.choice(len(sample), count, replace=False)]
    with _threads(threads) as each:
        for _ in range(ITERATIONS):
            nearest, scores = _assign(sample, centroids, each)
            clusters = clusters_of(nearest, count)
            centroids = _means(sample, clusters, each)
            empty = np.flatnonzero(np.diff(clusters.starts) == 0)
            centroids[empty] = sample[np.argsort(scores, kind="stable")[: len(empty)]]
    return centroids


def assign(rows: NDArray[Any], centroids: NDArray[np.float32], threads: int) -> Items:
    """Return int32[n], the nearest of centroids float32[c, d] to each row of [n, d]; the first of equal ones."""
    with _threads(threads) as each:
        return _assign(rows, centroids, each)[0]


def clusters_of(nearest: Items, count: int) -> Csr:
    """Return the rows of each of `count` clusters, ascending, from the cluster of every row."""
    return csr_of_pairs(nearest, np.arange(len(nearest)), count)


def _assign(rows: NDArray[Any], centroids: NDArray[np.float32], each: _Each) -> tuple[Items, NDArray[np.float32]]:
    """Return int32[n], each row's nearest centroid, and float32[n], minus half its squared distance."""
    half = np.einsum("ij,ij->i", centroids, centroids) / 2
    nearest, scores = np.empty(len(rows), np.int32), np.empty(len(rows), np.float32)

    def assign_block(start: int) -> None:
        block = dense(rows[start : start + _BLOCK])
        products = block @ centroids.T
        products -= half
        best = products.argmax(1)
        nearest[start : start + _BLOCK] = best
        scores[start : start + _BLOCK] = products[np.arange(len(block)), best]
        scores[start : start + _BLOCK] -= np.einsum("ij,ij->i", block, block) / 2

    each(assign_block, range(0, len(rows), _BLOCK))
    return nearest, scores


def _means(rows: NDArray[np.float32], clusters: Csr, each: _Each) -> NDArray[np.float32]:
    """Return float32[clusters, d], the mean row of each cluster, summed in float64; 0 where there are none."""
    starts = clusters.starts
    means = np.zeros((len(starts) - 1, rows.shape[1]), np.float32)

    def average(c: int) -> None:
        members = clusters.ids[starts[c] : starts[c + 1]]
        means[c] = rows[members].sum(0, dtype=np.float64) / max(len(members), 1)

    each(average, range(len(means)))
    return means


@contextmanager
def _threads(count: int) -> Iterator[_Each]:
    """Start threads, in each of which BLAS stays single-threaded, and give what calls a function in them."""
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(count) as pool:

        def each(work: Callable[[int], None], numbers: range) -> None:
            for _ in pool.map(work, numbers):
                pass

        yield each
