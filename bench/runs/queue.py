"""Making many runs within a time budget, beside other processes that make runs of the same store."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Sequence

from bench.core.errors import MissingFile
from bench.results.store import Store
from bench.runs.config import RunConfig
from bench.runs.plan import Plan, make_plan
from bench.runs.summary import run_repeat

_NAMED = 3  # workloads in a line about what is skipped


def supported_plans(configs: Iterable[RunConfig]) -> list[Plan]:
    """Return the plans of the runs whose method is there and serves the workload; print the others with the reason.

    Raises:
        BenchError: a key or value does not fit.
    """
    plans = []
    skipped: dict[tuple[str, str], list[str]] = {}
    for config in configs:
        try:
            plan = make_plan(config)
        except MissingFile as error:
            skipped.setdefault((config.algorithm.name, str(error)), [])
            continue
        if plan.unsupported:
            skipped.setdefault((config.algorithm.name, plan.unsupported), []).append(plan.workload.name)
        else:
            plans.append(plan)
    for (method, reason), workloads in skipped.items():
        print(f"skipped: {method}{_on(workloads)}: {reason}", flush=True)
    return plans


def _on(workloads: Sequence[str]) -> str:
    """Return the words that name the workloads of a line, the first few by name; no word for none."""
    names = list(dict.fromkeys(workloads))
    if not names:
        return ""
    rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f" on {', '.join(names[:_NAMED])}{rest}"


def run_all(plans: Sequence[Plan], deadline: float | None) -> int:
    """Run repeat after repeat, so that every method has some rows when the budget ends.

    Runs that another process is making come last: by then they are stored, or that process has died.

    Args:
        plans: runs whose method serves the workload; those that are stored already are skipped.
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
