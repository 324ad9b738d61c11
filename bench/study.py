"""``python -m bench.study``: make all runs of an experiment at a scale, within a time budget; resumable."""

from __future__ import annotations

import sys
import time

from omegaconf import DictConfig

from bench.config.command import command
from bench.config.overrides import check_overrides
from bench.config.study import StudyConfig, jobs_of
from bench.config.sweeps import Job
from bench.config.typed import typed
from bench.core.errors import BenchError
from bench.datasets.subset import take_subset
from bench.runs.config import parse_run
from bench.runs.queue import run_all, supported_plans
from bench.system.exit_code import ExitCode
from bench.system.folders import results_cache
from bench.tuning.queue import tune_all
from bench.tuning.trace import with_tuned
from bench.tuning.tune import parse_tune
from bench.workloads.characterise import characterise

_KEYS = ("study", "scale", "budget_minutes", "results", "dry_run")


def main(config: DictConfig, words: list[str]) -> None:
    """Make all runs that are not stored yet; `words` are overrides of each of them."""
    options = typed(StudyConfig, config, "study")
    check_overrides("tune" if options.study.command == "tune" else "run", words)
    jobs = jobs_of(options, words)
    print(f"{options.study.title}: {len(jobs)} configurations at scale {options.scale.name}", flush=True)
    if options.dry_run:
        for job in jobs:
            (parse_tune if job.command == "tune" else parse_run)(job.compose())  # a wrong value is found here as well
            print("  " + " ".join(f"{key}={value}" for key, value in job.overrides.items()))
        return
    deadline = None if options.budget_minutes is None else time.monotonic() + 60 * options.budget_minutes
    run_jobs = {"run": _run_all, "tune": _tune_all, "characterise": _characterise_all}[options.study.command]
    remaining = run_jobs(jobs, deadline)
    if remaining:
        print(
            f"the budget of {options.budget_minutes:g} minutes is used up, and {remaining} runs remain; run the same "
            "command to resume"
        )
        sys.exit(ExitCode.UNFINISHED)


def _run_all(jobs: list[Job], deadline: float | None) -> int:
    return run_all(supported_plans(with_tuned(parse_run(job.compose())) for job in jobs), deadline)


def _tune_all(jobs: list[Job], deadline: float | None) -> int:
    return tune_all([parse_tune(job.compose()) for job in jobs], deadline)


def _characterise_all(jobs: list[Job], deadline: float | None) -> int:
    for number, job in enumerate(jobs):
        if deadline is not None and time.monotonic() > deadline:
            return len(jobs) - number
        config = parse_run(job.compose())
        cache = results_cache(config.results)
        dataset = take_subset(config.dataset.open(cache), config.subset, cache)
        path = characterise(dataset, config.workload.open(dataset, cache), config.seed, config.results)
        print(f"{dataset.name} {config.workload.name}: described in {path}", flush=True)
    return 0


def entry() -> None:
    """Run the command: Hydra gets the keys of the study, and every run the other words as overrides."""
    words: list[str] = []

    def set_overrides_aside(arguments: list[str]) -> list[str]:
        keys = [word for word in arguments if word.startswith("-") or word.partition("=")[0].lstrip("+") in _KEYS]
        words.extend(word for word in arguments if word not in keys)
        if any("=" not in word for word in words):
            raise BenchError(f"cannot read '{next(w for w in words if '=' not in w)}'; arguments are key=value")
        return keys

    command("study", lambda config: main(config, words), set_overrides_aside)


if __name__ == "__main__":
    entry()
