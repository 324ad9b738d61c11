"""``python -m bench.figures``: redraw every figure and table that the results support, and say what is missing."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

from omegaconf import DictConfig

from bench.config.command import command
from bench.config.typed import typed
from bench.reports.exhibits import EXHIBITS
from bench.reports.load import Results, load
from bench.reports.save import draw

_shared: list[Results] = []
"""What is drawn from, for processes that were forked after it was put here."""


@dataclass
class FiguresConfig:
    """The keys of ``configs/figures.yaml``.

    Attributes:
        results: the results folder.
        across_machines: whether rows of several machines may be shown, apart from each other.
        out: the folder of the figures and tables.
    """

    results: str
    across_machines: bool
    out: str


def main(config: DictConfig) -> None:
    """Draw all that can be drawn, print the files, then what is missing and the commands that would make it."""
    settings = typed(FiguresConfig, config, "figures")
    results = load(Path(settings.results), across_machines=settings.across_machines)
    missing = []
    # Processes that share what was loaded draw side by side; Matplotlib keeps one core busy.
    _shared.append(results)
    with ProcessPoolExecutor(mp_context=get_context("fork")) as pool:
        for exhibit, paths in zip(EXHIBITS, pool.map(_drawn, range(len(EXHIBITS)), repeat(settings.out)), strict=True):
            for path in paths:
                print(path, flush=True)
            if not paths:
                missing.append(exhibit)
    if missing:
        print("\nnot in the results yet:")
        for study in dict.fromkeys(exhibit.study for exhibit in missing):
            names = ", ".join(exhibit.name for exhibit in missing if exhibit.study == study)
            print(f"  python -m bench.study study={study}\n    makes {names}")


def _drawn(number: int, folder: str) -> list[Path]:
    return draw(EXHIBITS[number], _shared[-1], Path(folder))


def entry() -> None:
    """Run the command."""
    command("figures", main)


if __name__ == "__main__":
    entry()
