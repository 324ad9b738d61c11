"""Making many runs within a budget of time, beside other processes that make runs of the same store."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

from bench.results.store import Store
from bench.runs.plan import Plan
from bench.runs.summary import run_repeat


def run_all(plans: Sequence[Plan], deadline: float | None) -> int:
    """Run repeat after repeat, so that every method has some rows when the budget ends.

    Runs that another process is making come last: by then they are stored, or that process has died.

    Args:
        plans: supported runs; those that are stored already are skipped.
        deadline: when to stop starting runs, by `time.monotonic`; None for never.

    Returns:
        how many runs remain.
    """
    repeats = range(max((plan.config.repeats for plan in plans), default=0))
    runs = [(repeat, plan) for repeat in repeats for plan in plans if repeat < plan.config.repeats]
    waiting, postponed = deque(enumerate(runs, 1)), deque[tuple[int, tuple[int, Plan]]]()
    while waiting or postponed:
        queue = waiting or postponed
        number, (repeat, plan) = run = queue.popleft()
        store = Store(plan.config.results)
        if store.is_done(plan.run_id, repeat, plan.config.overwrite):
            continue
        if deadline is not None and time.monotonic() > deadline:
            return len(waiting) + len(postponed) + 1
        if queue is waiting and store.is_being_made(plan.run_id, repeat):
            postponed.append(run)
        else:
            run_repeat(plan, repeat, f"[{number}/{len(runs)}] ")
    return 0
