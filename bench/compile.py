"""``python -m bench.compile``: compile what a method calls, so that no run has to wait for it; sweep with ``-m``.

It takes the keys of ``bench.run``, and does in one process what a run does in several: methods share parts, which are
then compiled once. No row is stored. It prints the processor time of compiling: what no method before needed as well.
"""

from __future__ import annotations

from omegaconf import DictConfig

from algorithms.kernels.compiled import compile_seconds, tell_of_compiling
from algorithms.loading import load_target
from bench.config.command import command
from bench.measuring.local import LocalWorker
from bench.measuring.messages import Action, Request
from bench.measuring.timing import measure
from bench.results.store import Store
from bench.runs.config import parse_run
from bench.runs.plan import make_plan
from bench.runs.rows import court_of
from bench.runs.stages import questions_of
from bench.runs.summary import title
from bench.runs.tasks import task_of
from bench.runs.workspace import workspace
from bench.system.folders import results_cache
from bench.workloads.ground_truth import ground_truth


def main(config: DictConfig) -> None:
    """Build, search and judge as a run does, unless the method does not serve the workload or this is a dry run."""
    parsed = parse_run(config)
    plan = make_plan(parsed)
    if plan.unsupported is not None or parsed.dry_run or parsed.algorithm.external is not None:
        return
    tell_of_compiling(None)  # this command says what it compiled
    before = compile_seconds()
    memory = int(parsed.truth_memory_gib * 2**30)
    truth = ground_truth(plan.dataset, plan.workload, results_cache(parsed.results), depth=parsed.k, memory=memory)
    questions = questions_of(plan, truth)
    with workspace(Store(parsed.results).root, f"compile-{plan.run_id}") as folder:
        index = folder / "index"
        index.mkdir()
        method = load_target(parsed.algorithm.target)
        build = LocalWorker(task_of(plan, 0, index, plan.threads_build), method)
        for action in (Action.WARM_UP, Action.BUILD, Action.SAVE):
            build.ask(Request(action))
        search = LocalWorker(task_of(plan, 0, index, parsed.threads_search), method)
        search.ask(Request(Action.LOAD))
        threads = parsed.threads_search
        for setting in plan.settings:
            timing = measure(search.ask, questions, setting, parsed.k, threads, latency_queries=1, timed_seconds=0)
        court_of(plan, truth).judge(timing)
    print(f"{title(plan)}: compiled in {compile_seconds() - before:.1f} s", flush=True)


def entry() -> None:
    """Run the command."""
    command("compile", main)


if __name__ == "__main__":
    entry()
