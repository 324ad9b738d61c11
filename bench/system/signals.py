"""Ends that leave nothing behind: by a signal, and with the process that started this one."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from types import FrameType

_PR_SET_PDEATHSIG = 1


def end_like_interrupted() -> None:
    """Let SIGTERM and SIGHUP end this process like an interrupt: workers are killed and their folders deleted first."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup asks for
                signal.signal(number, _exit)


def _exit(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def end_with_parent(parent: int, number: signal.Signals) -> None:
    """Have the kernel send a signal to this process when its parent ends (Linux); exit if it has ended already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        sys.exit("the process that started this worker has died")
