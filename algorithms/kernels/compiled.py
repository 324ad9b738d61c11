"""The disk cache of compiled kernels, and word of it when they are being compiled."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import numba
from numba.core import event

from bench.core.kernel_cache import kernel_cache

_ALGORITHMS = Path(__file__).resolve().parent.parent


def use_cache() -> None:
    """Point Numba's disk cache at a folder of its own for this state of the methods and their kernels.

    Numba recompiles a function when its own file changes, not when a file that it calls into does. And it keeps a
    shared kernel's code for the policies of all methods in one index, which cannot be read once a policy's class is
    renamed or removed. So the folder is named by a digest of all sources in `algorithms`, and no edit can leave a
    stale or unreadable kernel behind.
    """
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(_ALGORITHMS.rglob("*.py")):
        digest.update(str(source.relative_to(_ALGORITHMS)).encode() + b"\0" + source.read_bytes() + b"\0")
    numba.config.CACHE_DIR = str(kernel_cache() / digest.hexdigest()[:16])  # type: ignore[attr-defined]


def say_compiling() -> None:
    """Print that kernels are being compiled."""
    print("compiling kernels: this is done once, after an installation or a change", file=sys.stderr, flush=True)


class _Listener(event.Listener):
    """Calls `tell` when the first kernel of this process is compiled rather than read from the cache, and takes time.

    Attributes:
        seconds: the processor time of this process while it compiled.
    """

    tell: Callable[[], None] | None = staticmethod(say_compiling)
    seconds = 0.0
    _depth = 0
    _started = 0.0

    def on_start(self, event: Any) -> None:
        if self.tell is not None:
            tell, self.tell = self.tell, None
            tell()
        if self._depth == 0:
            self._started = process_time()
        self._depth += 1

    def on_end(self, event: Any) -> None:
        """Count the time, unless what was compiled is a part of something else."""
        self._depth -= 1
        if self._depth == 0:
            self.seconds += process_time() - self._started


_listener = _Listener()
event.register("numba:compile", _listener)


def tell_of_compiling(tell: Callable[[], None] | None) -> None:
    """Call `tell`, in place of `say_compiling`, when this process first compiles a kernel; None keeps it quiet."""
    _listener.tell = tell


def compile_seconds() -> float:
    """Return the processor time that this process spent on compiling, in seconds."""
    return _listener.seconds
