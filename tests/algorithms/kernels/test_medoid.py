"""Medoids, against their definition."""

from __future__ import annotations

import numpy as np

from algorithms.kernels.medoid import medoids
from algorithms.kernels.space import l2


def test_medoids_are_nearest_to_the_mean() -> None:
    rows = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    bounds = np.array([0, 20, 20, 21, 50])
    nearest = medoids(l2(rows), bounds)
    assert nearest[1] == -1
    for g in (0, 2, 3):
        group = rows[bounds[g] : bounds[g + 1]].astype(np.float64)
        assert nearest[g] == bounds[g] + ((group - group.mean(0)) ** 2).sum(1).argmin()
