"""The reproductions: their commands and the figures that are expected of them."""

from __future__ import annotations

from pathlib import Path

from omegaconf import OmegaConf

from bench.config.reproduction import ReproductionFile, commands_of
from bench.config.typed import typed
from bench.core.paths import CONFIGS
from bench.reports.tables.reproduction import reproduction_page, reproduction_table
from bench.results.reproduction import Cell

_HEAD = """# Reproduce

`python -m bench.reproduce NAME` makes the runs of a list, unless they are stored already, and compares their figures
with those below: OK within the tolerance, close within three times that, off beyond. It exits with 5 if a figure is off
or missing. Recall, distances and sizes hardly depend on the machine, as a seed decides everything; ratios of QPS do.

`format=markdown out=FILE` writes the table with the measured figures beside the expected ones; `record=all` makes the
measured figures the expected ones. A list is a file in `configs/reproduction/`.
"""


def reproductions_page() -> str:
    """Return the page of reproductions."""
    return _HEAD + "".join(map(_section, sorted((CONFIGS / "reproduction").glob("*.yaml")))) + "\n"


def _section(path: Path) -> str:
    file = typed(ReproductionFile, OmegaConf.load(path), "reproduction")
    cells = [typed(Cell, values, f"cells[{i}]") for i, values in enumerate(file.cells)]
    return f"\n## {file.name}\n\n{reproduction_page(reproduction_table(file.title, cells), commands_of(file))}\n"
