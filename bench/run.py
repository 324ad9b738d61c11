"""``python -m bench.run``: benchmark a method on a workload of a dataset; sweep anything with ``-m``."""

from __future__ import annotations

import sys

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from bench.config.command import command
from bench.config.typed import parse_run
from bench.core.progress import StatusLine
from bench.results.store import Status
from bench.runs.plan import Plan, make_plan, results_cache, results_store
from bench.runs.run import run
from bench.system.machine import noise


def main(config: DictConfig) -> None:
    """Plan one run, and make those of its repeats that are not stored yet."""
    parsed = parse_run(config)
    plan = make_plan(parsed)
    if parsed.dry_run:
        print(f"{_position()}{title(plan)}\n{describe_plan(plan)}")
        return
    store = results_store(parsed.results)
    waiting = [r for r in range(parsed.repeats) if not store.is_done(plan.run_id, r, parsed.overwrite)]
    if not waiting:
        print(f"{_position()}{title(plan)}: already stored")
        return
    if _job() == 1:  # later ones of a sweep would hear of the load that the sweep itself makes
        for warning in noise():
            print(f"warning: {warning}", file=sys.stderr)
    for repeat in waiting:
        run_repeat(plan, repeat, _position())


def title(plan: Plan) -> str:
    """Return what is run, in words."""
    return f"{plan.dataset.name} {plan.workload.name} {plan.name}"


def run_repeat(plan: Plan, repeat: int, position: str) -> None:
    """Make one repeat of a plan, store it, and say how it ended."""
    config = plan.config
    with StatusLine(f"{position}{title(plan)}") as line:
        rows = run(plan, repeat, results_store(config.results), results_cache(config.results), line)
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


def _position() -> str:
    """Return which job of a sweep this is, to be shown."""
    return f"[{_job()}] " if HydraConfig.get().mode == RunMode.MULTIRUN else ""


def _job() -> int:
    """Return the number of this job in its sweep, from 1."""
    hydra = HydraConfig.get()
    return hydra.job.num + 1 if hydra.mode == RunMode.MULTIRUN else 1


def entry() -> None:
    """Run the command."""
    command("run", main)


if __name__ == "__main__":
    entry()
