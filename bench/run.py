"""``python -m bench.run``: benchmark a method on a workload of a dataset; sweep anything with ``-m``."""

from __future__ import annotations

import sys
from functools import partial

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from bench.config.command import command
from bench.config.launchers import is_sequential, is_sweep
from bench.results.store import Store
from bench.runs.config import parse_run
from bench.runs.live import SweepTable, is_terminal_busy
from bench.runs.plan import make_plan
from bench.runs.summary import describe_plan, note_failures, run_repeat, title
from bench.system.machine import noise
from bench.tuning.trace import with_tuned


def main(config: DictConfig, table: SweepTable) -> None:
    """Plan a run, and make the repeats that are not stored yet; a sweep on a terminal shows them in a table."""
    parsed = with_tuned(parse_run(config))
    plan = make_plan(parsed)
    if parsed.dry_run:
        print(f"{_position()}{title(plan)}\n{describe_plan(plan)}")
        return
    store = Store(parsed.results)
    missing = [r for r in range(parsed.repeats) if not store.is_done(plan.run_id, r, parsed.overwrite)]
    stored = [
        row for repeat in range(parsed.repeats) if repeat not in missing for row in store.run(plan.run_id, repeat)
    ]
    note_failures(row.status for row in stored)
    if missing and _number_in_sweep() == 1:  # later runs of a sweep would only see the sweep's own load
        for warning in noise():
            print(f"warning: {warning}", file=sys.stderr)
    if is_sweep() and is_sequential():
        table.start()
    if not missing:
        table.add(_number_in_sweep(), plan.workload.name, stored)
        if not is_terminal_busy(table):
            print(f"{_position()}{title(plan)}: already stored")
    for repeat in missing:
        table.add(_number_in_sweep(), plan.workload.name, run_repeat(plan, repeat, _position(), table))


def _position() -> str:
    """Return the number of this run in its sweep, to be shown before its title."""
    return f"[{_number_in_sweep()}] " if HydraConfig.get().mode == RunMode.MULTIRUN else ""


def _number_in_sweep() -> int:
    """Return the number of this run in its sweep, from 1; 1 without a sweep."""
    hydra = HydraConfig.get()
    return hydra.job.num + 1 if hydra.mode == RunMode.MULTIRUN else 1


def entry() -> None:
    """Run the command."""
    with SweepTable(sys.argv[1:]) as table:
        command("run", partial(main, table=table))


if __name__ == "__main__":
    entry()
