"""How hard a filter makes a query: how many of the nearest items pass, and how far one has to go for k that do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.core.masks import FilterBatch, mask
from bench.core.vectors import open_vectors
from bench.datasets.dataset import Dataset, load_rows
from bench.system.cache import Cache
from bench.system.files import digest_of
from bench.truth.answers import GroundTruth
from bench.workloads.ground_truth import DEPTH, ground_truth
from bench.workloads.ranks import unfiltered_ranks
from bench.workloads.sources import UnfilteredWorkload
from bench.workloads.workload import Workload

_FORMAT = 1


@dataclass(frozen=True)
class Difficulty:
    """How hard the filters of a workload are at some k.

    Attributes:
        relevance: float64[q], the fraction of the k nearest of all items that pass.
        hardness: float64[q], the rank among all items of the last of the k nearest that pass, over how many these are:
            k, or fewer if fewer pass; NaN if none does. It is at least 1, and 1 if the nearest items pass.
    """

    relevance: NDArray[np.float64]
    hardness: NDArray[np.float64]


def difficulty(
    dataset: Dataset, workload: Workload, truth: GroundTruth, cache: Cache, *, k: int, memory: int = 2 << 30
) -> Difficulty:
    """Return how hard the queries of a workload are, from the cache if that was computed before.

    Args:
        dataset: the vectors and queries.
        workload: the filters.
        truth: the exact answers, of a depth of at least k.
        cache: keeps what is computed.
        k: answers per query.
        memory: bytes that computing the unfiltered answers may use.

    Raises:
        BenchError: the memory budget is too small for one block.
    """

    def make(out: Path) -> None:
        everything = UnfilteredWorkload("none", len(workload.filters), workload.skip).open(dataset, cache)
        nearest = ground_truth(dataset, everything, cache, depth=max(DEPTH, k), memory=memory)
        relevance = _passing(workload, nearest.ids[:, :k]).sum(axis=1) / min(k, dataset.shape[0])
        with out.open("wb") as file:
            np.savez(file, relevance=relevance, hardness=_hardness(dataset, workload, truth, nearest, k))

    key = digest_of(_FORMAT, dataset.digest, workload.digest, k)
    with np.load(cache.file("difficulty", key, ".npz", make)) as arrays:
        return Difficulty(arrays["relevance"], arrays["hardness"])


def _passing(workload: Workload, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return bool[q, m], whether the items `ids` of each query pass its filter; padding does not."""
    filters = FilterBatch(workload.filters, workload.attributes)
    passing = np.zeros(ids.shape, np.bool_)
    for u, rows in filters.groups():
        some = ids[rows]
        passing[rows] = mask(filters.unique[u], workload.attributes, np.maximum(some, 0).ravel()).reshape(some.shape)
    return passing & (ids >= 0)


def _hardness(
    dataset: Dataset, workload: Workload, truth: GroundTruth, nearest: GroundTruth, k: int
) -> NDArray[np.float64]:
    wanted = np.minimum(k, truth.matches)
    rows = np.arange(len(wanted))
    items = np.where(wanted > 0, truth.ids[rows, np.maximum(wanted, 1) - 1], -1)
    ranks = _positions(nearest.ids, items)
    far = np.flatnonzero((wanted > 0) & (ranks == 0))
    if len(far):
        queries = load_rows(dataset.queries, workload.rows)[far]
        distances = truth.distances[far, wanted[far] - 1]
        ranks[far] = unfiltered_ranks(open_vectors(dataset.vectors), queries, items[far], distances, dataset.metric)
    return np.where(wanted > 0, ranks / np.maximum(wanted, 1), np.nan)


def _positions(ids: NDArray[np.int64], items: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return int64[q], the position from 1 of an item in its query's row of `ids`; 0 where it is not there."""
    equal = (ids == items[:, None]) & (items >= 0)[:, None]
    return np.where(equal.any(axis=1), equal.argmax(axis=1) + 1, 0)
