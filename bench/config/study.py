"""Studies: lists of runs that can be made at several scales."""

from __future__ import annotations

from dataclasses import dataclass

from bench.config.sweeps import Job, Overrides, expand, merged


@dataclass
class StudyFile:
    """``configs/study/NAME.yaml``.

    Attributes:
        name: its name.
        title: what it shows.
        command: ``run``, ``tune``, or ``characterise``, which describes each dataset and its workloads.
        runs: lists of overrides, in which commas and globs are expanded.
    """

    name: str
    title: str
    command: str
    runs: list[list[str]]


@dataclass
class ScaleFile:
    """``configs/scale/NAME.yaml``.

    Attributes:
        name: its name.
        overrides: applied to every run.
    """

    name: str
    overrides: list[str]


@dataclass
class StudyConfig:
    """The keys of ``configs/study.yaml``, which explains them; all other words are overrides of every run."""

    study: StudyFile
    scale: ScaleFile
    budget_minutes: float | None
    results: str
    dry_run: bool


def jobs_of(config: StudyConfig, words: list[str]) -> list[Job]:
    """Return the jobs of a study.

    Raises:
        BenchError: a word cannot be read.
    """
    command = "tune" if config.study.command == "tune" else "run"
    jobs = []
    for runs in config.study.runs:
        overrides = merged(config.scale.overrides, runs, words, [f"results={config.results}"])
        jobs += list(expand(command, _dataset_first(overrides)))
    return jobs


def _dataset_first(overrides: Overrides) -> Overrides:
    """Return the overrides with workloads and methods last, so that jobs on one dataset follow each other."""
    last = ("workload", "algorithm")
    return dict(sorted(overrides.items(), key=lambda item: item[0].split(".")[0] in last))
