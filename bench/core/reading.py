"""Reading strangers' files: whatever a library raises over one becomes a sentence that names the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.core.errors import BenchError


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
