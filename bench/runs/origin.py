"""Whether the code that a worker ran is the code that its run is named by."""

from __future__ import annotations

from bench.core.errors import BenchError
from bench.core.paths import SOURCES
from bench.core.typed_json import loads
from bench.measuring.child import Exchange, WorkerFailed
from bench.measuring.messages import Loaded
from bench.results.rows import Status
from bench.runs.description import code_digest
from bench.runs.plan import Plan


def check_code(plan: Plan, end: Exchange) -> None:
    """Check what a worker ran, by its last reply.

    Raises:
        WorkerFailed: it ran a file that the run's name does not cover.
        BenchError: a file has changed since the run was planned.
    """
    try:
        loaded = loads(Loaded, end.reply.text)
    except ValueError as error:
        raise WorkerFailed(Status.INVALID, f"the worker broke the protocol: {error}") from error
    # Code of this project may come later than a method's description: Numba's cache imports what shares a kernel.
    covered = {file.resolve() for file in (*plan.method.sources, *plan.method.files)}
    for file in loaded.files:
        if file.resolve() not in covered and not set(SOURCES) & set(file.parents):
            raise WorkerFailed(
                Status.INVALID,
                f"it ran {file}, by which its run is not named; import it at the top of the method's module, "
                "or declare it in Info.files",
            )
    if code_digest(plan.method) != plan.code_digest:
        raise BenchError(
            f"the code of {plan.method.target} changed while it ran; nothing is stored: start the command again"
        )
