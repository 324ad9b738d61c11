"""The Python API: a page per package, which mkdocstrings fills from docstrings."""

from __future__ import annotations

import ast
from pathlib import Path

from bench.core.paths import PROJECT
from docs.generate.markdown import code, summary, table


def api_pages() -> dict[str, str]:
    """Return a page per package of `bench` and `algorithms`, and their index."""
    packages = sorted(path.parent for top in ("bench", "algorithms") for path in (PROJECT / top).rglob("__init__.py"))
    pages = {f"reference/api/{_name(package)}.md": _page(package) for package in packages}
    rows = [(f"[{code(_name(p))}]({_name(p)}.md)", summary(_docstring(p / "__init__.py"))) for p in packages]
    intro = "A method sees `algorithms.base` and `bench.core`; everything else serves the harness.\n\n"
    pages["reference/api/index.md"] = f"# Python API\n\n{intro}{table(['package', 'what'], rows)}\n"
    return pages


def _page(package: Path) -> str:
    modules = [_name(path) for path in sorted(package.glob("*.py")) if path.name not in ("__init__.py", "__main__.py")]
    text = summary(_docstring(package / "__init__.py"))
    return "\n\n".join([f"# {code(_name(package))}", text, *(f"::: {module}" for module in modules)]) + "\n"


def _name(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts)


def _docstring(path: Path) -> str | None:
    return ast.get_docstring(ast.parse(path.read_text()))
