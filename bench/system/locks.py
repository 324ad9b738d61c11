"""Locks between processes, and between machines that share a folder.

The kernel holds a lock for as long as a file stays open, so that one whose holder is killed is free at once. Files
of locks stay behind: to delete one that somebody waits for would give the lock to two.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from bench.core.errors import BenchError

POLL_SECONDS = 0.02


def try_lock(path: Path) -> BinaryIO | None:
    """Return an open file that holds the lock of `path` until it is closed, or None where another one holds it.

    Raises:
        BenchError: the file cannot be written, or its file system knows no locks.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError as error:
        raise BenchError(f"cannot write {path}: {error.strerror or error}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    except OSError as error:
        file.close()
        raise BenchError(
            f"cannot lock {path}: {error.strerror or error}; results must lie on a file system with locks"
        ) from error
    return file


def lock(path: Path, waiting: Callable[[], None] = lambda: None) -> BinaryIO:
    """Return an open file that holds the lock of `path` until it is closed.

    `waiting` is called again and again while another process holds it.

    Raises:
        BenchError: see `try_lock`.
    """
    while (file := try_lock(path)) is None:
        waiting()
        time.sleep(POLL_SECONDS)
    return file
