"""Exact filtered nearest neighbours, by blocked matrix products over memory-mapped vectors.

Products in float32 choose more candidates than are wanted; float64 distances then rank them, and a bound on the
float32 error proves that none is missing. A query whose proof fails is answered again in float64 alone. Ties are
broken by id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.cache import Cache, digest_of
from bench.datasets import Dataset, load_rows
from bench.errors import BenchError
from bench.filters import FilterBatch
from bench.layout import truth_file
from bench.progress import bar
from bench.topk import WORD, exact_distances, select
from bench.vectors import open_vectors, read_ivecs
from bench.workloads import Workload

DEPTH = 100
"""Answers per query that are computed and kept, unless more are asked for."""

_SLACK = 32
_QUERY_CHUNK = 512
_BLOCK = 64 * WORD
_SHARED = 16
_FORMAT = 2


@dataclass(frozen=True)
class GroundTruth:
    """The exact answers of a workload.

    Attributes:
        ids: int64[q, depth], nearest first, -1 where fewer items match.
        distances: float64[q, depth], squared L2, infinite where there is no id.
        matches: int64[q], how many items pass each query's filter.
    """

    ids: NDArray[np.int64]
    distances: NDArray[np.float64]
    matches: NDArray[np.int64]


def ground_truth(
    dataset: Dataset, workload: Workload, cache: Cache, *, depth: int = DEPTH, memory: int = 2 << 30
) -> GroundTruth:
    """Return the exact answers of a workload, from the cache where they were computed before.

    Args:
        dataset: the vectors and queries.
        workload: the filters.
        cache: where answers are kept, under a digest of all that decides them.
        depth: answers per query.
        memory: bytes that the computation may use over its input.

    Raises:
        BenchError: the memory budget is too small for one block.
    """
    key = digest_of(_FORMAT, dataset.digest, workload.digest, len(workload.filters), depth)

    def make(out: Path) -> None:
        queries = load_rows(dataset.queries, len(workload.filters))
        filters = FilterBatch(workload.filters, workload.attributes)
        truth = exact_search(open_vectors(dataset.vectors), queries, filters, depth, memory=memory)
        with out.open("wb") as file:
            np.savez(file, ids=truth.ids, distances=truth.distances, matches=truth.matches)

    with np.load(cache.file("ground_truth", key, ".npz", make)) as stored:
        return GroundTruth(stored["ids"], stored["distances"], stored["matches"])


def exact_search(
    vectors: NDArray[Any],
    queries: NDArray[np.float32],
    filters: FilterBatch,
    k: int,
    *,
    memory: int = 2 << 30,
) -> GroundTruth:
    """Return the k nearest passing items of each query, exactly.

    Args:
        vectors: [n, d] of a real type; may be strided and memory-mapped; read by blocks.
        queries: float32[q, d], C-contiguous.
        filters: one filter per query, over the n items.
        k: answers per query.
        memory: bytes that may be used over the input. Masks that do not fit at once are made in several passes.

    Raises:
        BenchError: the memory budget is too small for one block.
    """
    n, q = len(vectors), len(queries)
    k_kept = min(k + _SLACK, max(n, 1))
    fixed = _BLOCK * vectors.shape[1] * 12 + _QUERY_CHUNK * _BLOCK * 4 + q * (k_kept + k) * 16
    bitmap_bytes = -(-n // WORD) * 8
    if memory < fixed + bitmap_bytes:
        raise BenchError(
            f"ground truth needs at least {(fixed + bitmap_bytes) / 2**20:.0f} MiB over its input, "
            f"and memory allows {memory / 2**20:.0f} MiB"
        )
    passes = list(_passes(filters, (memory - fixed) // bitmap_bytes))
    vectors = np.asarray(vectors)
    scores = np.full((q, k_kept), np.inf, np.float32)
    ids = np.full((q, k_kept), -1, np.int64)
    matches = np.empty(q, np.int64)
    with bar("ground truth", n * len(passes), "item") as progress:
        for rows in passes:
            batch = FilterBatch([filters.filters[row] for row in rows], filters.attributes)
            matches[rows] = batch.matches[batch.index] if n else 0
            for start in range(0, n, _BLOCK):
                block = np.ascontiguousarray(vectors[start : start + _BLOCK], np.float32)
                _select_block(block, start, queries, batch, rows, scores, ids)
                progress.update(len(block))
    return _ranked(vectors, queries, filters, k, scores, ids, matches)


def _passes(filters: FilterBatch, bitmaps: int) -> Iterator[NDArray[np.int64]]:
    """Yield the queries of each pass, so that no pass needs more distinct masks than fit."""
    for first in range(0, len(filters.unique), bitmaps):
        yield np.flatnonzero((filters.index >= first) & (filters.index < first + bitmaps))


def _select_block(
    block: NDArray[np.float32],
    start: int,
    queries: NDArray[np.float32],
    batch: FilterBatch,
    rows: NDArray[np.int64],
    scores: NDArray[np.float32],
    ids: NDArray[np.int64],
) -> None:
    """Search one block of items for all queries of a pass.

    Queries that share a filter search only the items that pass it; the others are multiplied with the whole
    block together, and their masks are tested where a product is small enough.
    """
    norms = np.einsum("ij,ij->i", block, block)
    items = np.arange(start, start + len(block))
    words = batch.bitmaps.view(np.uint64)[:, start // WORD : -(-(start + len(block)) // WORD)]
    every = np.full((1, words.shape[1]), ~np.uint64(0))
    loose = []
    for u, members in batch.groups():
        bits = (
            np.unpackbits(words[u].view(np.uint8), bitorder="little", count=len(block)).view(np.bool_)
            if (len(members) >= _SHARED)
            else None
        )
        if bits is None or bits.mean() > 0.9:
            loose.append(members)
        elif bits.any():
            zeros = np.zeros(len(members), np.int64)
            _multiply(queries, rows[members], block[bits], norms[bits], items[bits], every, zeros, scores, ids)
    if loose:
        members = np.concatenate(loose)
        _multiply(
            queries,
            rows[members],
            block,
            norms,
            items,
            np.ascontiguousarray(words),
            batch.index[members],
            scores,
            ids,
        )


def _multiply(
    queries: NDArray[np.float32],
    rows: NDArray[np.int64],
    block: NDArray[np.float32],
    norms: NDArray[np.float32],
    items: NDArray[np.int64],
    words: NDArray[np.uint64],
    row_words: NDArray[np.int64],
    scores: NDArray[np.float32],
    ids: NDArray[np.int64],
) -> None:
    for first in range(0, len(rows), _QUERY_CHUNK):
        chunk = slice(first, first + _QUERY_CHUNK)
        products = queries[rows[chunk]] @ block.T
        select(products, norms, items, words, row_words[chunk], rows[chunk], scores, ids)


def _ranked(
    vectors: NDArray[Any],
    queries: NDArray[np.float32],
    filters: FilterBatch,
    k: int,
    scores: NDArray[np.float32],
    ids: NDArray[np.int64],
    matches: NDArray[np.int64],
) -> GroundTruth:
    """Rank the candidates by float64 distances, and answer again where one may be missing."""
    distances = exact_distances(vectors, queries, ids)
    order = np.lexsort((ids, distances))
    distances = np.take_along_axis(distances, order, 1)
    ranked = np.take_along_axis(ids, order, 1)
    if ranked.shape[1] < k:
        pad = ((0, 0), (0, k - ranked.shape[1]))
        distances, ranked = (
            np.pad(distances, pad, constant_values=np.inf),
            np.pad(ranked, pad, constant_values=-1),
        )
    for row in np.flatnonzero(_unproven(vectors, queries, scores, distances[:, k - 1], matches)):
        passing = np.flatnonzero(filters.mask(int(filters.index[row])))
        exact = exact_distances(vectors, queries[row : row + 1], passing[None])[0]
        nearest = np.lexsort((passing, exact))[:k]
        ranked[row, : len(nearest)], distances[row, : len(nearest)] = passing[nearest], exact[nearest]
    return GroundTruth(ranked[:, :k].copy(), distances[:, :k].copy(), matches)


def _unproven(
    vectors: NDArray[Any],
    queries: NDArray[np.float32],
    scores: NDArray[np.float32],
    kth: NDArray[np.float64],
    matches: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Return bool[q]: whether an item outside the candidates may be nearer than the k-th of them.

    Whatever was left out has a float32 score of at least the heap's root. The error of a float32 inner product of
    length d stays below (sqrt(d) + 8) eps ||q|| ||x|| with overwhelming probability (Higham and Mary, 2019).
    """
    query_norms = np.einsum("ij,ij->i", queries, queries, dtype=np.float64)
    item_norm = max(
        (float(np.einsum("ij,ij->i", b, b, dtype=np.float64).max()) for b in _row_blocks(vectors)),
        default=0.0,
    )
    unit = (np.sqrt(vectors.shape[1]) + 8) * float(np.finfo(np.float32).eps)
    error = unit * (2 * np.sqrt(query_norms * item_norm) + item_norm)
    root = scores[:, 0].astype(np.float64)
    return (matches > scores.shape[1]) & (root + query_norms - error < kth)


