"""The CPUs of this machine, and claims on them."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.system.locks import POLL_SECONDS, lock, try_lock


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
                time.sleep(POLL_SECONDS)
        yield sorted(got)
