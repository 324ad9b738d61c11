"""Writes a folder of the published layout, in blocks: memory grows by 8 bytes per item and no more."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from bench.core.errors import BenchError
from bench.core.progress import bar
from bench.core.vectors import write_fvecs
from bench.datasets.arxiv_sim.attributes import draw_filters, filterable, item_lines
from bench.datasets.arxiv_sim.dimensions import Dimensions
from bench.datasets.arxiv_sim.draws import BLOCK, Stream
from bench.datasets.arxiv_sim.vectors import Model
from bench.datasets.layout import ATTRIBUTES, QUERIES, VECTORS, filters_file, write_filters

VERSION = 1
"""The version of the data: other bytes for the same arguments mean another version."""

_MOST_THREADS = 16
"""Of threads nobody asked for: one writes what all of them make, and each needs memory for its block."""

_Made = TypeVar("_Made")


def generate(
    folder: Path, *, n: int, dim: int, queries: int, seed: int, threads: int | None = None, progress: bool = True
) -> None:
    """Write a dataset of the published layout, without answers, into an existing folder.

    The bytes depend on `n`, `dim`, `queries` and `seed` alone. Items come first for any `n` as they do for a smaller
    one, and queries likewise.

    Args:
        folder: where the six files go.
        n: how many items.
        dim: dimensions of the vectors; 384 are the native ones.
        queries: how many queries, and filters of each workload.
        seed: a number from 0.
        threads: how many threads; by default one per CPU that this process may use, 16 at most.
        progress: whether a terminal is shown progress.

    Raises:
        BenchError: an argument is out of its range.
    """
    least = {"n": (n, 1), "dim": (dim, 2), "queries": (queries, 1), "seed": (seed, 0), "threads": (threads, 1)}
    for name, (value, bound) in least.items():
        if value is not None and value < bound:
            raise BenchError(f"arxiv-sim: {name}={value} is too small; it must be at least {bound}")
    if n >= 1 << 32:
        raise BenchError(f"arxiv-sim: n={n} is too large; it must be below 2**32")

    def show(what: str, total: int) -> Any:
        return bar(what, total, "row") if progress else tqdm(disable=True)

    threads = threads or _threads()
    # One thread of BLAS per block: a product then has the same rounding for any number of threads.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as pool:
        model, shape = Model(seed, pool), Dimensions(dim, seed)
        for name, count, draw, tail in (
            (VECTORS, n, model.items, Stream.ITEM_TAIL),
            (QUERIES, queries, model.queries, Stream.QUERY_TAIL),
        ):
            with show(f"arxiv-sim {name}", count) as done:
                write_fvecs(folder / name, _vectors(pool, threads + 1, count, draw, shape, tail, done))
    items = filterable(n)
    with (folder / ATTRIBUTES).open("w", encoding="utf-8") as file, show(f"arxiv-sim {ATTRIBUTES}", n) as done:
        for block in range(-(-n // BLOCK)):
            lines = list(item_lines(seed, block, items))
            file.writelines(lines)
            done.update(len(lines))
    for kind, filters in draw_filters(items, queries, seed).items():
        write_filters(folder / filters_file(kind), filters)


def _threads() -> int:
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cpus, _MOST_THREADS)


def _vectors(
    pool: ThreadPoolExecutor,
    ahead: int,
    count: int,
    draw: Callable[[int], NDArray[np.float32]],
    shape: Dimensions,
    tail: Stream,
    done: Any,
) -> Iterator[NDArray[np.float32]]:
    """Yield `count` rows of float32[*, dim], block by block."""

    def make(block: int) -> NDArray[np.float32]:
        return shape(draw(block), tail, block)[: count - block * BLOCK]

    for rows in _in_order(pool, ahead, make, -(-count // BLOCK)):
        yield rows
        done.update(len(rows))


def _in_order(pool: ThreadPoolExecutor, ahead: int, make: Callable[[int], _Made], count: int) -> Iterator[_Made]:
    """Yield ``make(0), make(1), ...``, of which the pool makes at most `ahead` before they are asked for."""
    made: deque[Future[_Made]] = deque()
    for block in range(count):
        made.append(pool.submit(make, block))
        if len(made) >= ahead:
            yield made.popleft().result()
    while made:
        yield made.popleft().result()
