"""A worker as its parent sees it: asked, timed by the parent's clock, watched, and killed with all below it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any, Self

import numpy as np
import psutil
from numpy.typing import NDArray

from bench.core.errors import BenchError
from bench.core.kernel_cache import kernel_cache
from bench.core.paths import IS_CHECKOUT, PROJECT
from bench.core.typed_json import dumps
from bench.measuring.channel import Channel
from bench.measuring.log import Log
from bench.measuring.messages import Action, Failure, FailureKind, Notice, Reply, Request, Started, Task
from bench.results.rows import Status
from bench.system import processes
from bench.system.pipe import Pipe, ProtocolError
from bench.system.sandbox import Sandbox

_POLL_SECONDS = 0.02
_SHARED_EVERY = 20
_END_SECONDS = 10.0
_FULL_BYTES = 4 << 20
_MOST_ANSWER_BYTES = 8 << 30
_ARRAYS_OF_PLANS = 2
_OUT_OF_MEMORY_FRACTION = 0.25
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "ARROW_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "TOKIO_WORKER_THREADS",
)


class WorkerFailed(Exception):
    """A worker ended before it had done what it was asked: why, as a row has it."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


@dataclass(frozen=True)
class Exchange:
    """A request that was answered.

    Attributes:
        reply: what the worker claims.
        elapsed: seconds by the parent's clock until the reply had arrived; for a search, since the queries were sent.
        answers: for a search, the ids; then, where codes are searched, those that the method itself returned. Where
            the reply names plans, that of every query, and the estimates.
        parent_delay: seconds of these for which the parent wanted to run and had no CPU.
        worker_delay: the same of the worker.
    """

    reply: Reply
    elapsed: float
    answers: tuple[NDArray[Any], ...] = ()
    parent_delay: float = 0.0
    worker_delay: float = 0.0