def _row_blocks(vectors: NDArray[Any]) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(vectors), _BLOCK):
        yield np.ascontiguousarray(vectors[start : start + _BLOCK], np.float32)


def differences(truth: GroundTruth, dataset: Dataset, workload: Workload) -> NDArray[np.int64]:
    """Return the queries whose published answers differ from the exact ones by more than ties.

    Raises:
        BenchError: there are no published answers, or they are for another number of queries.
    """
    if dataset.folder is None:
        raise BenchError(f"dataset '{dataset.name}' has no published answers")
    path = dataset.folder / truth_file(workload.filter_type)
    published = read_ivecs(path).astype(np.int64)[: len(truth.ids)]
    if len(published) != len(truth.ids):
        raise BenchError(f"{path} has answers of {len(published)} queries where there are {len(truth.ids)}")
    width = min(published.shape[1], truth.ids.shape[1])
    queries = load_rows(dataset.queries, len(truth.ids))
    vectors = np.asarray(open_vectors(dataset.vectors))
    claimed = exact_distances(vectors, queries, published[:, :width])
    exact = truth.distances[:, :width]
    same = np.isclose(claimed, exact, rtol=1e-6, atol=0.0) | (np.isinf(claimed) & np.isinf(exact))
    return np.flatnonzero(~same.all(axis=1))
