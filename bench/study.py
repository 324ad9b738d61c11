"""``python -m bench.study``: make all runs of an experiment, at a scale, within a budget of time; resumable."""

from __future__ import annotations

import sys
import time
from collections import deque
from dataclasses import dataclass

from omegaconf import DictConfig

from bench.characterise import characterise
from bench.config.command import check_overrides, command
from bench.config.sweeps import Job, Overrides, expanded, merged
from bench.config.typed import parse_run, typed
from bench.core.errors import BenchError
from bench.results.store import Overwrite
from bench.run import run_repeat
from bench.runs.plan import Plan, make_plan, results_store
from bench.tune import parse_tune, tune
from bench.tuning.trace import finished

_OWN = ("study", "scale", "budget_minutes", "results", "dry_run")
UNFINISHED = 3
"""The exit code where the budget ended before the study did."""


@dataclass
class StudyFile:
    """``configs/study/NAME.yaml``.

    Attributes:
        name: of the study.
        title: what it shows.
        command: ``run``, ``tune``, or ``characterise``, which describes each dataset and its workloads.
        runs: lists of overrides, whose commas and globs are expanded.
    """

    name: str
    title: str
    command: str
    runs: list[list[str]]


@dataclass
class ScaleFile:
    """``configs/scale/NAME.yaml``.

    Attributes:
        name: of the scale.
        overrides: of every run.
    """

    name: str
    overrides: list[str]


@dataclass
class StudyConfig:
    """The keys of ``configs/study.yaml``; all other words are overrides of every run.

    Attributes:
        study: which one.
        scale: how large.
        budget_minutes: after how long no further run is begun; None for never.
        results: the results folder.
        dry_run: whether to print the runs only.
    """

    study: StudyFile
    scale: ScaleFile
    budget_minutes: float | None
    results: str
    dry_run: bool


def main(config: DictConfig, words: list[str]) -> None:
    """Make all runs that are not stored yet; `words` are overrides of each."""
    settings = typed(StudyConfig, config, "study")
    check_overrides("tune" if settings.study.command == "tune" else "run", words)
    jobs = jobs_of(settings, words)
    print(f"{settings.study.title}: {len(jobs)} configurations at scale {settings.scale.name}", flush=True)
    if settings.dry_run:
        for job in jobs:
            print("  " + " ".join(f"{key}={value}" for key, value in job.overrides.items()))
        return
    deadline = None if settings.budget_minutes is None else time.monotonic() + 60 * settings.budget_minutes
    left = {"run": _run_all, "tune": _tune_all, "characterise": _characterise_all}[settings.study.command](
        jobs, deadline
    )
    if left:
        print(
            f"the budget of {settings.budget_minutes:g} minutes is used, {left} runs are left; run this again to go on"
        )
        sys.exit(UNFINISHED)


def jobs_of(settings: StudyConfig, words: list[str]) -> list[Job]:
    """Return the jobs of a study.

    Raises:
        BenchError: a word cannot be read.
    """
    command_of = "tune" if settings.study.command == "tune" else "run"
    jobs = []
    for runs in settings.study.runs:
        overrides = merged(settings.scale.overrides, runs, words, [f"results={settings.results}"])
        jobs += list(expanded(command_of, _dataset_first(overrides)))
    return jobs


def _dataset_first(overrides: Overrides) -> Overrides:
    """Return the overrides with workloads and methods last, so that what shares a dataset stands together."""
    last = ("workload", "algorithm")
    return dict(sorted(overrides.items(), key=lambda item: item[0].split(".")[0] in last))


def _run_all(jobs: list[Job], deadline: float | None) -> int:
    """Run repeat after repeat, so that a budget that ends leaves every method with something; return what is left.

    Runs that another process makes come last: by then they are stored, or that process has died.
    """
    plans: list[Plan] = []
    for job in jobs:
        plan = make_plan(parse_run(job.compose()))
        if plan.unsupported:
            print(f"left out: {plan.config.algorithm.name} on {plan.workload.name}: {plan.unsupported}", flush=True)
        else:
            plans.append(plan)
    repeats = range(max((plan.config.repeats for plan in plans), default=0))
    runs = [(repeat, plan) for repeat in repeats for plan in plans if repeat < plan.config.repeats]
    todo, later = deque(enumerate(runs, 1)), deque[tuple[int, tuple[int, Plan]]]()
    while todo or later:
        queue = todo or later
        number, (repeat, plan) = run = queue.popleft()
        store = results_store(plan.config.results)
        if store.is_done(plan.run_id, repeat, plan.config.overwrite):
            continue
        if deadline is not None and time.monotonic() > deadline:
            return len(todo) + len(later) + 1
        if queue is todo and store.is_being_made(plan.run_id, repeat):
            later.append(run)
        else:
            run_repeat(plan, repeat, f"[{number}/{len(runs)}] ")
    return 0


def _tune_all(jobs: list[Job], deadline: float | None) -> int:
    for number, job in enumerate(jobs):
        run, tuner = parse_tune(job.compose())
        title = f"[{number + 1}/{len(jobs)}] {run.workload.name} {run.algorithm.name}"
        reason = make_plan(run).unsupported
        if reason or not run.algorithm.candidates:
            print(f"left out: {title}: {reason or 'it has no candidates'}", flush=True)
        elif not finished(run, tuner) or run.overwrite is Overwrite.ALWAYS:
            if deadline is not None and time.monotonic() > deadline:
                return len(jobs) - number
            print(title, flush=True)
            tune(run, tuner)
    return 0


def _characterise_all(jobs: list[Job], deadline: float | None) -> int:
    for number, job in enumerate(jobs):
        if deadline is not None and time.monotonic() > deadline:
            return len(jobs) - number
        print(characterise(parse_run(job.compose())), flush=True)
    return 0


def entry() -> None:
    """Run the command."""
    words: list[str] = []

    def own(arguments: list[str]) -> list[str]:
        mine = [word for word in arguments if word.startswith("-") or word.partition("=")[0].lstrip("+") in _OWN]
        words.extend(word for word in arguments if word not in mine)
        if any("=" not in word for word in words):
            raise BenchError(f"cannot read '{next(w for w in words if '=' not in w)}'; arguments are key=value")
        return mine

    command("study", lambda config: main(config, words), own)


if __name__ == "__main__":
    entry()
