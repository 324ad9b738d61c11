"""The picture of the architecture, and the tree: from the rules that a test checks, and from docstrings."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bench.core.paths import PROJECT
from docs.generate.markdown import code, summary, table
from tests.test_architecture import ALLOWED, DOORS

_WIDTH, _BOX, _HEIGHT, _FLOOR = 760, 150, 34, 76
COLUMNS = {
    "bench.core": 1.5, "bench.system": 2, "bench.config": 1, "bench.truth": 3, "algorithms": 0,
    "bench.results": 2, "bench.datasets": 3, "bench.workloads": 3, "bench.snapshot": 2,
    "bench.measuring": 1, "bench.runs": 0.8, "bench.tuning": 0.8, "bench.reports": 0.8,
}  # fmt: skip
"""Where a package stands from left (0) to right (3), so that no line passes through a box."""


def picture() -> str:
    """Return the packages as an SVG: each stands above what it may import, with lines to the topmost of these."""
    top = max(map(_floor, ALLOWED)) + 1
    doors = _WIDTH / 2, float(_HEIGHT)
    at = {name: (_WIDTH * (COLUMNS[name] + 0.5) / 4, (top - _floor(name)) * _FLOOR + _HEIGHT) for name in ALLOWED}
    unused = [name for name in ALLOWED if not any(name in _below(other) for other in ALLOWED)]
    lines = [_line(at[package], at[below]) for package in ALLOWED for below in _direct(package)]
    lines += [_line(doors, at[name]) for name in unused]
    boxes = [_box(at[name], name, _BOX) for name in ALLOWED]
    boxes.append(_box(doors, f"commands: {' '.join(DOORS)}; bench.perf", _WIDTH - 120))
    return (
        f'<svg viewBox="0 0 {_WIDTH} {(top + 1) * _FLOOR}" role="img" style="max-width:100%" text-anchor="middle" '
        'aria-label="Packages above those that they import" font-family="monospace" font-size="14" fill="currentColor">'
        f"{''.join(lines)}{''.join(boxes)}</svg>"
    )


def imports() -> str:
    """Return the rules of `ALLOWED` as a table."""
    rows = [
        (code(name), ", ".join(map(code, allowed)) or "nothing of this project") for name, allowed in ALLOWED.items()
    ]
    return table(["package", "may import, besides itself"], rows)


def _line(start: tuple[float, float], end: tuple[float, float]) -> str:
    (x1, y1), (x2, y2) = start, end
    return (
        f'<line x1="{x1:g}" y1="{y1 + _HEIGHT / 2:g}" x2="{x2:g}" y2="{y2 - _HEIGHT / 2:g}" '
        'stroke="currentColor" stroke-opacity="0.5"/>'
    )


def _box(at: tuple[float, float], text: str, width: float) -> str:
    x, y = at
    return (
        f'<rect x="{x - width / 2:g}" y="{y - _HEIGHT / 2:g}" width="{width}" height="{_HEIGHT}" rx="6" '
        'fill="currentColor" fill-opacity="0.08" stroke="currentColor" stroke-opacity="0.6"/>'
        f'<text x="{x:g}" y="{y + 5:g}">{text}</text>'
    )


@cache
def _below(package: str) -> frozenset[str]:
    """Return all packages that one may import, directly or through others."""
    names = {other for other in ALLOWED for rule in ALLOWED[package] if f"{rule}.".startswith(f"{other}.")} - {package}
    return frozenset(names).union(*(_below(name) for name in names))


def _floor(package: str) -> int:
    return max((_floor(below) + 1 for below in _below(package)), default=0)


def _direct(package: str) -> list[str]:
    """Return the packages that one may import which no other of them imports."""
    below = _below(package)
    return [name for name in below if not any(name in _below(other) for other in below)]


def tree() -> str:
    """Return a table of all packages and commands, each with the first paragraph of its docstring."""
    return table(["where", "what"], [(code(name), text) for name, text in _rooms()])


def _rooms() -> Iterator[tuple[str, str]]:
    for top in ("bench", "algorithms"):
        yield f"{top}/", _docstring(PROJECT / top / "__init__.py")
        if top == "bench":
            yield from ((f"bench/{door}.py", _docstring(PROJECT / top / f"{door}.py")) for door in DOORS)
        else:
            yield from ((f"{top}/{path.name}", _docstring(path)) for path in sorted((PROJECT / top).glob("[!_]*.py")))
        for package in sorted((PROJECT / top).glob("*/__init__.py")):
            yield f"{top}/{package.parent.name}/", _docstring(package)


def _docstring(path: Path) -> str:
    return summary(ast.get_docstring(ast.parse(path.read_text())))
