"""Methods that hang, die, raise errors, take too much memory, or disturb their environment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import numpy as np

from algorithms.base import Data
from bench.core.errors import Unsupported
from bench.core.masks import FilterBatch
from tests.support.adversarial.honest import Honest, Ids, Search


class SleepsInBuild(Honest):
    """A build that does not end."""

    def build(self, data: Data) -> None:
        time.sleep(600)


class HogsInBuild(Honest):
    """A build that takes more and more memory."""

    def build(self, data: Data) -> None:
        blocks = []
        for _ in range(200):
            blocks.append(np.ones(8 << 20, np.uint8))
            time.sleep(0.01)


class CannotAllocate(Honest):
    """Requests more memory at once than any machine has."""

    def build(self, data: Data) -> None:
        np.ones(1 << 60, np.uint8)


class DiesInBuild(Honest):
    """A build that is killed."""

    def build(self, data: Data) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class SegfaultsInBuild(Honest):
    """A build with a segmentation fault."""

    def build(self, data: Data) -> None:
        print("about to fall", flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)


class RaisesInBuild(Honest):
    """A build that raises an ordinary error."""

    def build(self, data: Data) -> None:
        raise ValueError("the build went wrong")


class ExitsInBuild(Honest):
    """Exits successfully without having built anything."""

    def build(self, data: Data) -> None:
        sys.exit(0)


class ExitsInSearch(Honest):
    """Exits successfully without an answer, bypassing every exception handler."""

    def spoil(self, ids: Ids, params: Search) -> Any:
        os._exit(0)


class RaisesInLoad(Honest):
    """An index that cannot be loaded."""

    @classmethod
    def load(cls, folder: Path, params: Any, data: Data) -> Self:
        raise ValueError("cannot read what was written")


class FailsAt(Honest):
    """Fails at some search settings, in a different way at each."""

    def spoil(self, ids: Ids, params: Search) -> Any:
        match params.effort:
            case 1:
                raise ValueError("effort 1 is too much")
            case 2:
                os.kill(os.getpid(), signal.SIGABRT)
            case 3:
                time.sleep(600)
            case 4:
                return ids[:, ::-1].astype(np.float32)
        return ids


class RefusesItems(Honest):
    """Cannot hold the items that it gets."""

    def build(self, data: Data) -> None:
        raise Unsupported("it has no place for such items")


class RefusesFilters(Honest):
    """Has no expression for the filters that it gets."""

    def prepare(self, filters: FilterBatch) -> Any:
        raise Unsupported("it has no words for such filters")


class Shouts(Honest):
    """Prints megabytes to both streams, which look like something a harness might parse."""

    def build(self, data: Data) -> None:
        super().build(data)
        for stream in (sys.stdout, sys.stderr):
            stream.write('{"build_seconds": 0, "recall": 1.0}\n' * 100_000)

    def spoil(self, ids: Ids, params: Search) -> Any:
        sys.stdout.write("x" * 3_000_000)
        return ids


class ShoutsAndRaises(Shouts):
    """Prints megabytes, and then raises an error."""

    def spoil(self, ids: Ids, params: Search) -> Any:
        super().spoil(ids, params)
        raise ValueError("lost in the noise")


class LeavesAChild(Honest):
    """Starts a process that outlives the build."""

    def build(self, data: Data) -> None:
        super().build(data)
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        self.pid = child.pid

    def save(self, folder: Path) -> None:
        super().save(folder)
        (folder / "child").write_text(str(self.pid))
