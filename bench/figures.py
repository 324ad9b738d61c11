"""``python -m bench.figures``: redraw every figure and table that the results support, and list the missing ones."""

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

_loaded: list[Results] = []
"""The loaded results, for processes forked afterwards."""


@dataclass
class FiguresConfig:
    """The keys of ``configs/figures.yaml``, which explains them."""

    results: str
    across_machines: bool
    out: str


def main(config: DictConfig) -> None:
    """Draw everything possible and print the files, then what is missing and the commands that would make it."""
    options = typed(FiguresConfig, config, "figures")
    results = load(Path(options.results), across_machines=options.across_machines)
    missing = []
    # Matplotlib uses one core, so several processes draw in parallel; they inherit what was loaded.
    _loaded.append(results)
    with ProcessPoolExecutor(mp_context=get_context("fork")) as pool:
        for exhibit, paths in zip(EXHIBITS, pool.map(_draw, range(len(EXHIBITS)), repeat(options.out)), strict=True):
            for path in paths:
                print(path, flush=True)
            if not paths:
                missing.append(exhibit)
    if missing:
        print("\nnot in the results yet:")
        for study in dict.fromkeys(exhibit.study for exhibit in missing):
            names = ", ".join(exhibit.name for exhibit in missing if exhibit.study == study)
            print(f"  python -m bench.study study={study}\n    makes {names}")


def _draw(number: int, folder: str) -> list[Path]:
    return draw(EXHIBITS[number], _loaded[-1], Path(folder))


def entry() -> None:
    """Run the command."""
    command("figures", main)


if __name__ == "__main__":
    entry()
