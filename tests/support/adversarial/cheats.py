"""Methods that cheat: they hide work, forge what is measured, read what they may not, or take what is not theirs."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FORMATS, Data
from bench.core.masks import FilterBatch
from tests.support.adversarial.honest import Honest, Ids, Search

WORK_SECONDS = 0.05
"""How long a search takes, for methods that hide that."""

Queries = NDArray[np.float32]


class Works(Honest):
    """Searches for a while; this one is honest."""

    def spoil(self, ids: Ids, params: Search) -> Any:
        time.sleep(WORK_SECONDS)
        return ids


class _Lazy:
    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Ids:
        time.sleep(WORK_SECONDS)
        return self._ids


class ReturnsLater(Honest):
    """Works when its answer is converted to an array."""

    def spoil(self, ids: Ids, params: Search) -> Any:
        return _Lazy(ids)


class CountsLater(Honest):
    """Works when it is asked for its distance computations."""

    answer: Ids | None = None

    def spoil(self, ids: Ids, params: Search) -> Any:
        self.answer, self.empty = ids, np.full_like(ids, -1)
        return self.empty

    @property  # type: ignore[override]
    def distance_computations(self) -> int:
        if self.answer is not None:
            self.empty[:] = self.answer
        return 1


class ChangesLater(Honest):
    """Works in a thread after it has returned."""

    def spoil(self, ids: Ids, params: Search) -> Any:
        empty = np.full_like(ids, -1)

        def fill() -> None:
            time.sleep(0.01)
            empty[:] = ids

        threading.Thread(target=fill, daemon=True).start()
        return empty


class Remembers(Works):
    """Keeps its answers for the same queries."""

    def search(self, queries: Queries, prepared: FilterBatch, k: int, params: Search, threads: int) -> Any:
        memory = self.__dict__.setdefault("memory", {})
        key = queries.tobytes()
        if key not in memory:
            memory[key] = super().search(queries, prepared, k, params, threads)
        return memory[key]


class SearchesInPrepare(Works):
    """Searches in `prepare` for the queries that came with the same filters before."""

    def prepare(self, filters: FilterBatch) -> Any:
        queries = self.__dict__.setdefault("seen", {}).get(filters.filters)
        answer = None if queries is None else super().search(queries, filters, 10, Search(), 1)
        return filters, answer

    def search(self, queries: Queries, prepared: Any, k: int, params: Search, threads: int) -> Any:
        filters, answer = prepared
        self.__dict__["seen"][filters.filters] = queries
        return super().search(queries, filters, k, params, threads) if answer is None else answer


class AnswersEveryThirdPass(Honest):
    """Answers nothing most of the time."""

    calls = 0

    def spoil(self, ids: Ids, params: Search) -> Any:
        self.calls += 1
        return ids if self.calls % 3 == 0 else np.full_like(ids, -1)


class AnswersBatchesOnly(Honest):
    """Answers nothing to single queries."""

    def spoil(self, ids: Ids, params: Search) -> Any:
        return ids if len(ids) > 1 else np.full_like(ids, -1)


class SlowsTheClock(Works):
    """Replaces every clock that it finds."""

    @classmethod
    def load(cls, folder: Path, params: Any, data: Data) -> Self:
        clock = time.perf_counter
        for module in [time, *sys.modules.values()]:
            if getattr(module, "perf_counter", None) is clock:
                module.perf_counter = lambda: clock() / 1e4  # type: ignore[attr-defined]
        return super().load(folder, params, data)


class BreaksTheProtocol(Honest):
    """Writes to the connection of its worker."""

    @classmethod
    def load(cls, folder: Path, params: Any, data: Data) -> Self:
        for name in os.listdir("/proc/self/fd"):
            if os.path.realpath(f"/proc/self/fd/{name}").split("/")[-1].startswith("socket:"):
                socket.socket(fileno=os.dup(int(name))).sendall(b"\xff" * 64)
        os._exit(0)


class UsesMoreThreads(Honest):
    """Leaves its CPU and works in several threads."""

    def spoil(self, ids: Ids, params: Search) -> Any:
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
        block = b"x" * (32 << 20)

        def work(_: int) -> None:
            os.sched_setaffinity(0, range(os.cpu_count() or 1))
            end = time.monotonic() + 0.6
            while time.monotonic() < end:
                hashlib.sha256(block)  # without the interpreter's lock

        if len(ids) > 1:
            with ThreadPoolExecutor(8) as pool:  # so many that other processes get less
                list(pool.map(work, range(8)))
        return ids


class HoldsSharedMemory(Honest):
    """Holds 64 MiB in a file of shared memory, which no process maps."""

    def build(self, data: Data) -> None:
        super().build(data)
        Path(f"/dev/shm/fanns-bench-test-{os.getpid()}").write_bytes(bytes(64 << 20))


class HoldsMemoryInAChild(Honest):
    """Holds 256 MiB in a process that it starts."""

    def build(self, data: Data) -> None:
        super().build(data)
        code = "import time; x = bytearray(256 << 20); x[::4096] = b'1' * len(x[::4096]); time.sleep(1)"
        subprocess.run([sys.executable, "-c", code], check=True)


class LeavesADaemon(Honest):
    """Starts a process that leaves its session and has no parent."""

    def build(self, data: Data) -> None:
        super().build(data)
        code = (
            "import os, time; os.setsid(); os.fork() and os._exit(0); print(os.getpid(), flush=True); time.sleep(600)"
        )
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            self.pid = child.stdout.readline().decode()

    def save(self, folder: Path) -> None:
        super().save(folder)
        (folder / "child").write_text(self.pid)


class BuildsInSave(Honest):
    """Works when it is saved."""

    def save(self, folder: Path) -> None:
        time.sleep(1.2)
        super().save(folder)


class BuildsInLoad(Honest):
    """Saves nothing, and works when it is loaded."""

    def save(self, folder: Path) -> None:
        pass

    @classmethod
    def load(cls, folder: Path, params: Any, data: Data) -> Self:
        time.sleep(1.2)
        algorithm = cls(params)
        algorithm.vectors = data.vectors
        return algorithm


class SavesElsewhere(Honest):
    """Saves its vectors outside of the folder of the index."""

    def save(self, folder: Path) -> None:
        np.save(Path.home() / "fanns-bench-test.npy", self.vectors)


class SavesALink(Honest):
    """Saves a link in place of its vectors."""

    def save(self, folder: Path) -> None:
        (folder / "vectors.npy").symlink_to("/etc/passwd")


class ChangesQueries(Honest):
    """Overwrites the queries, as a slip would."""

    def search(self, queries: Queries, prepared: FilterBatch, k: int, params: Search, threads: int) -> Any:
        queries[:] = 0
        return super().search(queries, prepared, k, params, threads)


class HidesIdsOutOfRange(Honest):
    """Returns ids out of range, which exact ranking sorts to the end."""

    info = dataclasses.replace(Honest.info, reads=ALL_FORMATS)

    def spoil(self, ids: Ids, params: Search) -> Any:
        ids[:, -2:] = 10**9
        return ids


class Snoops(Honest):
    """Tries to read the files that $SNOOPS names, and says which it could read."""

    @classmethod
    def load(cls, folder: Path, params: Any, data: Data) -> Self:
        for path in os.environ["SNOOPS"].split(os.pathsep):
            try:
                Path(path).read_bytes()
                Path(path).write_bytes(b"")
            except OSError:
                print("cannot read", path)
            else:
                raise ValueError(f"read {path}")
        print(sys.argv[1:])
        return super().load(folder, params, data)
