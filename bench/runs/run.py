"""Running a plan: build in one child process, search in another, judge every answer, store the rows."""

from __future__ import annotations

from functools import partial

import pyarrow as pa

from bench.results.rows import Row, Status
from bench.results.store import Store
from bench.runs.plan import Plan
from bench.runs.rows import failed_rows, judge_settings, planned_row, with_build, with_truth
from bench.runs.stages import Ending, Report, built_index, read_facts, search_settings
from bench.runs.workspace import workspace
from bench.system.cache import Cache
from bench.workloads.difficulty import difficulty
from bench.workloads.ground_truth import DEPTH, ground_truth


def run(plan: Plan, repeat: int, store: Store, cache: Cache, report: Report, *, keep_index: bool = True) -> list[Row]:
    """Run one repeat of a plan, store it, and return its rows, one per search setting.

    One process at a time makes a run. A process that waited for another, or that comes later, finds the run stored and
    returns its rows, unless `plan.config.overwrite` asks to make it again.

    Args:
        plan: what to run.
        repeat: the number of the repeat, from 0; every repeat builds anew.
        store: takes the rows once all of them are known.
        cache: holds ground truth.
        report: is called with a few words about what is being done.
        keep_index: whether other runs may use the index; otherwise it is deleted.

    Raises:
        BenchError: the results cannot be written.
    """
    with store.lock("run", plan.run_id, repeat, partial(report, "another process makes this run")):
        if not store.is_done(plan.run_id, repeat, plan.config.overwrite):
            rows, tables = _build_and_search(plan, repeat, store, cache, report, keep_index=keep_index)
            store.write(plan.run_id, repeat, rows, tables)
        return store.run(plan.run_id, repeat)


def _build_and_search(
    plan: Plan, repeat: int, store: Store, cache: Cache, report: Report, *, keep_index: bool
) -> tuple[list[Row], list[pa.Table]]:
    """Return the rows of a run and its per-query tables."""
    row = planned_row(plan, repeat)
    if plan.unsupported is not None:
        return failed_rows(row, plan.settings, Ending(Status.UNSUPPORTED, plan.unsupported)), []

    report("ground truth")
    depth = max(DEPTH, plan.config.k)
    memory = int(plan.config.truth_memory_gib * 2**30)
    truth = ground_truth(plan.dataset, plan.workload, cache, depth=depth, memory=memory)
    hard = difficulty(plan.dataset, plan.workload, truth, cache, k=plan.config.k, memory=memory)
    row = with_truth(row, truth, hard)
    search_log = store.log_file(plan.run_id, repeat, "search")
    for log in (store.log_file(plan.run_id, repeat, "build"), search_log):
        log.unlink(missing_ok=True)  # of an earlier attempt
    hidden = (store.root, cache.root)
    with (
        workspace(store.root, f"{plan.run_id}-{repeat}") as folder,
        built_index(plan, repeat, store, hidden, folder, report, keep=keep_index) as (build, index),
    ):
        if build.status is not Status.OK:
            return failed_rows(row, plan.settings, build), []
        row = with_build(row, read_facts(index), plan)
        searches = search_settings(plan, repeat, truth, index / "index", hidden, folder, search_log, report)
        report("verifying")
        return judge_settings(plan, truth, hard, row, searches)
