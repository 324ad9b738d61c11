"""``python -m bench.list``: the methods and the filters that they serve, the datasets and the workloads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from bench.config.command import command
from bench.config.typed import algorithm_config, typed
from bench.core.errors import BenchError, nearest
from bench.core.filters import FilterType
from bench.core.paths import CONFIGS
from bench.core.progress import bar
from bench.reports.tables.table import FORMATS, NONE, YES, Grid
from bench.reports.tables.taxonomy import taxonomy_grid
from bench.runs.description import Method, describe
from bench.runs.plan import results_cache


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


def methods_grid(methods: dict[str, Method | BenchError]) -> Grid:
    """Return the taxonomy: a method per line, with a tick for each filter type that it serves."""
    header = ["algorithm", *FilterType, "approach", "technique", "problem", "year", "paper or library"]
    rows = [
        [name, *_ticks(method), method.approach, method.technique, _problem(method), str(method.year), method.paper]
        if isinstance(method, Method)
        else [name, *["?"] * len(FilterType), "?", "?", "?", "?", "?"]
        for name, method in methods.items()
    ]
    return Grid("Methods (algorithm=NAME)", header, "l" + "l" * len(FilterType) + "lllrl", rows)


def reasons_grid(methods: dict[str, Method | BenchError]) -> Grid:
    """Return why methods do not serve a filter, and why one cannot even be described."""
    rows = []
    for name, method in methods.items():
        if isinstance(method, BenchError):
            rows.append([name, "all", f"cannot be used: {_one_line(str(method))}"])
            continue
        alike: dict[str, list[str]] = {}
        for filter_type, reason in method.unsupported.items():
            if reason is not None:
                alike.setdefault(reason, []).append(filter_type)
        rows += [[name, ", ".join(types), reason] for reason, types in alike.items()]
    return Grid("Filters not served", ["algorithm", "filters", "reason"], "lll", rows)


def options_grid(group: str) -> Grid:
    """Return the options of a group of ``configs/``, each with the comment that opens its file."""
    files = sorted((CONFIGS / group).glob("*.yaml"))
    rows = [[file.stem, _comment(file)] for file in files]
    return Grid(f"{group.capitalize()}s ({group}=NAME)", [group, "what it is"], "ll", rows)


def _ticks(method: Method) -> Sequence[str]:
    return [YES if method.unsupported[filter_type] is None else NONE for filter_type in FilterType]


def _problem(method: Method) -> str:
    return "AFANNS" if method.afanns else "FANNS"


def _comment(file: Path) -> str:
    lines = []
    for line in file.read_text().splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# "))
    return " ".join(lines)


def _one_line(text: str) -> str:
    return text.strip().splitlines()[-1]


def entry() -> None:
    """Run the command."""
    command("list", main, lambda words: ["taxonomy=true" if word == "--taxonomy" else word for word in words])


if __name__ == "__main__":
    entry()
