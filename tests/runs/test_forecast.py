"""Forecasts of builds from stored rows whose costs follow known laws."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.datasets.dataset import Dataset
from bench.results.store import Store
from bench.runs.forecast import describe_forecast, forecast
from bench.runs.plan import Plan
from bench.runs.rows import planned_row
from bench.runs.summary import describe_plan
from bench.system.cache import Cache
from tests.support.plans import plan_of


@pytest.fixture
def plan(dataset: Dataset, cache: Cache, tmp_path: Path) -> Plan:
    """A plan with an empty results folder."""
    planned = plan_of("Honest", dataset, cache)
    return replace(planned, config=replace(planned.config, results=tmp_path))


def store(plan: Plan, *sizes: int, **other: Any) -> None:
    """Store a row per number of items, whose build takes 1 ms and 1 MiB an item."""
    for n in sizes:
        row = replace(
            planned_row(plan, 0),
            run_id=f"{n}{other}",
            n=n,
            recall=0.9,
            qps=1e5 / n,
            build_seconds=n / 1e3,
            build_memory_bytes=n << 20,
            index_bytes=n << 10,
            index_bytes_with_vectors=n << 19,
        )
        Store(plan.config.results).write(row.run_id, 0, [replace(row, **other)], [])


def test_costs_of_other_sizes_give_those_of_this_one(plan: Plan) -> None:
    store(plan, 40, 4000, 40_000)
    costs = forecast(plan)
    assert costs is not None
    assert costs.items == 400
    assert costs.build_seconds.value == pytest.approx(0.4)
    assert costs.memory_bytes.value == pytest.approx(400 << 20)
    assert describe_forecast(costs) == (
        "build 0.4 s (0.4 to 0.4), memory 0.391 GiB (0.391 to 0.391), from other numbers of items in the results"
    )
    assert describe_forecast(costs) in describe_plan(plan)


def test_two_sizes_have_no_interval(plan: Plan) -> None:
    store(plan, 40, 4000)
    costs = forecast(plan)
    assert costs is not None
    assert describe_forecast(costs).startswith("build 0.4 s, memory 0.391 GiB, ")


def test_one_size_or_other_conditions_say_nothing(plan: Plan) -> None:
    assert forecast(plan) is None
    store(plan, 40, 400)
    assert forecast(plan) is None
    for other in ({"cpu_model": "another"}, {"build_params": '{"M": 1}'}, {"dim": 99}, {"threads_build": 7}):
        store(plan, 4000, **other)
        assert forecast(plan) is None
    assert "expected" not in describe_plan(plan)
