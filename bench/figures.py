"""``python -m bench.figures``: redraw every figure and table that the results support, and say what is missing."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

from matplotlib.figure import Figure
from omegaconf import DictConfig

from bench.characterise import all_characteristics
from bench.config.command import command
from bench.config.typed import typed
from bench.plot import save
from bench.reports.exhibits import EXHIBITS, Exhibit, Results, file_name
from bench.reports.tables.table import FORMATS, Grid, as_csv
from bench.results.selection import with_machines
from bench.runs.plan import results_store
from bench.system.cache import atomic_file
from bench.tuning.trace import all_found

_shared: list[Results] = []
"""What is drawn from, for processes that were forked after it was put here."""

_SUFFIXES = {"latex": "tex", "markdown": "md"}


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


def load(root: Path, *, across_machines: bool) -> Results:
    """Return all that figures are drawn from.

    Raises:
        BenchError: a file is damaged, or the rows are of several machines and that was not asked for.
    """
    store = results_store(root)
    rows = with_machines(store.rows(), str(root), across_machines=across_machines)
    return Results(store, rows, all_found(root), all_characteristics(root))


def draw(exhibit: Exhibit, results: Results, folder: Path) -> list[Path]:
    """Draw an exhibit and return its files: PNG and PDF of figures; LaTeX, Markdown and CSV of tables.

    Raises:
        BenchError: the folder cannot be written.
    """
    drawn = exhibit.draw(results)
    paths: list[Path] = []
    for key, shown in drawn.items():
        name = file_name(exhibit, key, drawn)
        if isinstance(shown, Figure):
            paths += save(shown, folder, name)
        else:
            paths += _write(shown, folder, name)
    return paths


def _write(grid: Grid, folder: Path, name: str) -> list[Path]:
    texts = {folder / f"{name}.{suffix}": FORMATS[form](grid) for form, suffix in _SUFFIXES.items()}
    texts[folder / f"{name}.csv"] = as_csv(grid)
    for path, text in texts.items():
        with atomic_file(path) as temporary:
            temporary.write_text(f"{text}\n", encoding="utf-8")
    return list(texts)


def entry() -> None:
    """Run the command."""
    command("figures", main)


if __name__ == "__main__":
    entry()
