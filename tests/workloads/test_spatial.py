"""Synthetic attributes that follow the vectors: near items are close in their order, and filters pass what is near."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.core.errors import BenchError
from bench.core.leaf import FilterType
from bench.core.metrics import Metric
from bench.core.vectors import open_vectors
from bench.datasets.dataset import Dataset
from bench.system.cache import Cache
from bench.workloads.difficulty import difficulty
from bench.workloads.ground_truth import ground_truth
from bench.workloads.sources import SelectivityWorkload
from bench.workloads.spatial import spatial_order
from bench.workloads.workload import Control

TYPES = [FilterType.EM, FilterType.R, FilterType.EMIS]


@pytest.mark.parametrize("metric", [Metric.L2, Metric.COSINE])
def test_near_items_are_close_in_the_order(dataset: Dataset, cache: Cache, tmp_path: Path, metric: Metric) -> None:
    dataset = replace(dataset, metric=metric, digest=f"{dataset.digest}{metric}")
    order = spatial_order(dataset, cache, 0)
    n = dataset.shape[0]
    assert sorted(order.tolist()) == list(range(n))
    vectors = open_vectors(dataset.vectors)
    steps = np.linalg.norm(np.diff(vectors[order].astype(np.float64), axis=0), axis=1)
    random = np.linalg.norm(np.diff(vectors.astype(np.float64), axis=0), axis=1)
    assert np.median(steps) < 0.7 * np.median(random)
    np.testing.assert_array_equal(order, spatial_order(dataset, Cache(tmp_path), 0))
    assert (order != spatial_order(dataset, cache, 1)).any()


@pytest.mark.parametrize("filter_type", TYPES)
def test_correlation_decides_how_much_of_what_is_near_passes(
    dataset: Dataset, cache: Cache, filter_type: FilterType
) -> None:
    relevance = {}
    for correlation in (None, 0.0, 1.0):
        workload = SelectivityWorkload("w", filter_type, 0.1, 0, correlation).open(dataset, cache)
        truth = ground_truth(dataset, workload, cache, depth=10)
        assert set(truth.matches.tolist()) == {dataset.shape[0] // 10}
        relevance[correlation] = difficulty(dataset, workload, truth, cache, k=10).relevance.mean()
    assert relevance[1.0] > 0.4
    assert relevance[1.0] > 3 * max(relevance[0.0], relevance[None])


def test_the_correlation_is_what_is_controlled(dataset: Dataset, cache: Cache) -> None:
    def opened(correlation: float | None, queries: int | None = None) -> SelectivityWorkload:
        return SelectivityWorkload("w", FilterType.R, 0.1, 0, correlation, queries)

    assert opened(None).open(dataset, cache).control == Control("selectivity", 0.1)
    assert opened(0.5).open(dataset, cache).control == Control("correlation", 0.5, 0.1)
    whole, few = opened(0.5).open(dataset, cache), opened(0.5, 5).open(dataset, cache)
    assert few.filters == whole.filters[:5]
    with pytest.raises(BenchError, match=r"workload.correlation=-0.1 is out of range"):
        opened(-0.1).open(dataset, cache)
