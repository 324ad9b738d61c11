"""The table of a reproduction: expected and measured figures side by side."""

from __future__ import annotations

from collections.abc import Sequence

from bench.reports.tables.table import NONE, Table, as_markdown
from bench.results.reproduction import Cell


def reproduction_table(title: str, cells: Sequence[Cell], measured: Sequence[float | None] | None = None) -> Table:
    """Return a line per cell.

    Args:
        title: of the table.
        cells: the expected figures.
        measured: the measured ones; None for a table of what is expected alone.
    """
    header, lines = ["workload", "method", "figure", "expected", "tolerance"], [_expected(cell) for cell in cells]
    if measured is None:
        return Table(title, header, "lllrr", lines)
    lines = [
        [*line, NONE if figure is None else _number(figure), str(cell.outcome(figure))]
        for line, cell, figure in zip(lines, cells, measured, strict=True)
    ]
    return Table(title, [*header, "measured", "verdict"], "lllrrrl", lines)


def reproduction_page(table: Table, commands: Sequence[str]) -> str:
    """Return a table in Markdown, below the commands that make its figures; the first one makes those of the others."""
    title, _, rest = as_markdown(table).partition("\n\n")
    lines = "\n".join(f"    {command}" for command in commands)
    return f"{title}\n\nThe first command makes the runs of the others.\n\n{lines}\n\n{rest}"


def _expected(cell: Cell) -> list[str]:
    method = cell.algorithm if cell.over is None else f"{cell.algorithm} over {cell.over}"
    setting = ", ".join(f"{name} {value}" for name, value in (cell.search or {}).items())
    at = [setting] if setting else []
    at += [] if cell.recall is None else [f"recall {cell.recall:g}"]
    figure = cell.column.replace("_", " ") + (f" at {', '.join(at)}" if at else "")
    tolerance = f"{cell.absolute:g}" if cell.absolute is not None else f"{100 * (cell.relative or 0):g}%"
    return [cell.workload, method, figure, NONE if cell.value is None else _number(cell.value), tolerance]


def _number(value: float) -> str:
    """Return a figure with five digits, or without decimals if it is large."""
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.5g}"
