"""Markdown: tables, and docstrings turned into it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence

_RULE = re.compile(r"=+(  +=+)+")


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(_cell(value) for value in line)} |" for line in lines)


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", r"\|")


def code(value: object) -> str:
    """Return a value as Markdown code, or nothing for an empty one."""
    return f"`{value}`" if str(value) else ""


def from_docstring(text: str) -> str:
    """Return a docstring as Markdown: simple reStructuredText tables become Markdown tables."""
    lines = inspect.cleandoc(text).splitlines()
    return "\n".join(_convert(lines))


def _convert(lines: list[str]) -> Iterator[str]:
    rules = [number for number, line in enumerate(lines) if _RULE.fullmatch(line.strip())]
    start = 0
    # A simple table has three rules: above and below its header, and at its end.
    for above, below, end in zip(rules[::3], rules[1::3], rules[2::3], strict=True):
        yield from lines[start:above]
        columns = [(match.start(), match.end()) for match in re.finditer("=+", lines[above])]
        header = _split(" ".join(lines[above + 1 : below]), columns)
        yield table(header, _rows(lines[below + 1 : end], columns))
        start = end + 1
    yield from lines[start:]


def _rows(lines: list[str], columns: list[tuple[int, int]]) -> list[list[str]]:
    rows: list[list[str]] = []
    for line in lines:
        cells = _split(line, columns)
        if rows and not cells[0]:  # a line that continues the row above
            rows[-1] = [f"{first} {more}".strip() for first, more in zip(rows[-1], cells, strict=True)]
        else:
            rows.append(cells)
    return rows


def _split(line: str, columns: list[tuple[int, int]]) -> list[str]:
    """Return the cells of a line; the last column may be wider than its rule."""
    ends = [start for start, _ in columns[1:]] + [len(line)]
    return [line[start:end].strip() for (start, _), end in zip(columns, ends, strict=True)]


def summary(text: str | None) -> str:
    """Return the first paragraph of a docstring as one line."""
    return " ".join(inspect.cleandoc(text or "").split("\n\n")[0].split())


def attributes(text: str | None) -> dict[str, str]:
    """Return the `Attributes` section of a Google docstring: meaning by name."""
    section = re.search(r"^Attributes:\n((?:[ ]+.*\n?|\n)*)", inspect.cleandoc(text or ""), re.MULTILINE)
    meanings: dict[str, str] = {}
    for entry in re.split(r"^    (?=\w)", section[1] if section else "", flags=re.MULTILINE)[1:]:
        name, _, meaning = entry.partition(":")
        meanings[name.strip()] = " ".join(meaning.split())
    return meanings
