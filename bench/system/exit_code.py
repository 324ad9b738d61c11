"""The exit code of a command whose jobs may run in other processes of this machine."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path

_VARIABLE = "FANNS_BENCH_EXIT_CODES"


class ExitCode(IntEnum):
    """How a command ended: 1 is a defect of this project, 130 an interrupt, and 128 + N the signal N."""

    OK = 0
    ERROR = 2
    UNFINISHED = 3
    FAILED_SETTINGS = 4
    DIFFERENT = 5


@contextmanager
def exit_codes() -> Iterator[Path]:
    """Yield a file to which `note` in this process, and in those that it starts, adds lines."""
    with tempfile.TemporaryDirectory(prefix="fanns-bench-") as folder:
        file = Path(folder) / "codes"
        file.touch()
        before = os.environ.get(_VARIABLE)
        os.environ[_VARIABLE] = str(file)
        try:
            yield file
        finally:
            if before is None:
                del os.environ[_VARIABLE]
            else:
                os.environ[_VARIABLE] = before


def note(code: ExitCode) -> None:
    """Have the command end with a code, unless another job has a lower one other than 0."""
    name = os.environ.get(_VARIABLE)
    if name and Path(name).exists():
        with Path(name).open("a") as file:
            file.write(f"{code.value}\n")


def lowest(file: Path) -> int:
    """Return the lowest of the codes that were noted; 0 without any."""
    return min(map(int, file.read_text().split()), default=ExitCode.OK)
