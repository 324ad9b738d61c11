"""Ground truth: the exact answers of a workload, computed once and kept, and checks of published answers."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.core.errors import BenchError
from bench.core.masks import FilterBatch
from bench.core.metrics import Metric
from bench.core.vectors import open_vectors
from bench.datasets.answers import read_answers
from bench.datasets.dataset import Dataset, load_rows
from bench.system.cache import Cache
from bench.system.files import digest_of
from bench.truth.answers import GroundTruth, merged
from bench.truth.judge import judge
from bench.truth.search import search_shard, shards
from bench.workloads.workload import Workload

DEPTH = 100
"""The default number of answers per query."""

_FORMAT = 2
_TRIAL_ITEMS = 4096
_TRIAL_QUERIES = 512
_WORTH_ANNOUNCING = 20.0


def ground_truth(
    dataset: Dataset, workload: Workload, cache: Cache, *, depth: int = DEPTH, memory: int = 2 << 30
) -> GroundTruth:
    """Return the exact answers of a workload, from the cache if they were computed before.

    Items are searched in shards, whose answers are kept until all are merged. So a killed computation resumes where it
    stopped, and processes that need the same answers, even on several machines, divide the shards among them. If the
    computation will take more than a few seconds, its duration is announced.

    Args:
        dataset: the vectors and queries.
        workload: the filters.
        cache: keeps the answers under a digest of everything that decides them.
        depth: answers per query.
        memory: bytes that the computation may use, in addition to the queries and the attributes.

    Raises:
        BenchError: the memory budget is too small for one block.
    """
    key = digest_of(_FORMAT, dataset.digest, workload.digest, depth)

    load = partial(_load, metric=dataset.metric)
    path, group = cache.root / "ground_truth" / f"{key}.npz", f"ground_truth_shards/{key}"
    if not path.exists():
        queries = load_rows(dataset.queries, workload.rows)
        filters = FilterBatch(workload.filters, workload.attributes)
        cuts = shards(open_vectors(dataset.vectors), filters, depth, memory)
        _announce(dataset, queries, cuts)

        def search(rows: slice, out: Path) -> None:
            # Opened anew, so that the mapped pages are released at the end.
            vectors = open_vectors(dataset.vectors)[rows]
            _save(search_shard(vectors, queries, filters.part(rows), depth, dataset.metric, rows.start), out)

        for rows in cuts:
            if not path.exists():  # else another process has merged all of them meanwhile
                cache.file_if_free(group, _name(rows), ".npz", partial(search, rows))

        def merge(out: Path) -> None:
            # Shards that other processes began and did not finish are searched now.
            files = (cache.file(group, _name(rows), ".npz", partial(search, rows)) for rows in cuts)
            _save(functools.reduce(merged, map(load, files)), out)

        cache.file("ground_truth", key, ".npz", merge)
        cache.drop(group)
    return load(path)


def _name(rows: slice) -> str:
    return f"{rows.start}-{rows.stop}"


def _save(truth: GroundTruth, out: Path) -> None:
    with out.open("wb") as file:
        np.savez(file, ids=truth.ids, distances=truth.distances, matches=truth.matches)


def _load(path: Path, metric: Metric) -> GroundTruth:
    with np.load(path) as arrays:
        return GroundTruth(arrays["ids"], arrays["distances"], arrays["matches"], metric)


def _announce(dataset: Dataset, queries: NDArray[np.float32], cuts: Sequence[slice]) -> None:
    """Print an estimate of the duration, from the speed of a few products and of reading a few vectors."""
    n, dim = dataset.shape
    vectors = open_vectors(dataset.vectors)
    few = slice(0, _TRIAL_ITEMS)
    started = time.perf_counter()
    block = np.ascontiguousarray(vectors[few], np.float32)
    read = time.perf_counter()
    queries[:_TRIAL_QUERIES] @ block.T
    multiplied = time.perf_counter()
    reading = (read - started) * n / len(block)
    products = (multiplied - read) * n / len(block) * len(queries) / len(queries[:_TRIAL_QUERIES])
    if products + reading > _WORTH_ANNOUNCING:
        print(
            f"ground truth of {dataset.name}: {n:,} items x {dim} dimensions x {len(queries):,} queries in "
            f"{len(cuts)} shards, about {max(products, reading) / 60:.1f} min "
            f"(products {products / 60:.1f}, reading {reading / 60:.1f})",
            file=sys.stderr,
            flush=True,
        )


def differences(truth: GroundTruth, dataset: Dataset, workload: Workload) -> NDArray[np.int64]:
    """Return the queries whose published answers differ from the exact ones by more than ties.

    The published answers are judged like those of a method, to the depth of the file.

    Raises:
        BenchError: there are no published answers, or their number differs from that of the queries.
    """
    if workload.answers is None:
        raise BenchError(f"workload '{workload.name}' of dataset '{dataset.name}' has no published answers")
    published = read_answers(workload.answers).astype(np.int64)[workload.rows]
    if len(published) != len(truth.ids):
        raise BenchError(f"{workload.answers} has answers for {len(published)} queries, but there are {len(truth.ids)}")
    k = max(1, min(published.shape[1], truth.ids.shape[1]))
    filters = FilterBatch(workload.filters, workload.attributes)
    queries = load_rows(dataset.queries, workload.rows)
    verdict = judge(published[:, :k], k, truth, filters, open_vectors(dataset.vectors), queries)
    return np.flatnonzero((verdict.recall < 1) | (verdict.violations > 0) | verdict.unordered)
