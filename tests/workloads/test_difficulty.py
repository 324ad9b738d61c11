"""Relevance and hardness: against sorting all items by their distances, for every metric and with ties."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.core.distances import exact_distances
from bench.core.leaf import FilterType
from bench.core.masks import mask
from bench.core.metrics import Metric
from bench.core.vectors import open_vectors
from bench.datasets.dataset import Dataset, load_rows
from bench.datasets.sources import VectorsSource
from bench.system.cache import Cache
from bench.workloads import ranks
from bench.workloads.difficulty import Difficulty, difficulty
from bench.workloads.ground_truth import ground_truth
from bench.workloads.sources import SampledWorkload, SelectivityWorkload, UnfilteredWorkload, WorkloadSource
from bench.workloads.workload import Workload
from tests.support.small_dataset import write_lines

RARE = SampledWorkload("rare", {"equals": "group"}, 3)
BROAD = SampledWorkload("broad", {"not": {"equals": "group"}}, 3)


def naive(dataset: Dataset, workload: Workload, k: int) -> Difficulty:
    """Sort all items by distance and id, and look for the k-th that passes."""
    vectors, queries = open_vectors(dataset.vectors), load_rows(dataset.queries, workload.rows)
    relevance, hardness = [], []
    for query, filter_ in zip(queries, workload.filters, strict=True):
        ids = np.arange(len(vectors))
        distances = exact_distances(vectors, query[None], ids[None], dataset.metric)[0]
        order = np.lexsort((ids, distances))
        passing = np.flatnonzero(mask(filter_, workload.attributes)[order]) + 1
        relevance.append(np.sum(passing <= k) / min(k, len(vectors)))
        wanted = min(k, len(passing))
        hardness.append(passing[wanted - 1] / wanted if wanted else np.nan)
    return Difficulty(np.array(relevance), np.array(hardness))


def opened(folder: Path, cache: Cache, vectors: NDArray[np.float32], metric: Metric = Metric.L2) -> Dataset:
    """Return a dataset of clustered groups, the vectors of which correlate with them."""
    np.save(folder / "x.npy", vectors)
    np.save(folder / "y.npy", vectors[::40] + np.float32(0.01))
    groups = [None if i % 50 == 7 else f"g{i * 6 // len(vectors)}" if i % 3 else "rare" for i in range(len(vectors))]
    write_lines(folder / "a.jsonl", [{"group": group} for group in groups])
    files = [str(folder / name) for name in ("x.npy", "y.npy", "a.jsonl")]
    dataset = VectorsSource("v", files[0], files[1], files[2]).open(cache)
    return dataclasses.replace(dataset, metric=metric, digest=f"{dataset.digest}-{metric}")


def check(dataset: Dataset, source: WorkloadSource, cache: Cache, k: int) -> Difficulty:
    workload = source.open(dataset, cache)
    hard = difficulty(dataset, workload, ground_truth(dataset, workload, cache), cache, k=k)
    expected = naive(dataset, workload, k)
    np.testing.assert_allclose(hard.relevance, expected.relevance)
    np.testing.assert_allclose(hard.hardness, expected.hardness)
    return hard


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count in several blocks, although the data is small."""
    monkeypatch.setattr(ranks, "_BLOCK", 100)
    monkeypatch.setattr(ranks, "_QUERIES", 4)


@pytest.mark.parametrize("metric", [Metric.L2, Metric.COSINE, Metric.IP])
@pytest.mark.parametrize("k", [1, 10, 100])
def test_relevance_and_hardness_equal_the_naive_ones(tmp_path: Path, cache: Cache, metric: Metric, k: int) -> None:
    rng = np.random.default_rng(0)
    vectors = (np.repeat(rng.normal(size=(6, 8)), 100, axis=0) * 4 + rng.normal(size=(600, 8))).astype(np.float32)
    dataset = opened(tmp_path, cache, vectors, metric)
    hard = check(dataset, RARE, cache, k)
    assert np.nanmax(hard.hardness) > 1
    check(dataset, BROAD, cache, k)
    check(dataset, SelectivityWorkload("s", FilterType.R, 0.005, 0), cache, k)


def test_ties_are_in_order_of_ids(tmp_path: Path, cache: Cache) -> None:
    vectors = np.repeat(np.arange(8, dtype=np.float32), 50)[:, None] * np.ones((1, 4), np.float32)
    dataset = opened(tmp_path, cache, vectors)
    for source in (RARE, BROAD):
        for k in (10, 60):
            check(dataset, source, cache, k)


def test_bits_are_ranked_exactly_although_most_items_tie(tmp_path: Path, cache: Cache) -> None:
    bits = np.random.default_rng(1).integers(0, 2, (400, 16)).astype(np.float32)
    np.save(tmp_path / "y.npy", bits[:10])
    dataset = opened(tmp_path, cache, bits, Metric.HAMMING)
    check(dataset, RARE, cache, 10)


def test_without_a_filter_all_is_relevant_and_nothing_hard(dataset: Dataset, cache: Cache) -> None:
    hard = check(dataset, UnfilteredWorkload("none"), cache, 10)
    assert set(hard.relevance) == {1.0}
    assert set(hard.hardness) == {1.0}


def test_queries_without_a_match_have_no_hardness(dataset: Dataset, cache: Cache) -> None:
    nothing = {"and": [{"in": ["license", []]}]}
    hard = check(dataset, SampledWorkload("nothing", nothing, 0), cache, 10)
    assert set(hard.relevance) == {0.0}
    assert np.isnan(hard.hardness).all()


def test_skipped_queries_are_left_out(dataset: Dataset, cache: Cache) -> None:
    whole = check(dataset, SampledWorkload("s", {"equals": "license"}, 0), cache, 10)
    rest = check(dataset, SampledWorkload("s", {"equals": "license"}, 0, skip=5, queries=7), cache, 10)
    np.testing.assert_array_equal(rest.hardness, whole.hardness[5:12])
