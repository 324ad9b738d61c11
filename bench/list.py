"""``python -m bench.list``: the methods and the filters that they serve, the datasets and the workloads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from bench.config.algorithm import algorithm_config
from bench.config.command import command
from bench.config.typed import typed
from bench.core.errors import BenchError, nearest
from bench.core.method import Method
from bench.core.paths import CONFIGS
from bench.core.progress import bar
from bench.reports.tables.methods import methods_grid, options_grid, reasons_grid
from bench.reports.tables.table import FORMATS
from bench.reports.tables.taxonomy import taxonomy_grid
from bench.runs.description import describe
from bench.system.folders import results_cache


@dataclass
class ListConfig:
    """The keys of ``configs/list.yaml``.

    Attributes:
        results: the results folder, whose cache keeps what the methods say of themselves.
        format: text, markdown or latex.
        taxonomy: whether to print the methods that the paper surveys instead.
    """

    results: str
    format: str
    taxonomy: bool


def main(config: DictConfig) -> None:
    """Print the methods, the datasets and the workloads."""
    settings = typed(ListConfig, config, "list")
    if settings.format not in FORMATS:
        raise BenchError(f"format={settings.format} is unknown{nearest(settings.format, FORMATS)}")
    if settings.taxonomy:
        print(FORMATS[settings.format](taxonomy_grid()))
        return
    methods = describe_all(Path(settings.results))
    grids = [methods_grid(methods), reasons_grid(methods), options_grid("dataset"), options_grid("workload")]
    print("\n\n".join(FORMATS[settings.format](grid) for grid in grids if grid.rows))


def describe_all(results: Path) -> dict[str, Method | BenchError]:
    """Return what every configured method says of itself, or why it cannot, by the name of its file."""
    cache = results_cache(results)
    files = sorted((CONFIGS / "algorithm").glob("*.yaml"))
    found: dict[str, Method | BenchError] = {}
    with bar("asking the methods", len(files), "methods") as progress:
        for file in files:
            try:
                found[file.stem] = describe(algorithm_config(file.stem).target, cache)
            except BenchError as error:
                found[file.stem] = error
            progress.update()
    return found


def entry() -> None:
    """Run the command."""
    command("list", main, lambda words: ["taxonomy=true" if word == "--taxonomy" else word for word in words])


if __name__ == "__main__":
    entry()
