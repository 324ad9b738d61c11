"""Ground truth: the exact answers of a workload, computed once and kept; and checks of published answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.cache import Cache, digest_of
from bench.datasets import Dataset, load_rows
from bench.errors import BenchError
from bench.exact import GroundTruth, exact_search
from bench.filters import FilterBatch
from bench.layout import truth_file
from bench.metrics import judge
from bench.vectors import open_vectors, read_ivecs
from bench.workloads import Workload

DEPTH = 100
"""Answers per query that are computed and kept, unless more are asked for."""

_FORMAT = 2


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
    key = digest_of(_FORMAT, dataset.digest, workload.digest, depth)

    def make(out: Path) -> None:
        queries = load_rows(dataset.queries, workload.rows)
        filters = FilterBatch(workload.filters, workload.attributes)
        truth = exact_search(open_vectors(dataset.vectors), queries, filters, depth, memory=memory)
        with out.open("wb") as file:
            np.savez(file, ids=truth.ids, distances=truth.distances, matches=truth.matches)

    with np.load(cache.file("ground_truth", key, ".npz", make)) as stored:
        return GroundTruth(stored["ids"], stored["distances"], stored["matches"])


def differences(truth: GroundTruth, dataset: Dataset, workload: Workload) -> NDArray[np.int64]:
    """Return the queries whose published answers differ from the exact ones by more than ties.

    The published answers are judged as a method's are, to the depth that the file has.

    Raises:
        BenchError: there are no published answers, or they are for another number of queries.
    """
    if dataset.folder is None:
        raise BenchError(f"dataset '{dataset.name}' has no published answers")
    path = dataset.folder / truth_file(workload.filter_type)
    published = read_ivecs(path).astype(np.int64)[workload.rows]
    if len(published) != len(truth.ids):
        raise BenchError(f"{path} has answers of {len(published)} queries where there are {len(truth.ids)}")
    k = max(1, min(published.shape[1], truth.ids.shape[1]))
    filters = FilterBatch(workload.filters, workload.attributes)
    queries = load_rows(dataset.queries, workload.rows)
    verdict = judge(published[:, :k], k, truth, filters, open_vectors(dataset.vectors), queries)
    return np.flatnonzero((verdict.recall < 1) | (verdict.violations > 0) | verdict.unordered)
