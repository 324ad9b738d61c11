"""Tables of text, and their formats: plain text, Markdown, LaTeX and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

YES, NONE = "✓", "\N{EN DASH}"
"""Cells for true, and for false or unknown."""

_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", NONE: "--", YES: r"$\checkmark$",
}  # fmt: skip


@dataclass(frozen=True)
class Table:
    """A table with a title.

    Attributes:
        title: of the whole table.
        header: the names of the columns.
        align: ``l`` or ``r`` per column.
        rows: the cells.
        note: a line below the table; empty for none.
    """

    title: str
    header: Sequence[str]
    align: str
    rows: Sequence[Sequence[str]]
    note: str = ""


def as_text(table: Table) -> str:
    """Return the table as plain text in aligned columns."""
    lines = [table.header, *table.rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = [_padded(line, widths, table.align, "  ").rstrip() for line in lines]
    note = ["", table.note] if table.note else []
    return "\n".join([table.title, "", padded[0], "  ".join("-" * width for width in widths), *padded[1:], *note])


def as_markdown(table: Table) -> str:
    """Return the table in Markdown, with its title as a heading."""
    lines = [[cell.replace("|", r"\|") for cell in line] for line in (table.header, *table.rows)]
    widths = [max(3, *map(len, column)) for column in zip(*lines, strict=True)]
    padded = [f"| {_padded(line, widths, table.align, ' | ')} |" for line in lines]
    rule = ["-" * (width - 1) + (":" if side == "r" else "-") for side, width in zip(table.align, widths, strict=True)]
    note = ["", table.note] if table.note else []
    return "\n".join([f"### {table.title}", "", padded[0], f"| {' | '.join(rule)} |", *padded[1:], *note])


def as_latex(table: Table) -> str:
    r"""Return the table as a LaTeX tabular with the rules of booktabs; title and note are comments."""
    header, *rows = [" & ".join(map(_escaped, line)) + r" \\" for line in (table.header, *table.rows)]
    return "\n".join(
        [
            f"% {table.title}",
            rf"\begin{{tabular}}{{{table.align}}}",
            *(r"\toprule", header, r"\midrule", *rows, r"\bottomrule"),
            r"\end{tabular}",
            *([f"% {table.note}"] if table.note else []),
        ]
    )


def as_csv(table: Table) -> str:
    """Return the header and the rows as comma-separated values."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([table.header, *table.rows])
    return text.getvalue().rstrip("\n")


FORMATS: dict[str, Callable[[Table], str]] = {"text": as_text, "markdown": as_markdown, "latex": as_latex}


def _padded(cells: Sequence[str], widths: Sequence[int], align: str, between: str) -> str:
    sides = zip(cells, widths, align, strict=True)
    return between.join(cell.rjust(width) if side == "r" else cell.ljust(width) for cell, width, side in sides)


def _escaped(cell: str) -> str:
    return "".join(_LATEX.get(character, character) for character in cell)
