"""Making many parameter searches within a time budget."""

from __future__ import annotations

import time
from collections.abc import Sequence

from bench.results.store import Overwrite
from bench.runs.config import RunConfig
from bench.runs.plan import make_plan
from bench.tuning.config import TunerConfig
from bench.tuning.trace import is_finished
from bench.tuning.tune import tune


def tune_all(searches: Sequence[tuple[RunConfig, TunerConfig]], deadline: float | None) -> int:
    """Make the searches that have not finished; those that make no sense are named and left out.

    Args:
        searches: what to search, and how.
        deadline: when to stop starting searches, by `time.monotonic`; None for never.

    Returns:
        how many searches remain.
    """
    for number, (run, tuner) in enumerate(searches):
        title = f"[{number + 1}/{len(searches)}] {run.workload.name} {run.algorithm.name}"
        plan = make_plan(run)
        if plan.unsupported or not run.algorithm.candidates:
            print(f"skipped: {title}: {plan.unsupported or 'it has no candidates'}", flush=True)
        elif not is_finished(plan, tuner) or run.overwrite is Overwrite.ALWAYS:
            if deadline is not None and time.monotonic() > deadline:
                return len(searches) - number
            print(title, flush=True)
            tune(run, tuner)
    return 0
