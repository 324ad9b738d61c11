"""Reading strangers' files: whatever a library raises over one becomes a sentence that names the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from bench.core.errors import BenchError

T = TypeVar("T")


@contextmanager
def reading(path: Path, what: str, advice: str = "") -> Iterator[None]:
    """Turn every error of the block into a `BenchError`, because a parser may raise any over damaged bytes.

    Args:
        path: the file that the block reads.
        what: what it should be, such as ``Parquet file``.
        advice: what to do, after a semicolon.

    Raises:
        BenchError: the block failed; its own `BenchError` stays as it is.
    """
    try:
        yield
    except BenchError:
        raise
    except Exception as error:
        reason = (str(error).strip().splitlines() or ["no message"])[0][:200]
        end = f"; {advice}" if advice else ""
        raise BenchError(f"{path} is not a readable {what}: {type(error).__name__} ({reason}){end}") from error


def reading_each(blocks: Iterator[T], path: Path, what: str) -> Iterator[T]:
    """Yield what is read from a file; errors of reading become a `BenchError`, and those of the caller stay.

    Raises:
        BenchError: see `reading`.
    """
    while True:
        with reading(path, what):
            try:
                block = next(blocks)
            except StopIteration:
                return
        yield block


@contextmanager
def renamed(path: Path, name: str) -> Iterator[None]:
    """Have errors about a derived file name the file that it was derived from, which a user can mend.

    Args:
        path: the derived file, as it would stand in an error.
        name: the file of the user, with the key or column in it.

    Raises:
        BenchError: that of the block, renamed.
    """
    try:
        yield
    except BenchError as error:
        raise BenchError(str(error).replace(str(path), name)) from error
