"""k-means: assignment, means, and centroids that lose their rows."""

from __future__ import annotations

import numpy as np
import pytest

from algorithms.kernels.kmeans import assign, clusters_of, train


def test_rows_are_assigned_to_the_nearest_centroid() -> None:
    rng = np.random.default_rng(0)
    rows, centroids = (rng.normal(size=(n, 6)).astype(np.float32) for n in (2500, 11))
    squared = ((rows[:, None].astype(np.float64) - centroids) ** 2).sum(2)
    nearest = [assign(rows, centroids, threads) for threads in (1, 3)]
    np.testing.assert_array_equal(nearest[0], squared.argmin(1))
    np.testing.assert_array_equal(nearest[0], nearest[1])


def test_clusters_list_their_rows() -> None:
    clusters = clusters_of(np.array([2, 0, 2, 2, 0], np.int32), 4)
    assert [row.tolist() for row in np.split(clusters.ids, clusters.starts[1:-1])] == [[1, 4], [], [0, 2, 3], []]


@pytest.mark.parametrize("threads", [1, 2])
def test_centroids_are_the_means_of_clusters_far_apart(threads: int) -> None:
    rng = np.random.default_rng(1)
    centres = 100 * rng.normal(size=(5, 4))
    rows = (np.repeat(centres, 40, axis=0) + rng.normal(size=(200, 4))).astype(np.float32)
    # Centroids that begin in the same cluster may stay there, so take the best of ten seeds.
    errors = []
    for seed in range(10):
        centroids = train(rows, 5, np.random.default_rng(seed), threads)
        nearest = assign(rows, centroids, threads)
        means = np.stack([rows[nearest == c].mean(0, dtype=np.float64) for c in range(5)])
        np.testing.assert_allclose(centroids, means, rtol=1e-5, atol=1e-4)
        errors.append(((rows - centroids[nearest]) ** 2).sum() / len(rows))
    assert min(errors) < 8  # the variance of four coordinates is 4


def test_centroids_of_equal_rows() -> None:
    rows = np.ones((40, 3), np.float32)
    np.testing.assert_array_equal(train(rows, 7, np.random.default_rng(0), 1), np.ones((7, 3)))


def test_a_centroid_without_rows_moves_to_a_row_far_from_its_centroid() -> None:
    # Two of three centroids begin at the same value, so that one of them is empty; the last row is far from all others.
    rows = np.array([[0.0]] * 30 + [[1.0]] * 30 + [[50.0]], np.float32)
    for seed in range(10):
        assert sorted(train(rows, 3, np.random.default_rng(seed), 1).ravel().tolist()) == [0, 1, 50]
