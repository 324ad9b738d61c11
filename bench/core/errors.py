"""The one exception that a user of the benchmark is meant to read."""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable

SURROUNDINGS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE}
"""Errors of the system that are nobody's result: no space, no quota, no right to write, too many open files."""


class BenchError(Exception):
    """Something the user can fix: one sentence that names the file, key or value at fault."""


class Unsupported(BenchError):
    """A method cannot do what a run asks of it, such as to express a filter; its other runs are possible."""


class LibraryMissing(BenchError):
    """A method needs a library that cannot be imported here, so that none of its runs is possible."""


class MissingFile(BenchError):
    """A file that a method declares is missing, such as a program that has to be built; other methods can run."""


def of_surroundings(error: OSError) -> BenchError:
    """Return one of `SURROUNDINGS` for the user."""
    where = f"{error.filename}: " if error.filename else ""
    return BenchError(f"{where}{error.strerror}; nothing of this run is stored: make room, and start the command again")


def plain(text: str) -> str:
    """Return a text without control characters, which a name in a stranger's file could bring to a terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)


def listing(names: Iterable[str]) -> str:
    """Return names from a stranger's file in a line."""
    return ", ".join(name if name.isprintable() else repr(name) for name in names)


def suggestion(word: str, choices: Iterable[object]) -> str:
    """Return ``"; did you mean 'x'?"`` with the closest of `choices`, or the list of them if none is close."""
    names = sorted({str(choice) for choice in choices})
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; choose from {', '.join(names)}" if names else ""
