"""Claims on the CPUs of this machine, so that runs do not disturb each other."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.core.cpus import allowed_cpus
from bench.system.locks import POLL_SECONDS, lock, try_lock


@contextmanager
def claim_cpus(count: int, waiting: Callable[[], None] = lambda: None) -> Iterator[list[int]]:
    """Hold CPUs that no other claim on this machine holds.

    Claims are served one at a time: a claim for many CPUs keeps those it has while it waits for more, and later claims
    queue up. So no claim waits indefinitely, and no two wait for each other.

    Args:
        count: how many CPUs; all that this process may use if there are fewer.
        waiting: called repeatedly while too few CPUs are free.

    Yields:
        the numbers of the CPUs, the highest that are free: the first CPUs serve interrupts and supervising processes.

    Raises:
        BenchError: the folder for temporary files is not writable.
    """
    folder = Path(tempfile.gettempdir()) / f"fanns-bench-cpus-{os.getuid()}"
    allowed = allowed_cpus()
    with ExitStack() as locks:
        claimed: list[int] = []
        with lock(folder / "turn", waiting):
            while True:
                for cpu in reversed(allowed):
                    if len(claimed) < count and cpu not in claimed and (file := try_lock(folder / str(cpu))):
                        locks.enter_context(file)
                        claimed.append(cpu)
                if len(claimed) == min(count, len(allowed)):
                    break
                waiting()
                time.sleep(POLL_SECONDS)
        yield sorted(claimed)