class Child:
    """A worker, from its start to its end, as a context."""

    def __init__(
        self,
        task: Task,
        sandbox: Sandbox,
        *,
        cpus: Sequence[int] = (),
        timeout: float,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Describe a worker, which starts when the context is entered.

        Args:
            task: what it works on.
            sandbox: what it may do with files; folders for its temporary files and its compiled kernels are added.
            cpus: the CPUs to which it is pinned; if empty, it may use any.
            timeout: seconds that one stage may take, see `begin_stage`.
            notice: is called with what the worker has to say.
        """
        self._task, self._sandbox, self._cpus = task, sandbox, cpus
        self._timeout, self._notice = timeout, notice
        self.sandbox_version = 0
        self.peak = 0

    def __enter__(self) -> Self:
        """Start the worker, and wait until it has imported the method.

        Raises:
            WorkerFailed: it cannot import it.
            BenchError: see `ask`.
        """
        self._shared = processes.SharedFiles()
        self._temporary = Path(tempfile.mkdtemp(prefix="fanns-bench-")).resolve()
        environment = os.environ | dict.fromkeys(_THREAD_VARIABLES, str(self._task.threads))
        environment["TMPDIR"] = str(self._temporary)
        if IS_CHECKOUT:
            # Another checkout may be installed, and the current folder is not looked into.
            environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH"))))
        ours, theirs = socket.socketpair()
        ours.settimeout(self._timeout)
        try:
            with theirs:
                self._process = processes.start_tree(
                    [sys.executable, "-P", "-m", "bench.measuring.worker", str(theirs.fileno()), str(os.getpid())],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    env=environment,
                    pass_fds=[theirs.fileno()],
                )
            assert self._process.stdout is not None
            self.log = Log(self._process.stdout)  # type: ignore[arg-type]
            self._pipe = Pipe(ours)
            self._channel = Channel(self._pipe)
            self._pids = [self._process.pid]
            if self._cpus and hasattr(os, "sched_setaffinity"):
                # Before it starts any thread, as threads inherit it.
                os.sched_setaffinity(self._process.pid, self._cpus)
            self.begin_stage()
            sandbox = replace(self._sandbox, writable=(*self._sandbox.writable, self._temporary, kernel_cache()))
            self._guarded(lambda: self._pipe.send(dumps(sandbox).encode()))
            self._guarded(lambda: self._channel.send(self._task))
            self.sandbox_version = self._guarded(lambda: self._next(Started)).sandbox
            self.baseline = self.memory()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill the worker with all that it started, and delete their temporary files."""
        if hasattr(self, "_process"):
            processes.end_tree(self._process)
            self.log.close()
            self._pipe.close()
        self._shared.delete()
        shutil.rmtree(self._temporary, ignore_errors=True)

    def begin_stage(self) -> None:
        """Let the clock of the timeout and the peak of memory start anew."""
        self._stage_started, self._ticks, self.peak = perf_counter(), 0, 0

    def memory(self) -> int:
        """Return the bytes that the worker and all that it started hold now, and count them for the peak."""
        self._pids = processes.tree(self._process.pid) or self._pids
        held = processes.memory(self._pids) + self._shared.size(self._pids)
        self.peak = max(self.peak, held)
        return held

    @property
    def is_alone(self) -> bool:
        """Whether the worker had started no other process when its memory was last counted."""
        return len(self._pids) == 1

    def cpu_seconds(self) -> float:
        """Return the processor time that the worker and all that it started have used."""
        return processes.cpu_seconds(processes.tree(self._process.pid))

    def involuntary_switches(self) -> int:
        """Return how often the worker was interrupted to let another process run."""
        return processes.involuntary_switches(self._process.pid)

    def ask(self, request: Request, queries: NDArray[np.float32] | None = None) -> Exchange:
        """Have the worker do something, and wait for its reply.

        Raises:
            WorkerFailed: it died, was killed because it took too long or too much memory, or gave up.
            BenchError: the surroundings are at fault, such as a full disk.
        """
        return self._guarded(lambda: self._ask(request, queries))

    def _ask(self, request: Request, queries: NDArray[np.float32] | None) -> Exchange:
        delays = self._delays()
        started = perf_counter()
        self._channel.send(request)
        if queries is not None:
            self._channel.send_array(queries)
            started = perf_counter()
        reply = self._next(Reply)
        if reply.failure is not None:
            raise self._gave_up(reply.failure)
        if not (isinstance(reply.seconds, float | int) and 0 <= reply.seconds < float("inf")):
            raise ProtocolError(f"it claims {reply.seconds} seconds")
        if reply.plans and request.action is not Action.PLANS:
            raise ProtocolError(f"it names plans when asked to {request.action}")
        count = _ARRAYS_OF_PLANS if reply.plans else 0 if queries is None else 1 + (self._task.codes is not None)
        answers = []
        for _ in range(count):
            self._await()
            answers.append(self._channel.receive_array(_MOST_ANSWER_BYTES))
        elapsed = perf_counter() - started
        if elapsed > _POLL_SECONDS:  # looking takes milliseconds
            self.memory()
        parent_delay, worker_delay = (after - before for before, after in zip(delays, self._delays(), strict=True))
        return Exchange(reply, elapsed, tuple(answers), parent_delay, worker_delay)

    def _delays(self) -> tuple[float, float]:
        return processes.waited_for_cpu(os.getpid()), processes.waited_for_cpu(self._process.pid)

    def _next(self, kind: type[Any]) -> Any:
        """Return the next message, passing notices on."""
        while True:
            self._await()
            message: Any = self._channel.receive(*{kind, Notice, Reply})
            if isinstance(message, Notice):
                self._notice(message.text)
            elif isinstance(message, Reply) and kind is not Reply:
                raise self._gave_up(message.failure or Failure(FailureKind.ERROR, "it replied before it was asked"))
            else:
                return message

    def _await(self) -> None:
        """Wait until something has arrived.

        Raises:
            WorkerFailed: the worker takes too long or too much memory.
        """
        limit = self._task.memory_limit
        while not self._channel.is_ready(_POLL_SECONDS):
            self._ticks += 1
            if self._ticks % _SHARED_EVERY == 1:
                held = self.memory()
            else:
                self._pids = processes.tree(self._process.pid) or self._pids
                held = processes.memory(self._pids)
                self.peak = max(self.peak, held)
            if held > limit:
                reason = f"held {held / 2**30:.2f} GiB, above the limit of {limit / 2**30:.2f} GiB"
                raise WorkerFailed(Status.OUT_OF_MEMORY, reason)
            if perf_counter() - self._stage_started > self._timeout:
                raise WorkerFailed(Status.TIMEOUT, f"took more than {self._timeout:g} s")

    def _guarded(self, act: Callable[[], Any]) -> Any:
        """Call `act`; turn the death of the worker and whatever it must not send into `WorkerFailed`."""
        kills = _kernel_kills()
        try:
            return act()
        except EOFError:
            raise self._death(kills) from None
        except TimeoutError:
            raise WorkerFailed(Status.TIMEOUT, f"took more than {self._timeout:g} s") from None
        except ProtocolError as error:
            raise WorkerFailed(Status.INVALID, f"the worker broke the protocol: {error}") from error

    def _gave_up(self, failure: Failure) -> WorkerFailed:
        status = {
            FailureKind.INVALID: Status.INVALID,
            FailureKind.LIBRARY_MISSING: Status.UNSUPPORTED,
            FailureKind.OUT_OF_MEMORY: Status.OUT_OF_MEMORY,
            FailureKind.UNSUPPORTED: Status.UNSUPPORTED,
        }
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)  # it prints a traceback
        self._refuse_surroundings(failure)
        return WorkerFailed(status.get(failure.kind, Status.CRASHED), failure.reason)

    def _death(self, kills: int) -> WorkerFailed:
        """Return how a worker that closed the connection ended.

        Raises:
            BenchError: it was killed from outside, or the disk is full.
        """
        try:
            code = self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            return WorkerFailed(Status.CRASHED, "closed its connection and went on")
        self.log.close()
        last_lines = self.log.last_lines()
        self._refuse_surroundings(None)
        if code == -signal.SIGKILL:
            if _kernel_kills() > kills and self.peak > _OUT_OF_MEMORY_FRACTION * psutil.virtual_memory().total:
                return WorkerFailed(Status.OUT_OF_MEMORY, "killed by the kernel, because memory ran out")
            raise BenchError(
                "a worker was killed from outside (SIGKILL); nothing is stored, so start the command again"
            )
        if code < 0:
            death = f"died by {signal.Signals(-code).name}"
            return WorkerFailed(Status.CRASHED, f"{death}; its last words: {last_lines}" if last_lines else death)
        if code == 0:
            return WorkerFailed(Status.CRASHED, "ended without an answer")
        return WorkerFailed(Status.CRASHED, last_lines or f"exit code {code}")

    def _refuse_surroundings(self, failure: Failure | None) -> None:
        """Check that a failure is the method's.

        Raises:
            BenchError: the disk is full, or the worker says that the system refused it something.
        """
        for folder in {self._temporary, *self._sandbox.writable}:
            if folder.is_dir() and (free := shutil.disk_usage(folder).free) < _FULL_BYTES:
                raise BenchError(
                    f"the disk of {folder} is full ({free / 2**20:.1f} MiB are free); nothing is stored: "
                    "free some space and start the command again"
                )
        if failure is not None and failure.kind is FailureKind.SURROUNDINGS:
            raise BenchError(f"the system refused something to a worker ({failure.reason}); nothing is stored")


def search_path() -> tuple[Path, ...]:
    """Return the current folder if this process imports from it, as after ``python -m``; else nothing."""
    here = os.getcwd()
    return (Path(here),) if here in sys.path or "" in sys.path else ()


def _kernel_kills() -> int:
    """Return how many processes the kernel has killed since it started because memory ran out."""
    try:
        fields = dict(line.split() for line in Path("/proc/vmstat").read_text().splitlines())
    except OSError:
        return 0
    return int(fields.get("oom_kill", 0))
