"""Exact search and judging under every metric, against a naive ranking in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.filters import Everything
from bench.core.masks import FilterBatch
from bench.core.metrics import Metric
from bench.truth.judge import judge
from bench.truth.search import exact_search
from tests.support import naive
from tests.support.small_dataset import attributes, clustered
from tests.truth.test_search import MIXED

N = 400
DIM = 24


def problem(metric: Metric) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """Return items and queries: of all lengths, or bits."""
    vectors, queries = clustered(N, DIM, 1), clustered(len(MIXED), DIM, 2)
    if metric is Metric.HAMMING:
        return (vectors > 0).astype(np.uint8), (queries > 0).astype(np.float32)
    lengths = np.random.default_rng(3).uniform(0.1, 10, N).astype(np.float32)
    return vectors * lengths[:, None], queries


@pytest.mark.parametrize("metric", Metric)
def test_every_metric_ranks_as_in_float64(metric: Metric) -> None:
    vectors, queries = problem(metric)
    truth = exact_search(vectors, queries, FilterBatch(MIXED, attributes()), 10, metric=metric)
    ids, distances, matches = naive.nearest(vectors, queries, MIXED, attributes(), 10, metric)
    np.testing.assert_allclose(truth.distances, distances, rtol=1e-12, atol=1e-14)
    assert truth.ids.tolist() == ids.tolist()
    assert truth.matches.tolist() == matches.tolist()


@pytest.mark.parametrize("metric", Metric)
def test_the_exact_answer_is_perfect_and_the_farthest_is_none(metric: Metric) -> None:
    vectors, queries = problem(metric)
    batch = FilterBatch([Everything()] * len(queries), Attributes(N, {}))
    truth = exact_search(vectors, queries, batch, N, metric=metric)
    best = judge(truth.ids[:, :10], 10, truth, batch, vectors, queries)
    assert best.recall.tolist() == [1.0] * len(queries)
    assert not best.unordered.any()
    worst = judge(truth.ids[:, -10:], 10, truth, batch, vectors, queries)
    assert worst.recall.tolist() == [0.0] * len(queries)
    turned = judge(truth.ids[:, 9::-1], 10, truth, batch, vectors, queries)
    assert turned.unordered.all()


@pytest.mark.parametrize("length", [1e-42, 1e-24, 1e-10, 1.0, 1e10, 1e24, 3e37])
def test_cosine_does_not_depend_on_lengths(length: float) -> None:
    vectors, queries = problem(Metric.COSINE)
    batch = FilterBatch(MIXED, attributes())
    truth = exact_search(vectors, queries, batch, 10, metric=Metric.COSINE)
    scaled = (vectors.astype(np.float64) * length / 100).astype(np.float32)
    ids, _, _ = naive.nearest(scaled, queries, MIXED, attributes(), 10, Metric.COSINE)
    assert exact_search(scaled, queries, batch, 10, metric=Metric.COSINE).ids.tolist() == ids.tolist()
    if length >= 1e-24:  # below, float32 has few digits
        assert truth.ids.tolist() == ids.tolist()


def test_a_row_of_zeros_has_cosine_zero() -> None:
    vectors = np.array([[-1, 0], [0, 0], [1, -9], [1, 1]], np.float32)
    batch = FilterBatch([Everything()], Attributes(4, {}))
    truth = exact_search(vectors, np.array([[1, 0]], np.float32), batch, 4, metric=Metric.COSINE)
    assert truth.ids.tolist() == [[3, 2, 1, 0]]
    np.testing.assert_allclose(truth.distances, [[2 - 2 / 2**0.5, 2 - 2 / 82**0.5, 2, 4]])


@settings(max_examples=40)
@given(st.sampled_from([Metric.IP, Metric.COSINE]), st.integers(0, 2**32 - 1))
def test_ties_of_grid_points(metric: Metric, seed: int) -> None:
    """With vectors of small integers products are exact, and many are equal."""
    rng = np.random.default_rng(seed)
    vectors = rng.integers(-2, 3, (60, 3)).astype(np.float32)
    queries = np.array([[1, 0, 0], [1, 1, 0]], np.float32)
    batch = FilterBatch([Everything()] * 2, Attributes(60, {}))
    truth = exact_search(vectors, queries, batch, 10, metric=metric)
    _, distances, _ = naive.nearest(vectors, queries, batch.filters, Attributes(60, {}), 10, metric)
    np.testing.assert_allclose(truth.distances, distances, atol=1e-12)
    verdict = judge(truth.ids, 10, truth, batch, vectors, queries)
    assert verdict.recall.tolist() == [1, 1]
