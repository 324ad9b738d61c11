"""Paths on a command line: any file name works, whatever it means in Hydra's grammar."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException

PATHS = frozenset(
    {
        *("results", "out", "a", "b", "metadata", "reuse", "queries.terms"),
        *("dataset.path", "dataset.vectors", "dataset.queries", "dataset.attributes", "dataset.truth"),
        *("dataset.labels", "dataset.query_labels", "dataset.name", "workload.filters", "workload.answers"),
        *("embedder.items", "embedder.queries"),
    }
)
"""The keys whose values are paths, or names that are made of paths."""

_NOT_PATHS = ("", "null", "???")
_FUNCTION = re.compile(r"(choice|glob|range|interval|shuffle|sort|tag)\(.*\)")
_QUOTED = re.compile(r"""(['"]).*\1""", re.DOTALL)


def with_quoted_paths(words: list[str], *, is_sweep: bool) -> list[str]:
    """Return the words of a command line, with every path quoted that Hydra would read as something else.

    A leading ``~/`` is expanded. In a sweep, commas separate paths, unless a file or folder with the comma exists.
    """
    return [_quoted_word(word, is_sweep) for word in words]


def _quoted_word(word: str, is_sweep: bool) -> str:
    key, equals, value = word.partition("=")
    if not equals or key.lstrip("+") not in PATHS or value in _NOT_PATHS:
        return word
    if not _exists(value) and (_FUNCTION.fullmatch(value) or (_QUOTED.fullmatch(value) and _read(value) is not None)):
        return word
    paths = separated_paths(value) if is_sweep else [value]
    return f"{key}={','.join(map(_quoted, paths))}"


def separated_paths(value: str) -> Iterator[str]:
    """Yield the paths between commas; of the ways to join parts, the longest path that exists wins."""
    parts = value.split(",")
    while parts:
        end = next(end for end in range(len(parts), 0, -1) if end == 1 or _is_joined(parts[:end]))
        yield ",".join(parts[:end])
        parts = parts[end:]


def _is_joined(parts: list[str]) -> bool:
    """Return whether parts with commas between them are one path: it exists, or a folder above it with all commas."""
    path, last_comma = ",".join(parts), len(",".join(parts[:-1]))
    while len(path) > last_comma:
        if _exists(path):
            return True
        path = os.path.dirname(path)
    return False


def _exists(path: str) -> bool:
    expanded = os.path.expanduser(path)
    return os.path.lexists(expanded) or bool(glob.glob(expanded))


def _quoted(path: str) -> str:
    if path in _NOT_PATHS:
        return path
    expanded = os.path.expanduser(path)
    return expanded if _read(expanded) == expanded else QuotedString(expanded, Quote.single).with_quotes()


def _read(value: str) -> str | None:
    """Return a value as Hydra reads it; None if it cannot."""
    try:
        return str(OverridesParser.create().parse_override(f"key={value}").value())
    except HydraException:
        return None
