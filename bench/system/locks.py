"""Locks between processes, and between machines that share a folder.

The kernel holds a lock for as long as a file stays open, so that one whose holder is killed is free at once. Files
of locks stay behind: to delete one that somebody waits for would give the lock to two.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from bench.core.errors import BenchError

_POLL_SECONDS = 0.02


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
        time.sleep(_POLL_SECONDS)
    return file


def allowed_cpus() -> list[int]:
    """Return the CPUs that this process may use, in order."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


@contextmanager
def claimed_cpus(count: int, waiting: Callable[[], None] = lambda: None) -> Iterator[list[int]]:
    """Hold CPUs that no other claim on this machine holds; `waiting` is called while too few are free.

    Claims are granted in turn: one that asks for many CPUs keeps those that it has got while it waits for more, and
    later ones wait behind it. So none waits for ever, and no two wait for each other.

    Args:
        count: how many; all that this process may use where these are fewer.
        waiting: see above.

    Yields:
        their numbers, the highest that are free: the first CPUs serve interrupts and the processes that watch.

    Raises:
        BenchError: the machine's folder of temporary files cannot be written.
    """
    folder = Path(tempfile.gettempdir()) / f"fanns-bench-cpus-{os.getuid()}"
    allowed = allowed_cpus()
    with ExitStack() as held:
        got: list[int] = []
        with lock(folder / "turn", waiting):
            while True:
                for cpu in reversed(allowed):
                    if len(got) < count and cpu not in got and (file := try_lock(folder / str(cpu))):
                        held.enter_context(file)
                        got.append(cpu)
                if len(got) == min(count, len(allowed)):
                    break
                waiting()
                time.sleep(_POLL_SECONDS)
        yield sorted(got)
