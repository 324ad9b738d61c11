"""Locks between processes, and between machines that share a folder.

The kernel holds a lock while a file is open, so the lock of a killed process is free at once. Lock files are never
deleted: deleting one that a process waits for would let two processes hold the lock.
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
    """Return an open file that holds the lock of `path` until it is closed, or None if another process holds it.

    Raises:
        BenchError: the file cannot be written, or its file system does not support locks.
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
            f"cannot lock {path}: {error.strerror or error}; keep results on a file system with locks"
        ) from error
    return file


def lock(path: Path, waiting: Callable[[], None] = lambda: None) -> BinaryIO:
    """Return an open file that holds the lock of `path` until it is closed.

    `waiting` is called repeatedly while another process holds it.

    Raises:
        BenchError: see `try_lock`.
    """
    while (file := try_lock(path)) is None:
        waiting()
        time.sleep(POLL_SECONDS)
    return file
