"""Child processes, which are not trusted: each runs in its own session, is watched, and is killed with all below it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.results.rows import Status
from bench.runs.task import OUT_OF_MEMORY_EXIT

_POLL_SECONDS = 0.05
_TREE_EVERY = 20
_LAST_LINES = 6
_LAST_BYTES = 4096
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "ARROW_NUM_THREADS",
)


@dataclass(frozen=True)
class Outcome:
    """How a child ended.

    Attributes:
        status: ok, timeout, out_of_memory or crashed.
        error: the last lines that it printed, or why it was killed; None where all went well.
        peak_rss: the most memory in bytes that its processes held together, as seen from outside.
    """

    status: Status
    error: str | None
    peak_rss: int


def supervise(
    arguments: list[str],
    answer: Path,
    log: Path,
    *,
    threads: int,
    cpus: Sequence[int] = (),
    timeout: float,
    memory_limit: int,
    stages_done: Callable[[], int] = lambda: 0,
) -> Outcome:
    """Run ``python -m bench.runs.worker`` and wait for its end.

    Args:
        arguments: what follows the module's name.
        answer: the file that the child writes last; a child that ends without it has crashed.
        log: the file to which everything goes that the child prints.
        threads: how many threads every library in the child may use.
        cpus: the CPUs to which the child is pinned; if empty, it may use any.
        timeout: seconds that one stage may take. The clock restarts whenever `stages_done` grows.
        memory_limit: bytes of resident memory above which the child is killed.
        stages_done: returns how many stages the child has finished.
    """
    environment = os.environ | dict.fromkeys(_THREAD_VARIABLES, str(threads))
    kills = _kernel_kills()
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "bench.runs.worker", str(os.getpid()), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    try:
        if cpus and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(child.pid, cpus)  # before it starts any thread, as threads inherit it
        killed, peak = _watch(child, timeout, memory_limit, stages_done)
    finally:
        # Also after a clean end: a child may have started processes that outlive it.
        _kill_group(child)
    if killed is not None:
        return Outcome(*killed, peak)
    if child.returncode == 0:
        if answer.exists():
            return Outcome(Status.OK, None, peak)
        return Outcome(Status.CRASHED, "ended without an answer", peak)
    last_lines = _last_lines(log)
    if child.returncode == OUT_OF_MEMORY_EXIT:
        return Outcome(Status.OUT_OF_MEMORY, last_lines, peak)
    if child.returncode == -signal.SIGKILL and _kernel_kills() > kills:
        return Outcome(Status.OUT_OF_MEMORY, "killed by the kernel, because memory ran out", peak)
    if child.returncode < 0:
        death = f"died by {signal.Signals(-child.returncode).name}"
        return Outcome(Status.CRASHED, f"{death}; its last words: {last_lines}" if last_lines else death, peak)
    return Outcome(Status.CRASHED, last_lines or f"exit code {child.returncode}", peak)


def _watch(
    child: subprocess.Popen[bytes], timeout: float, memory_limit: int, stages_done: Callable[[], int]
) -> tuple[tuple[Status, str] | None, int]:
    """Wait for the child's end; return why it has to be killed, or None, and the peak of its resident memory."""
    peak = ticks = done = 0
    started = time.monotonic()
    while True:
        try:
            child.wait(_POLL_SECONDS)
            return None, peak
        except subprocess.TimeoutExpired:
            pass
        rss = _resident(child.pid, tree=ticks % _TREE_EVERY == 0)
        peak, ticks = max(peak, rss), ticks + 1
        if rss > memory_limit:
            reason = f"held {rss / 2**30:.2f} GiB, above the limit of {memory_limit / 2**30:.2f} GiB"
            return (Status.OUT_OF_MEMORY, reason), peak
        if stages_done() > done:
            done, started = stages_done(), time.monotonic()
        elif time.monotonic() - started > timeout:
            return (Status.TIMEOUT, f"took more than {timeout:g} s"), peak


def _resident(pid: int, *, tree: bool) -> int:
    """Return the resident bytes of a process, and of all below it if `tree`; 0 once it is gone."""
    try:
        process = psutil.Process(pid)
        rss = process.memory_info().rss
        for below in process.children(recursive=True) if tree else ():
            rss += below.memory_info().rss
        return int(rss)
    except psutil.Error:
        return 0


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _kernel_kills() -> int:
    """Return how many processes the kernel has killed since it started because memory ran out."""
    try:
        fields = dict(line.split() for line in Path("/proc/vmstat").read_text().splitlines())
    except OSError:
        return 0
    return int(fields.get("oom_kill", 0))


def _last_lines(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _LAST_BYTES))
        lines = file.read().decode(errors="replace").strip().splitlines()
    return "\n".join(lines[-_LAST_LINES:])
