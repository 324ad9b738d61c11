"""Exact filtered search, by blocked matrix products over memory-mapped vectors.

Float32 products choose a few candidates more than needed; float64 distances then rank them, and a bound on the float32
error proves that no candidate is missing. If the proof fails for a query, it is answered again in float64. Ties are
broken by id.

Items are searched in shards whose vectors and masks fit into a memory budget. The answers over a shard are exact, so
merging them only takes sorting, in any order and on any machine. Every vector is read once.

The work on a shard is cut into tiles, some queries by some items, which threads take one by one. A tile is one product
on one thread; it is small enough to stay in cache until it is searched, and the same for any number of threads.
"""

from __future__ import annotations

import functools
import math
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from bench.core.cpus import allowed_cpus
from bench.core.distances import exact_distances
from bench.core.errors import BenchError
from bench.core.masks import FilterBatch
from bench.core.metrics import Metric
from bench.core.progress import bar
from bench.truth.answers import GroundTruth, merged
from bench.truth.kernels import WORD, select
from bench.truth.products import addends, factors, offsets, score_error, squares

SHARD_BYTES = 1 << 30
"""The largest size of the vectors and masks of a shard."""

_SLACK = 16
_TILE_QUERIES = 512
_BLOCK = 64 * WORD
_SHARED = 16


@dataclass(frozen=True)
class _Tile:
    """Some queries and the items of a block to compare them with: the arguments of `select`."""

    rows: NDArray[np.int64]
    items: NDArray[np.int64]
    vectors: NDArray[np.float32]
    addends: NDArray[np.float32]
    words: NDArray[np.uint64]
    row_words: NDArray[np.int64]


def exact_search(
    vectors: NDArray[Any],
    queries: NDArray[np.float32],
    filters: FilterBatch,
    k: int,
    *,
    metric: Metric = Metric.L2,
    memory: int = 2 << 30,
) -> GroundTruth:
    """Return the k nearest passing items of each query, exactly.

    Args:
        vectors: [n, d] of a real type; may be strided and memory-mapped; read by blocks.
        queries: float32[q, d], C-contiguous.
        filters: one filter per query, over the n items.
        k: answers per query.
        metric: what the items are ranked by; rows are bits under hamming.
        memory: the budget in bytes, see `shards`.

    Raises:
        BenchError: the memory budget is too small for one block.
    """
    cuts = shards(vectors, filters, k, memory)
    if len(cuts) == 1:
        return search_shard(vectors, queries, filters, k, metric)
    parts = (search_shard(vectors[rows], queries, filters.part(rows), k, metric, rows.start) for rows in cuts)
    return functools.reduce(merged, parts)


