"""NHQ's fusion distance between items, and from queries that leave attributes open."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from algorithms.encodings.values import ANY, MISSING, NEVER
from algorithms.kernels.jit import kernel
from algorithms.kernels.space import distance, distances, l2, query_target, target
from algorithms.nhq.fusion import Fused, Fusion, FusionTarget, Penalty, Values, measure
from tests.support.fused import fused_distances


@kernel
def between_items(space: Any, item: Any, others: Any, one_by_one: Any, together: Any) -> None:
    point = target(space, item)
    distances(point, others, len(others), together)
    for i in range(len(others)):
        one_by_one[i] = distance(point, others[i])


@kernel
def from_query(space: Any, metric: Any, queries: Any, wanted: Any, others: Any, one_by_one: Any, together: Any) -> None:
    fused = FusionTarget(query_target(space.points, queries, 0), space.codes, Values(wanted, np.int64(0)))
    point = measure(metric, fused)
    distances(point, others, len(others), together)
    for i in range(len(others)):
        one_by_one[i] = distance(point, others[i])


def test_items_differ_by_vectors_and_by_a_fraction_of_their_attributes() -> None:
    rng = np.random.default_rng(0)
    vectors, codes = rng.normal(size=(30, 7)).astype(np.float32), rng.integers(MISSING, 3, (30, 3)).astype(np.int32)
    expected, others = fused_distances(vectors, codes), np.arange(30, dtype=np.int32)
    for item in range(30):
        out = np.empty((2, 30), np.float32)
        between_items(Fusion(l2(vectors), codes), item, others, out[0], out[1])
        np.testing.assert_allclose(out, [expected[item]] * 2, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("wanted", "differing"), [((0, 1, 2), 0), ((ANY, 1, 2), 0), ((ANY,) * 3, 0), ((NEVER, ANY, 0), 2), ((1, 0, 0), 3)]
)
def test_a_query_differs_in_the_attributes_that_it_names(wanted: tuple[int, ...], differing: int) -> None:
    space = Fusion(l2(np.ones((5, 4), np.float32)), np.array([[0, 1, 2]] * 5, np.int32))
    query, others = np.full((1, 4), 3, np.float32), np.arange(5, dtype=np.int32)
    for metric, expected in ((Fused(), 16 * (1 + differing / 3)), (Penalty(np.float32(7)), 16 + 7 * differing)):
        out = np.empty((2, 5), np.float32)
        from_query(space, metric, query, np.array([wanted], np.int32), others, out[0], out[1])
        np.testing.assert_allclose(out, expected, rtol=1e-6)
