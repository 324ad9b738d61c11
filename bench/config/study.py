"""Studies: lists of runs, each at several scales."""

from __future__ import annotations

from dataclasses import dataclass

from bench.config.sweeps import Job, Overrides, expanded, merged


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
