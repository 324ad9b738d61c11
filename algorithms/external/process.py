"""Programs: those that run once, and those that stay and are asked."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.core.errors import SURROUNDINGS, BenchError

DONE = "done"
"""What a program that stays prints when it has answered."""

_BLOCK_BYTES = 64 << 10
_MOST_BLOCKS = 256
_LAST_LINES = 6
_LAST_BYTES = 4096


def run_once(words: Sequence[str], folder: Path) -> str:
    """Run a program in a folder until it ends, and return what it printed; of much, the end.

    Raises:
        BenchError: it cannot be started, or ends with another exit code than 0.
    """
    process = _start(words, folder, subprocess.DEVNULL)
    assert process.stdout is not None
    blocks: deque[bytes] = deque(maxlen=_MOST_BLOCKS)
    while block := process.stdout.read1(_BLOCK_BYTES):  # type: ignore[attr-defined]
        blocks.append(block)
        _log(block)
    code, printed = process.wait(), b"".join(blocks)
    if code:
        raise _death(words[0], code, printed)
    return printed.decode(errors="replace")


class Staying:
    """A program that is started once and answers questions, one line each."""

    def __init__(self, words: Sequence[str], folder: Path) -> None:
        """Start it in a folder.

        Raises:
            BenchError: it cannot be started.
        """
        self._name, self._process = words[0], _start(words, folder, subprocess.PIPE)
        self._last: deque[bytes] = deque(maxlen=_LAST_LINES)

    def ask(self, question: str) -> None:
        """Send a question, and wait until the program is done.

        Raises:
            BenchError: it ends before.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(f"{question}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended, and may have said why
        while line := self._process.stdout.readline(_BLOCK_BYTES):
            if line.strip() == DONE.encode():
                return
            self._last.append(line)
            _log(line)
        raise _death(self._name, self._process.wait(), b"".join(self._last))


def _start(words: Sequence[str], folder: Path, stdin: int) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(words, cwd=folder, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError as error:
        if error.errno in SURROUNDINGS:
            raise
        raise BenchError(f"the program {words[0]} cannot be started: {error.strerror}") from error


def _log(printed: bytes) -> None:
    """Pass on what a program prints to the log of the worker."""
    sys.stdout.buffer.write(printed)
    sys.stdout.buffer.flush()


def _death(name: str, code: int, printed: bytes) -> BenchError:
    """Return how a program ended, with the last lines that it printed."""
    how = f"died by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    if code == 0:
        how = f"ended before it had printed '{DONE}'"
    text = f"the program {name} {how}"
    lines = printed[-_LAST_BYTES:].decode(errors="replace").strip().splitlines()[-_LAST_LINES:]
    return BenchError(f"{text}; its last words: {_joined(lines)}" if lines else text)


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(line.rstrip() for line in lines)
