"""The one exception that a user of the benchmark is meant to read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class BenchError(Exception):
    """Something the user can mend, told in one sentence that names the file, key or value at fault."""


def nearest(word: str, known: Iterable[object]) -> str:
    """Return ``"; did you mean 'x'?"`` for the closest of `known`, or the list of them where none is close."""
    names = sorted({str(name) for name in known})
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known: {', '.join(names)}" if names else ""
