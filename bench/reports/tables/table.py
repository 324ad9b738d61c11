"""Tables of text in the formats that people paste: a terminal, Markdown and LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

YES, NONE = "✓", "\N{EN DASH}"
"""Cells for what is so, and for what is not or is unknown."""

_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", NONE: "--", YES: r"$\checkmark$",
}  # fmt: skip


@dataclass(frozen=True)
class Grid:
    """A table with a title.

    Attributes:
        title: what the whole table is about.
        header: the names of the columns.
        align: per column ``l`` or ``r``.
        rows: the cells.
    """

    title: str
    header: Sequence[str]
    align: str
    rows: Sequence[Sequence[str]]


def as_text(grid: Grid) -> str:
    """Return the table in aligned columns, as for a terminal."""
    lines = [grid.header, *grid.rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = [_padded(line, widths, grid.align, "  ").rstrip() for line in lines]
    return "\n".join([grid.title, "", padded[0], "  ".join("-" * width for width in widths), *padded[1:]])


def as_markdown(grid: Grid) -> str:
    """Return the table in pipes, below its title as a heading."""
    lines = [[cell.replace("|", r"\|") for cell in line] for line in (grid.header, *grid.rows)]
    widths = [max(3, *map(len, column)) for column in zip(*lines, strict=True)]
    padded = [f"| {_padded(line, widths, grid.align, ' | ')} |" for line in lines]
    rule = ["-" * (width - 1) + (":" if side == "r" else "-") for side, width in zip(grid.align, widths, strict=True)]
    return "\n".join([f"### {grid.title}", "", padded[0], f"| {' | '.join(rule)} |", *padded[1:]])


def as_latex(grid: Grid) -> str:
    r"""Return the table as a tabular with the rules of booktabs, below its title as a comment."""
    header, *rows = [" & ".join(map(_escaped, line)) + r" \\" for line in (grid.header, *grid.rows)]
    return "\n".join(
        [
            f"% {grid.title}",
            rf"\begin{{tabular}}{{{grid.align}}}",
            *(r"\toprule", header, r"\midrule", *rows, r"\bottomrule"),
            r"\end{tabular}",
        ]
    )


def as_csv(grid: Grid) -> str:
    """Return the header and the rows as comma-separated values."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([grid.header, *grid.rows])
    return text.getvalue().rstrip("\n")


FORMATS: dict[str, Callable[[Grid], str]] = {"text": as_text, "markdown": as_markdown, "latex": as_latex}


def _padded(cells: Sequence[str], widths: Sequence[int], align: str, between: str) -> str:
    sides = zip(cells, widths, align, strict=True)
    return between.join(cell.rjust(width) if side == "r" else cell.ljust(width) for cell, width, side in sides)


def _escaped(cell: str) -> str:
    return "".join(_LATEX.get(character, character) for character in cell)
