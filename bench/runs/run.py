"""Runs a plan: build in one child process, search in another, judge every answer, store the rows."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pyarrow as pa

from bench.results.rows import Status
from bench.results.store import Store
from bench.runs.child import Outcome
from bench.runs.plan import Plan
from bench.runs.rows import common_values, failure_values, judged, to_json
from bench.runs.stages import Report, built, searched, workspace
from bench.system.cache import Cache
from bench.workloads.ground_truth import DEPTH, ground_truth


def run(
    plan: Plan, repeat: int, store: Store, cache: Cache, report: Report, *, keep_index: bool = True
) -> list[dict[str, Any]]:
    """Run one repeat of a plan, store it, and return its rows, one per search setting.

    One process at a time makes a run. One that waited for another finds it stored, as does one that comes later, and
    returns what is there, unless `plan.config.overwrite` wants it made again.

    Args:
        plan: what to run.
        repeat: the number of the repeat, from 0; every repeat builds anew.
        store: takes the rows when all of them are there.
        cache: holds ground truth.
        report: is told in a few words what is being done.
        keep_index: whether other runs may use the index; otherwise it is deleted.

    Raises:
        BenchError: the results cannot be written.
    """
    with store.lock("run", plan.run_id, repeat, partial(report, "another process makes this run")):
        if not store.is_done(plan.run_id, repeat, plan.config.overwrite):
            rows, tables = _made(plan, repeat, store, cache, report, keep_index=keep_index)
            store.write(plan.run_id, repeat, rows, tables)
        return store.run(plan.run_id, repeat)


def _made(
    plan: Plan, repeat: int, store: Store, cache: Cache, report: Report, *, keep_index: bool
) -> tuple[list[dict[str, Any]], list[pa.Table]]:
    """Return the rows of a run and its per-query tables."""
    common = common_values(plan, repeat)

    def failed(outcome: Outcome) -> list[dict[str, Any]]:
        return [common | failure_values(outcome) | {"search_params": to_json(setting)} for setting in plan.settings]

    if plan.unsupported is not None:
        return failed(Outcome(Status.UNSUPPORTED, plan.unsupported, 0)), []

    report("ground truth")
    depth = max(DEPTH, plan.config.k)
    memory = int(plan.config.truth_memory_gib * 2**30)
    truth = ground_truth(plan.dataset, plan.workload, cache, depth=depth, memory=memory)
    common |= {
        "selectivity_mean": float(truth.matches.mean() / plan.dataset.shape[0]),
        "unmatched": int((truth.matches == 0).sum()),
    }
    with (
        workspace(store.root, f"{plan.run_id}-{repeat}") as folder,
        built(plan, repeat, store, folder, report, keep=keep_index) as (build, index),
    ):
        if build.status is not Status.OK:
            return failed(build), []
        facts = json.loads((index / "build.json").read_text())
        common |= {key: facts[key] for key in ("build_seconds", "build_peak_rss_bytes", "index_bytes")}
        outcomes = searched(plan, index / "index", folder, report)
        report("verifying")
        return judged(plan, truth, common, outcomes, folder)
