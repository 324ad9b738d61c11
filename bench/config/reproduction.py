"""Reproductions: lists of runs with the figures that are expected of them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.config.paths import with_quoted_paths
from bench.config.sweeps import Job, expand, merged
from bench.core.paths import CONFIGS
from bench.system.files import atomic_file

_CELLS = "cells:\n"


@dataclass
class ReproductionFile:
    """``configs/reproduction/NAME.yaml``.

    Attributes:
        name: its name.
        title: what it shows.
        overrides: of every run.
        runs: lists of overrides, in which commas and globs are expanded.
        cells: the expected figures, each with the keys of `bench.results.reproduction.Cell`.
    """

    name: str
    title: str
    overrides: list[str]
    runs: list[list[str]]
    cells: list[dict[str, Any]]


@dataclass
class ReproduceConfig:
    """The keys of ``configs/reproduce.yaml``, which explains them."""

    reproduction: ReproductionFile
    record: str | None
    results: str
    format: str
    out: str | None
    dry_run: bool


def jobs_of(file: ReproductionFile, results: str) -> list[Job]:
    """Return the runs of a reproduction, to be stored in a results folder.

    Raises:
        BenchError: a word cannot be read.
    """
    return [
        job
        for runs in file.runs
        for job in expand(
            "run", merged(file.overrides, runs, with_quoted_paths([f"results={results}"], is_sweep=False))
        )
    ]


def commands_of(file: ReproductionFile) -> list[str]:
    """Return the command of a reproduction, and then those that make its runs, one per list of runs."""
    words = ["python", "-m", "bench.run", "-m", *file.overrides]
    return [f"python -m bench.reproduce {file.name}", *(shlex.join([*words, *runs]) for runs in file.runs)]


def write_cells(name: str, lines: Sequence[str]) -> Path:
    """Write the cells of a reproduction, a line of YAML each, in place of those in its file, and return the file."""
    path = CONFIGS / "reproduction" / f"{name}.yaml"
    head, _, _ = path.read_text(encoding="utf-8").partition(_CELLS)
    with atomic_file(path) as temporary:
        temporary.write_text(head + _CELLS + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path
