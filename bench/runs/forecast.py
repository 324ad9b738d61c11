"""What a build will cost, from what the same method cost for fewer or more items of the same data on this machine."""

from __future__ import annotations

import math
from dataclasses import asdict

from bench.results.extrapolation import Costs, growths
from bench.results.growth import Estimate, measured
from bench.results.store import Store
from bench.runs.plan import Plan
from bench.runs.rows import planned_row

_SAME = [
    "dataset", "dim", "metric", "workload", "algorithm", "storage", "build_params", "threads_build", "shards",
    "cpu_model", "cores",
]  # fmt: skip
"""The columns in which stored rows must equal those that the plan will store."""

_RECALL = 0.95


def forecast(plan: Plan) -> Costs | None:
    """Return the expected costs of a plan; None where fewer than two other numbers of items are stored."""
    rows, planned = Store(plan.config.results).rows(), asdict(planned_row(plan, 0))
    if rows.empty:
        return None
    same = rows[(rows[_SAME] == [planned[column] for column in _SAME]).all(axis=1) & (rows["n"] != planned["n"])]
    costs = measured(same, "n", _RECALL)
    if costs["n"].nunique() < 2:
        return None
    ((_, growth),) = growths(costs)
    return growth.at(planned["n"])


def describe_forecast(costs: Costs) -> str:
    """Return the time and the memory of a build in words."""
    seconds, memory = _range(costs.build_seconds, 1, "s"), _range(costs.memory_bytes, 2**30, "GiB")
    return f"build {seconds}, memory {memory}, from other numbers of items in the results"


def _range(estimate: Estimate, unit: float, name: str) -> str:
    """Return an estimate with its interval; without one where only two sizes are known."""
    if math.isnan(estimate.value):
        return "unknown"
    low, high = estimate.low / unit, estimate.high / unit
    interval = "" if math.isnan(low) else f" ({low:,.3g} to {high:,.3g})"
    return f"{estimate.value / unit:,.3g} {name}{interval}"
