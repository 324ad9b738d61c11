"""Tables of the methods, and of the options of each configuration group."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.core.errors import BenchError
from bench.core.filters import FilterType
from bench.core.method import Method
from bench.core.paths import CONFIGS
from bench.reports.tables.table import NONE, YES, Grid


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
