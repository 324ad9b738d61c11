"""``python -m bench.list``: list the methods with the filters that they serve, the datasets and the workloads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from omegaconf import DictConfig

from bench.config.algorithm import algorithm_config
from bench.config.command import command
from bench.config.typed import typed
from bench.core.errors import BenchError, suggestion
from bench.core.method import Method
from bench.core.paths import CONFIGS, is_writable
from bench.core.progress import bar
from bench.reports.tables.methods import methods_table, options_table, reasons_table
from bench.reports.tables.table import FORMATS
from bench.reports.tables.taxonomy import taxonomy_table
from bench.runs.description import method_of
from bench.system.folders import results_cache


@dataclass
class ListConfig:
    """The keys of ``configs/list.yaml``, which explains them."""

    results: str
    format: str
    taxonomy: bool


def main(config: DictConfig) -> None:
    """Print the methods, the datasets and the workloads."""
    options = typed(ListConfig, config, "list")
    if options.format not in FORMATS:
        raise BenchError(f"format={options.format} is unknown{suggestion(options.format, FORMATS)}")
    if options.taxonomy:
        print(FORMATS[options.format](taxonomy_table()))
        return
    methods = describe_all(Path(options.results))
    tables = [methods_table(methods), reasons_table(methods), options_table("dataset"), options_table("workload")]
    print("\n\n".join(FORMATS[options.format](table) for table in tables if table.rows))


def describe_all(results: Path) -> dict[str, Method | BenchError]:
    """Return the description of every configured method, or why there is none, by the name of its file."""
    files = sorted((CONFIGS / "algorithm").glob("*.yaml"))
    methods: dict[str, Method | BenchError] = {}
    with TemporaryDirectory() as temporary, bar("describing the methods", len(files), "method") as progress:
        cache = results_cache(results if is_writable(results) else Path(temporary))
        for file in files:
            try:
                methods[file.stem] = method_of(algorithm_config(file.stem), cache)
            except BenchError as error:
                methods[file.stem] = error
            progress.update()
    return methods


def entry() -> None:
    """Run the command."""
    command("list", main, lambda words: ["taxonomy=true" if word == "--taxonomy" else word for word in words])


if __name__ == "__main__":
    entry()
