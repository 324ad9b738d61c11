"""``python -m bench.plot``: draw recall against queries per second from the store, as PNG and PDF."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from bench.config.command import command
from bench.config.typed import typed
from bench.core.errors import BenchError
from bench.reports.figures.recall_qps import recall_qps
from bench.reports.save import save
from bench.results.selection import View, figures


@dataclass
class PlotConfig(View):
    """The keys of ``configs/plot.yaml``, which explains them."""

    min_recall: float | None
    curves: int | None
    out: str


def main(config: DictConfig) -> None:
    """Draw one figure per dataset and k, and print their files."""
    for path in plot(typed(PlotConfig, config, "plot")):
        print(path)


def plot(config: PlotConfig) -> list[Path]:
    """Draw the requested figures and return their files.

    Raises:
        BenchError: a key is invalid, no row matches, or the folder is not writable.
    """
    if config.min_recall is not None and not 0 <= config.min_recall < 1:
        raise BenchError(f"min_recall={config.min_recall} is out of range; it must be in [0, 1)")
    if config.curves is not None and config.curves < 1:
        raise BenchError(f"curves={config.curves} is out of range; it is at least 1, or null for all")
    paths = []
    for name, rows in figures(config.rows()):
        figure = recall_qps(rows, config.x, config.y, config.min_recall, config.curves)
        paths += save(figure, Path(config.out), f"{config.x}_{config.y}_{name}")
    return paths


def entry() -> None:
    """Run the command."""
    command("plot", main)


if __name__ == "__main__":
    entry()
