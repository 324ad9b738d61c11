"""Runs in words: what is planned, and how it ended."""

from __future__ import annotations

from bench.core.progress import StatusLine
from bench.results.rows import Status
from bench.results.store import Store
from bench.runs.plan import Plan
from bench.runs.run import run
from bench.system.folders import results_cache


def title(plan: Plan) -> str:
    """Return what is run, in words."""
    return f"{plan.dataset.name} {plan.workload.name} {plan.name}"


def run_repeat(plan: Plan, repeat: int, position: str) -> None:
    """Make one repeat of a plan, store it, and say how it ended."""
    config = plan.config
    with StatusLine(f"{position}{title(plan)}") as line:
        rows = run(plan, repeat, Store(config.results), results_cache(config.results), line)
    print(f"{position}{title(plan)}{f' #{repeat}' if config.repeats > 1 else ''}: {summary(rows)}", flush=True)


def summary(rows: list[dict[str, object]]) -> str:
    """Return in a few words how a run ended."""
    good = [row for row in rows if row["status"] == Status.OK and row.get("recall") is not None]
    parts = []
    if good:
        best = max(good, key=lambda row: (row["recall"], row["qps"]))
        parts.append(f"recall up to {best['recall']:.3f} at {best['qps']:,.0f} QPS")
    failed: dict[str, list[dict[str, object]]] = {}
    for row in rows:
        if row["status"] != Status.OK:
            failed.setdefault(str(row["status"]), []).append(row)
    for status, group in failed.items():
        last = str(group[0]["error"]).strip().splitlines()[-1]
        parts.append(f"{len(group)} of {len(rows)} settings {status} ({last})")
    return "; ".join(parts) or "stored; no query has a match"


def describe_plan(plan: Plan) -> str:
    """Return the plan in words."""
    n, dim = plan.dataset.shape
    lines = [
        f"  data      {n:,} items x {dim} dimensions ({plan.dataset.vectors})",
        f"  workload  {len(plan.workload.filters):,} queries, {plan.workload.filter_type} on "
        f"{', '.join(plan.workload.filtered) or 'nothing'}, k = {plan.config.k}",
        f"  build     {plan.build_params or 'no parameters'}, {plan.threads_build} threads",
        f"  search    {len(plan.settings)} settings, {plan.config.threads_search} thread(s)",
        f"  run       {plan.run_id}, {plan.config.repeats} repeat(s), stored in {plan.config.results}",
    ]
    lines += [f"    {setting}" for setting in plan.settings if setting]
    if plan.unsupported:
        lines.append(f"  unsupported: {plan.unsupported}")
    return "\n".join(lines)
