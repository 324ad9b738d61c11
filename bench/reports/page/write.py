"""One HTML file: the template with the style sheets, the libraries, the scripts and the data in it."""

from __future__ import annotations

import base64
import hashlib
import json
import string
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from bench.reports.page.data import PageData
from bench.system.files import atomic_file

STYLES = ("base.css", "controls.css", "charts.css", "tables.css", "views.css", "print.css")
LIBRARIES = ("d3.min.js", "plot.umd.min.js")
SCRIPTS = (
    *("data.js", "format.js", "curves.js", "advice.js", "state.js", "dom.js", "commands.js", "theme.js", "table.js"),
    *("controls.js", "selection.js", "focus.js", "legend.js", "card.js", "chart.js"),
    *("views/compare.js", "views/choose.js", "views/where.js", "views/costs.js", "views/latency.js"),
    *("views/growth.js", "views/observations.js", "views/changes.js", "views/runs.js", "main.js"),
)
"""Each may use what those before it define."""

_FILES = files("bench.reports.page")


def write_page(data: PageData, path: Path) -> None:
    """Write the page to a file.

    Raises:
        BenchError: the folder is not writable.
    """
    text = html(data)
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def html(data: PageData) -> str:
    """Return the page. It may run its own scripts only, whose digests it names, and may fetch nothing."""
    scripts = [_text(f"vendor/{name}") for name in LIBRARIES] + [_text(f"js/{name}") for name in SCRIPTS]
    template = string.Template(_text("template.html"))
    return template.substitute(
        policy=_policy(scripts),
        styles="\n".join(_text(f"css/{name}") for name in STYLES),
        scripts="\n".join(f"<script>{script}</script>" for script in scripts),
        data=_json(data),
    )


def _text(name: str) -> str:
    return _FILES.joinpath(name).read_text(encoding="utf-8")


def _policy(scripts: Sequence[str]) -> str:
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    sources = " ".join(f"'sha256-{digest}'" for digest in digests)
    return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {sources}"


def _json(data: PageData) -> str:
    """Return the data as JSON that ends no script element, whatever its texts are."""
    text = json.dumps(vars(data), ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=vars)
    return text.replace("<", "\\u003c")
