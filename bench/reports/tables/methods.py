"""Tables of the methods, and of the options of a configuration group."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.core.errors import BenchError
from bench.core.leaf import FilterType
from bench.core.method import Method
from bench.core.paths import CONFIGS
from bench.reports.tables.table import NONE, YES, Table


def methods_table(methods: dict[str, Method | BenchError]) -> Table:
    """Return the configured methods, one per line, with a tick for each filter type that they serve."""
    header = ["algorithm", *FilterType, "approach", "technique", "problem", "year", "paper or library"]
    rows = [
        [name, *_ticks(method), method.approach, method.technique, _problem(method), str(method.year), method.paper]
        if isinstance(method, Method)
        else [name, *["?"] * len(FilterType), "?", "?", "?", "?", "?"]
        for name, method in methods.items()
    ]
    return Table("Methods (algorithm=NAME)", header, "l" + "l" * len(FilterType) + "lllrl", rows)


def reasons_table(methods: dict[str, Method | BenchError]) -> Table:
    """Return why methods do not serve a filter, or cannot be described at all."""
    rows = []
    for name, method in methods.items():
        if isinstance(method, BenchError):
            rows.append([name, "all", f"cannot be used: {_one_line(str(method))}"])
            continue
        types_by_reason: dict[str, list[str]] = {}
        for filter_type, reason in method.unsupported.items():
            if reason is not None:
                types_by_reason.setdefault(reason, []).append(filter_type)
        rows += [[name, ", ".join(types), reason] for reason, types in types_by_reason.items()]
    return Table("Filters not served", ["algorithm", "filters", "reason"], "lll", rows)


def options_table(group: str) -> Table:
    """Return the options of a group of ``configs/``, each with the opening comment of its file."""
    files = sorted((CONFIGS / group).glob("*.yaml"))
    rows = [[file.stem, _comment(file)] for file in files]
    return Table(f"{group.capitalize()}s ({group}=NAME)", [group, "description"], "ll", rows)


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
