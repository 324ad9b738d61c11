"""Run the project's commands in this process, which saves their start-up time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from bench import run, study, tune
from bench.core.paths import PROJECT

_MEASURE = (run.entry, study.entry, tune.entry)
_BRIEFLY = "timed_seconds=0.01"


@dataclass(frozen=True)
class Outcome:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str


class Commands:
    """Calls the entry point of a command with arguments, like the shell.

    Searches are not repeated for half a second each, unless a test asks for it: no test looks at their noise.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capfd = monkeypatch, capfd
        monkeypatch.setenv("HYDRA_FULL_ERROR", "1")

    def __call__(self, entry: Callable[[], None], *arguments: str) -> Outcome:
        if entry in _MEASURE and not any(
            word.startswith(("-", "timed_seconds=")) and word != "-m" for word in arguments
        ):
            arguments += (_BRIEFLY,)
        self._monkeypatch.setattr(sys, "argv", ["command", *arguments])
        self._capfd.readouterr()
        code = 0
        try:
            entry()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
        return Outcome(code, *self._capfd.readouterr())


@contextmanager
def start_command(module: str, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Start ``python -m module`` as a separate process, which is killed at the end of the block."""
    child = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=PROJECT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()
