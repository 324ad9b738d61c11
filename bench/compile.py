"""``python -m bench.compile``: compile what a method calls, so that no run has to wait for it; sweep with ``-m``.

It takes the keys of ``bench.run``, and does in one process what a run does in several: methods share parts, which are
then compiled once. Nothing is timed, and no row is stored.
"""

from __future__ import annotations

from omegaconf import DictConfig

from algorithms.kernels.compiled import tell_of_compiling
from bench.config.command import command
from bench.results.rows import Status
from bench.results.store import Store
from bench.runs import worker
from bench.runs.child import Outcome
from bench.runs.config import parse_run
from bench.runs.plan import make_plan
from bench.runs.rows import judge_settings, planned_row
from bench.runs.stages import task_of, workspace
from bench.runs.summary import title
from bench.system.folders import results_cache
from bench.workloads.ground_truth import ground_truth


def main(config: DictConfig) -> None:
    """Build, search and judge as a run does, unless the method does not serve the workload or this is a dry run."""
    parsed = parse_run(config)
    plan = make_plan(parsed)
    if plan.unsupported is not None or parsed.dry_run:
        return
    tell_of_compiling(None)  # this command says what it compiled
    memory = int(parsed.truth_memory_gib * 2**30)
    truth = ground_truth(plan.dataset, plan.workload, results_cache(parsed.results), depth=parsed.k, memory=memory)
    with workspace(Store(parsed.results).root, f"compile-{plan.run_id}") as folder:
        index = folder / "index"
        index.mkdir()
        worker.build(task_of(plan, index, plan.threads_build), folder)
        worker.search(task_of(plan, index, parsed.threads_search), folder)
        judge_settings(plan, truth, planned_row(plan, 0), [Outcome(Status.OK, None, 0)] * len(plan.settings), folder)
    print(f"{title(plan)}: compiled", flush=True)


def entry() -> None:
    """Run the command."""
    command("compile", main)


if __name__ == "__main__":
    entry()
