"""What a process and all that it starts hold and use, as seen from outside (Linux; elsewhere by psutil alone)."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

_SHARED_MEMORY = Path("/dev/shm")
_PR_SET_CHILD_SUBREAPER = 36
_KERNEL_LISTS_CHILDREN = Path("/proc/self/task", str(os.getpid()), "children").exists()
_LOCK = threading.Lock()
_OTHERS: dict[int, set[int]] = {}
"""For each process of `start_tree` that has not been ended, the children that this process had before."""


def tree(pid: int) -> list[int]:
    """Return a process and all below it; those that have ended are left out."""
    if _KERNEL_LISTS_CHILDREN:
        pids = [pid] if Path(f"/proc/{pid}").exists() else []
        for parent in pids:
            pids += _children_of(parent)
        return pids
    try:
        process = psutil.Process(pid)
        return [pid, *(below.pid for below in process.children(recursive=True))]
    except psutil.Error:
        return []


def _children_of(pid: int) -> list[int]:
    """Return the processes that the threads of a process have started, as the kernel lists them: without searching."""
    with contextlib.suppress(OSError):
        lists = [Path(task, "children").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
        return [int(child) for words in lists for child in words.split()]
    return []


def memory(pids: list[int]) -> int:
    """Return the bytes of memory that processes hold and no file backs: anonymous and shared."""
    return sum(map(_memory, pids))


def _memory(pid: int) -> int:
    """Return the anonymous and shared bytes of a process; 0 once it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        with contextlib.suppress(psutil.Error):
            return 0 if sys.platform == "linux" else int(psutil.Process(pid).memory_info().rss)
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("RssAnon:", "RssShmem:")))


def cpu_seconds(pids: list[int]) -> float:
    """Return the processor time of processes, and of those that they started and that have ended."""
    total = 0.0
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            total += sum(psutil.Process(pid).cpu_times()[:4])
    return total


def waited_for_cpu(pid: int) -> float:
    """Return the seconds for which the main thread of a process wanted to run and had no CPU; 0 where nobody counts."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def involuntary_switches(pid: int) -> int:
    """Return how often a process was interrupted to let another one run."""
    with contextlib.suppress(psutil.Error):
        return int(psutil.Process(pid).num_ctx_switches().involuntary)
    return 0


class SharedFiles:
    """Files of this user in the folder of shared memory that were not there before."""

    def __init__(self) -> None:
        """Note which files are there."""
        self._before = set(self._names())

    def size(self, pids: list[int]) -> int:
        """Return the bytes of the new ones that no process maps other than `pids`."""
        total = 0
        for name in self._new(pids):
            with contextlib.suppress(OSError):
                total += (_SHARED_MEMORY / name).stat().st_blocks * 512
        return total

    def delete(self) -> None:
        """Delete the new ones that no process maps."""
        for name in self._new([]):
            with contextlib.suppress(OSError):
                (_SHARED_MEMORY / name).unlink()

    def _new(self, pids: list[int]) -> set[str]:
        """Return the new ones; those that a process other than `pids` maps are that one's for ever."""
        new = set(self._names()) - self._before
        if new:
            mapped = {file for p in psutil.process_iter() if p.pid not in pids for file in _mapped_files(p.pid)}
            theirs = {name for name in new if _identity(_SHARED_MEMORY / name) in mapped}
            self._before |= theirs
            new -= theirs
        return new

    @staticmethod
    def _names() -> list[str]:
        try:
            with os.scandir(_SHARED_MEMORY) as entries:
                return [e.name for e in entries if e.is_file(follow_symlinks=False) and e.stat().st_uid == os.getuid()]
        except OSError:
            return []


def _identity(path: Path) -> tuple[str, str] | None:
    """Return device and number of a file, as maps of memory have them: a semaphore is mapped under another name."""
    with contextlib.suppress(OSError):
        status = path.stat()
        return f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}", str(status.st_ino)
    return None


def _mapped_files(pid: int) -> set[tuple[str, str] | None]:
    """Return device and number of every file that a process maps; nothing if it cannot be read."""
    try:
        lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    except OSError:
        return set()
    return {(words[3], words[4]) for words in map(str.split, lines)}


def start_tree(command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """Start a process that leads a session of its own, and become the parent of whatever it leaves behind.

    Args:
        command: the program and its arguments.
        options: the other arguments of `subprocess.Popen`.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    with _LOCK:
        others = _children()
        process = subprocess.Popen(command, start_new_session=True, **options)
        _OTHERS[process.pid] = others
    return process


def end_tree(process: subprocess.Popen[bytes]) -> None:
    """Kill a process of `start_tree`, its group, and all that this process has adopted since; wait for their ends.

    Children that were there before stay, and so do the trees of other threads.
    """
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    while strays := _strays(process.pid):
        for stray in strays:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(stray, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(stray, 0)
    with _LOCK:
        del _OTHERS[process.pid]


def _strays(pid: int) -> set[int]:
    # Under the lock, as another thread's child is known as such only when it is noted.
    with _LOCK:
        return _children() - _OTHERS[pid] - set(_OTHERS)


def _children() -> set[int]:
    """Return the processes that this one started or adopted."""
    return {process.pid for process in psutil.Process().children()}