def shards(vectors: NDArray[Any], filters: FilterBatch, k: int, memory: int) -> list[slice]:
    """Cut the items into shards; searching one takes at most `memory` bytes, including mapped pages of vectors.

    A shard has at most `SHARD_BYTES`, so that a killed search loses little.

    Raises:
        BenchError: the memory budget is too small for one block.
    """
    n, dim = vectors.shape
    kept = k + _SLACK
    copies = (_ahead() + 2) * _BLOCK * dim * 4
    tiles = _threads() * _BLOCK * _TILE_QUERIES * 4
    fixed = copies + tiles + len(filters) * (kept + k) * 24
    item = dim * vectors.dtype.itemsize + len(filters.unique) / 8
    if memory < fixed + _BLOCK * item:
        raise BenchError(
            f"ground truth needs at least {math.ceil((fixed + _BLOCK * item) / 2**20)} MiB, "
            f"but truth_memory_gib allows {memory / 2**20:.0f} MiB"
        )
    most = min(memory - fixed, SHARD_BYTES) // item
    step = max(1, int(most) // _BLOCK) * _BLOCK
    return [slice(start, min(n, start + step)) for start in range(0, n, step)] or [slice(0, 0)]


def search_shard(
    vectors: NDArray[Any], queries: NDArray[np.float32], filters: FilterBatch, k: int, metric: Metric, first: int = 0
) -> GroundTruth:
    """Return the k nearest passing items of each query in one shard, exactly.

    Args:
        vectors: [m, d], those of the shard; see `exact_search`.
        queries: float32[q, d], C-contiguous.
        filters: one filter per query, over the m items.
        k: answers per query.
        metric: what the items are ranked by.
        first: the id of the shard's first item.
    """
    n, q = len(vectors), len(queries)
    kept = min(k + _SLACK, max(n, 1))
    vectors = np.asarray(vectors)
    scores = np.full((q, kept), np.inf, np.float32)
    ids = np.full((q, kept), -1, np.int64)
    largest = 0.0
    multiplied = factors(queries, metric)

    def search(tile: _Tile) -> None:
        products = multiplied[tile.rows] @ tile.vectors.T
        select(products, tile.addends, tile.items, tile.words, tile.row_words, tile.rows, scores, ids)

    with (
        threadpool_limits(1, "blas"),
        ThreadPoolExecutor(_threads()) as pool,
        bar("ground truth", n, "item") as progress,
    ):
        for start in range(0, n, _BLOCK):
            block = factors(vectors[start : start + _BLOCK], metric)
            norms = squares(block)
            largest = max(largest, float(norms.max()))
            _search_all(_tiles(block, addends(norms, metric), start, filters), search, pool, _ahead())
            progress.update(len(block))
    matches = filters.matches[filters.index]
    limits = scores[:, 0] + offsets(multiplied, metric) - score_error(multiplied, largest, metric)
    truth = _ranked(vectors, queries, filters, k, metric, ids, matches, limits)
    return replace(truth, ids=np.where(truth.ids < 0, -1, truth.ids + first))


def _threads() -> int:
    """Return how many threads a search uses: one per CPU of this process."""
    return len(allowed_cpus())


def _ahead() -> int:
    """Return how many tiles may wait for a thread; each may hold a copy of a block."""
    return 2 * _threads()


def _search_all(tiles: Iterator[_Tile], search: Callable[[_Tile], None], pool: Executor, ahead: int) -> None:
    """Search tiles in a pool as they arrive, at most `ahead` at a time."""
    waiting: deque[Future[None]] = deque()
    for tile in tiles:
        waiting.append(pool.submit(search, tile))
        if len(waiting) == ahead:
            waiting.popleft().result()
    for future in waiting:
        future.result()


def _tiles(block: NDArray[np.float32], added: NDArray[np.float32], start: int, batch: FilterBatch) -> Iterator[_Tile]:
    """Yield the tiles of one block of items for all queries.

    Queries that share a filter are compared with the passing items only. Others are compared with the whole block, and
    their masks are tested only for products that are small enough.
    """
    items = np.arange(start, start + len(block))
    words = np.ascontiguousarray(batch.words[:, start // WORD : -(-(start + len(block)) // WORD)])
    every = np.full((1, words.shape[1]), ~np.uint64(0))
    alone = []
    for u, members in batch.groups():
        passing = np.bitwise_count(words[u]).sum()
        if len(members) < _SHARED or passing > 0.9 * len(block):
            alone.append(members)
        elif passing:
            bits = np.unpackbits(words[u].view(np.uint8), bitorder="little", count=len(block)).view(np.bool_)
            together = block[bits], added[bits], every
            for tile_rows in _chunks(members):
                yield _Tile(tile_rows, items[bits], *together, np.zeros(len(tile_rows), np.int64))
    for members in _chunks(np.concatenate(alone)) if alone else ():
        yield _Tile(members, items, block, added, words, batch.index[members])


def _chunks(rows: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    for first in range(0, len(rows), _TILE_QUERIES):
        yield rows[first : first + _TILE_QUERIES]


def _ranked(
    vectors: NDArray[Any],
    queries: NDArray[np.float32],
    filters: FilterBatch,
    k: int,
    metric: Metric,
    ids: NDArray[np.int64],
    matches: NDArray[np.int64],
    limits: NDArray[np.float64],
) -> GroundTruth:
    """Rank the candidates by float64 distances, and search again for queries that may lack a candidate.

    An item outside the candidates is at least as far as the limit of its query.
    """
    distances = exact_distances(vectors, queries, ids, metric)
    order = np.lexsort((ids, distances))
    distances = np.take_along_axis(distances, order, 1)
    ranked = np.take_along_axis(ids, order, 1)
    if ranked.shape[1] < k:
        pad = ((0, 0), (0, k - ranked.shape[1]))
        distances, ranked = (
            np.pad(distances, pad, constant_values=np.inf),
            np.pad(ranked, pad, constant_values=-1),
        )
    for row in np.flatnonzero(_unproven(limits, distances[:, k - 1], matches > ids.shape[1])):
        passing = np.flatnonzero(filters.mask(int(filters.index[row])))
        exact = exact_distances(vectors, queries[row : row + 1], passing[None], metric)[0]
        best = np.lexsort((passing, exact))[:k]
        ranked[row, : len(best)], distances[row, : len(best)] = passing[best], exact[best]
    return GroundTruth(ranked[:, :k].copy(), distances[:, :k].copy(), matches, metric)


def _unproven(limits: NDArray[np.float64], kth: NDArray[np.float64], more: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return bool[q]: whether an item outside the candidates may be nearer than the k-th of them.

    Args:
        limits: float64[q], the least distance of an item outside the candidates.
        kth: float64[q], the distance of the k-th candidate.
        more: bool[q], whether there are such items.
    """
    return more & ~(limits >= kth)
