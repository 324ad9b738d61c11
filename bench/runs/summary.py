"""Runs in words: what is planned, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable

from bench.core.errors import plain
from bench.core.progress import StatusLine
from bench.results.rows import Row, Status, in_shards, log_of, method_title, reason_of
from bench.results.store import Store
from bench.runs.forecast import describe_forecast, forecast
from bench.runs.live import SweepTable, is_terminal_busy
from bench.runs.plan import Plan
from bench.runs.run import run
from bench.system.exit_code import ExitCode, note
from bench.system.folders import results_cache


def title(plan: Plan) -> str:
    """Return what is run, in words."""
    config = plan.config
    method = method_title(in_shards(config.algorithm.name, config.shards), config.storage.format)
    return f"{plan.dataset.name} {plan.workload.name} {method}"


def run_repeat(plan: Plan, repeat: int, position: str, table: SweepTable | None = None) -> list[Row]:
    """Make one repeat of a plan, store it, print how it ended unless a table shows it, and return its rows."""
    config = plan.config
    name = f"{position}{title(plan)}"
    with StatusLine(name) if table is None or not table.is_shown else table.running(name) as line:
        rows = run(plan, repeat, Store(config.results), results_cache(config.results), line)
    note_failures(row.status for row in rows)
    has_failed = not {row.status for row in rows} <= {Status.OK, Status.UNSUPPORTED}
    if table is None or has_failed or not is_terminal_busy(table):
        repetition = f" #{repeat}" if config.repeats > 1 else ""
        print(plain(f"{name}{repetition}: {summary(rows)}"), flush=True)
    return rows


def note_failures(statuses: Iterable[Status]) -> None:
    """Have the command end with another exit code than 0 if a setting failed."""
    if not set(statuses) <= {Status.OK, Status.UNSUPPORTED}:
        note(ExitCode.FAILED_SETTINGS)


def summary(rows: list[Row]) -> str:
    """Return in a few words how a run ended."""
    parts = []
    good = [row for row in rows if row.status is Status.OK]
    points = [(row.recall, row.qps) for row in good if row.recall is not None and row.qps is not None]
    if points:
        recall, qps = max(points)
        parts.append(f"recall up to {recall:.3f} at {qps:,.0f} QPS")
    failed: dict[Status, list[Row]] = {}
    for row in rows:
        if row.status is not Status.OK:
            failed.setdefault(row.status, []).append(row)
    for status, group in failed.items():
        error = str(group[0].error)
        log = log_of(error)
        reason = reason_of(error) + (f"; see {log}" if log else "")
        parts.append(f"{len(group)} of {len(rows)} settings {status} ({reason})")
    return "; ".join(parts) or "stored; no query has a match"


def describe_plan(plan: Plan) -> str:
    """Return the plan in words."""
    n, dim = plan.dataset.shape
    shards = f", {plan.config.shards} shards" if plan.config.shards > 1 else ""
    lines = [
        f"  data      {n:,} items x {dim} dimensions, {plan.dataset.metric} ({plan.dataset.vectors})",
        f"  workload  {len(plan.workload.filters):,} queries, {plan.workload.filter_type} on "
        f"{', '.join(plan.workload.filtered) or 'nothing'}, k = {plan.config.k}",
        f"  build     {plan.build_params or 'no parameters'}, {plan.threads_build} threads{shards}",
        f"  search    {len(plan.settings)} settings, {plan.config.threads_search} thread(s)",
        f"  run       {plan.run_id}, {plan.config.repeats} repeat(s), stored in {plan.config.results}",
    ]
    if costs := None if plan.unsupported else forecast(plan):
        lines.append(f"  expected  {describe_forecast(costs)}")
    lines += [f"    {setting}" for setting in plan.settings if setting]
    if plan.unsupported:
        lines.append(f"  unsupported: {plan.unsupported}")
    return "\n".join(lines)
