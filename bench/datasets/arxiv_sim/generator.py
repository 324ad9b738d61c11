"""Generates a folder of the published layout in blocks; memory grows by only 8 bytes per item."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from bench.core.cpus import allowed_cpus
from bench.core.errors import BenchError
from bench.core.progress import bar
from bench.core.vectors import write_fvecs
from bench.datasets.arxiv_sim.attributes import Filterable, draw_filters, item_lines
from bench.datasets.arxiv_sim.dimensions import Dimensions
from bench.datasets.arxiv_sim.draws import BLOCK, Stream
from bench.datasets.arxiv_sim.vectors import Model
from bench.datasets.layout import ATTRIBUTES, QUERIES, VECTORS, filters_file, write_filters

VERSION = 1
"""The version of the data; it changes whenever the bytes for the same arguments change."""

_MOST_THREADS = 16
"""The default number of threads at most: one thread writes for all of them, and each needs memory for a block."""

_T = TypeVar("_T")


def generate(
    folder: Path, *, n: int, dim: int, queries: int, seed: int, threads: int | None = None, progress: bool = True
) -> None:
    """Write a dataset of the published layout, without answers, into an existing folder.

    The bytes depend only on `n`, `dim`, `queries` and `seed`. The first items are the same for any `n`, and the first
    queries likewise.

    Args:
        folder: gets the six files.
        n: number of items.
        dim: dimensions of the vectors; 384 are native.
        queries: number of queries, and of filters of each workload.
        seed: at least 0.
        threads: number of threads; by default one per CPU that this process may use, at most 16.
        progress: whether to show progress on a terminal.

    Raises:
        BenchError: an argument is out of range.
    """
    least = {"n": (n, 1), "dim": (dim, 2), "queries": (queries, 1), "seed": (seed, 0), "threads": (threads, 1)}
    for name, (value, bound) in least.items():
        if value is not None and value < bound:
            raise BenchError(f"arxiv-sim: {name}={value} is too small; it must be at least {bound}")
    if n >= 1 << 32:
        raise BenchError(f"arxiv-sim: n={n} is too large; it must be below 2**32")

    def show(what: str, total: int) -> Any:
        return bar(what, total, "row") if progress else tqdm(disable=True)

    threads = threads or min(len(allowed_cpus()), _MOST_THREADS)
    # One BLAS thread per block, so that products are rounded the same for any number of threads.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as pool:
        model, shape = Model(seed, pool), Dimensions(dim, seed)
        for name, count, draw, tail in (
            (VECTORS, n, model.items, Stream.ITEM_TAIL),
            (QUERIES, queries, model.queries, Stream.QUERY_TAIL),
        ):
            with show(f"arxiv-sim {name}", count) as done:
                write_fvecs(folder / name, _vectors(pool, threads + 1, count, draw, shape, tail, done))
    items = Filterable.empty(n)
    with (folder / ATTRIBUTES).open("w", encoding="utf-8") as file, show(f"arxiv-sim {ATTRIBUTES}", n) as done:
        for block in range(-(-n // BLOCK)):
            lines = list(item_lines(seed, block, items))
            file.writelines(lines)
            done.update(len(lines))
    for kind, filters in draw_filters(items, queries, seed).items():
        write_filters(folder / filters_file(kind), filters)


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


def _in_order(pool: ThreadPoolExecutor, ahead: int, make: Callable[[int], _T], count: int) -> Iterator[_T]:
    """Yield ``make(0), make(1), ...``, computed by a pool at most `ahead` calls in advance."""
    pending: deque[Future[_T]] = deque()
    for block in range(count):
        pending.append(pool.submit(make, block))
        if len(pending) >= ahead:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()
