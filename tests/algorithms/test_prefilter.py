"""Pre-filtering: exact whether queries share a filter or not, and whatever is asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from algorithms.baselines.prefilter import PreFilter
from bench.core.filters import Between, Equals, Everything, Filter
from bench.core.metrics import Metric
from bench.truth.search import exact_search
from tests.support.problems import Problem, answer, clustered

SHARED: dict[str, tuple[Filter, ...]] = {
    "by none": tuple(Between("number", low, None) for low in range(20)),
    "by many": (Equals("category", "a"),) * 12 + (Equals("category", "nothing"),) * 12,
    "by some": (
        Equals("category", "b"),
        *(Everything(),) * 30,
        Between("number", 3, 9),
        *(Equals("category", "a"),) * 9,
    ),
}


@pytest.mark.parametrize("k", [1, 10, 700])
@pytest.mark.parametrize("metric", [Metric.L2, Metric.IP])
@pytest.mark.parametrize("filters", SHARED.values(), ids=SHARED)
def test_answers_are_exact_whether_filters_are_shared(filters: tuple[Filter, ...], metric: Metric, k: int) -> None:
    problem = clustered(600, 0, len(filters))
    problem = replace(problem, filters=filters)
    prefilter = PreFilter(PreFilter.BuildParams())
    prefilter.build(replace(problem.data(), metric=metric))
    ids = answer(prefilter, problem, None, k)
    truth = exact_search(problem.vectors, problem.queries, problem.batch, k, metric=metric)
    np.testing.assert_array_equal(ids, truth.ids)
    assert prefilter.distance_computations == problem.batch.matches[problem.batch.index].sum()


def test_many_queries_are_multiplied_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    problem: Problem = replace(clustered(300, 0, 50), filters=(Everything(),) * 50)
    prefilter = PreFilter(PreFilter.BuildParams())
    prefilter.build(problem.data())
    whole = answer(prefilter, problem, None)
    for products in (1, 300 * 7):
        monkeypatch.setattr("algorithms.baselines.prefilter._PRODUCTS", products)
        np.testing.assert_array_equal(answer(prefilter, problem, None), whole)
