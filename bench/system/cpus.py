"""Claims on the CPUs of this machine, so that runs do not disturb each other."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from bench.core.cpus import allowed_cpus
from bench.system.locks import POLL_SECONDS, try_lock

_NAMESPACE = "FANNS_BENCH_CLAIMS"
"""The variable of the environment that sets claims apart, such as those of tests; it is not set otherwise."""


@contextmanager
def claim_cpus(count: int, waiting: Callable[[], None] = lambda: None) -> Iterator[list[int]]:
    """Hold CPUs that no other claim on this machine holds, whichever user makes it.

    Claims are served one at a time: a claim for many CPUs keeps those it has while it waits for more, and later claims
    queue up. So no claim waits indefinitely, and no two wait for each other.

    Args:
        count: how many CPUs; all that this process may use if there are fewer.
        waiting: called repeatedly while too few CPUs are free.

    Yields:
        the numbers of the CPUs, the highest that are free: the first CPUs serve interrupts and supervising processes.

    Raises:
        BenchError: where there are no abstract sockets, the folder for temporary files is not writable.
    """
    allowed = allowed_cpus()
    with ExitStack() as claims:
        claimed: list[int] = []
        with ExitStack() as turn:
            while (mine := _try_claim("turn")) is None:
                waiting()
                time.sleep(POLL_SECONDS)
            turn.enter_context(mine)
            while True:
                for cpu in reversed(allowed):
                    if len(claimed) < count and cpu not in claimed and (claim := _try_claim(str(cpu))):
                        claims.enter_context(claim)
                        claimed.append(cpu)
                if len(claimed) == min(count, len(allowed)):
                    break
                waiting()
                time.sleep(POLL_SECONDS)
        yield sorted(claimed)


def _try_claim(name: str) -> AbstractContextManager[object] | None:
    """Return what holds a claim until it is closed, or None if another process holds it.

    On Linux it is an abstract socket, whose name is free at once when the process that holds it dies, and which all
    users of the machine see. Elsewhere it is a lock of this user.
    """
    namespace = os.environ.get(_NAMESPACE, "")
    if sys.platform != "linux":
        return try_lock(Path(tempfile.gettempdir()) / f"fanns-bench-cpus-{os.getuid()}{namespace}" / name)
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0fanns-bench-cpu-{name}{namespace and '-' + namespace}")
    except OSError:
        claim.close()
        return None
    return claim
