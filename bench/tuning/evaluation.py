"""Evaluate build parameters: build, answer the tuning queries, and store the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bench.core.errors import BenchError
from bench.core.progress import StatusLine
from bench.results.rows import Row
from bench.results.store import Overwrite, Store
from bench.runs.config import RunConfig
from bench.runs.plan import make_plan
from bench.runs.run import run
from bench.system.folders import results_cache
from bench.tuning.config import TunerConfig
from bench.tuning.reward import reward
from bench.tuning.trace import Evaluation


def evaluate(config: RunConfig, values: Mapping[str, Any], tuner: TunerConfig, title: str) -> Evaluation:
    """Return the reward of build parameters, from the store if they were evaluated before.

    The rows are stored apart from those of reported runs. Indexes are deleted, unless `tuner.keep_indexes` is set.

    Raises:
        BenchError: a key or value is invalid, the method does not serve the workload, or the results are not writable.
    """
    build = config.algorithm.build | dict(values)
    workload = replace(config.workload, queries=tuner.queries, skip=0)  # type: ignore[type-var]
    algorithm = replace(config.algorithm, build=build)
    never = Overwrite.NEVER
    plan = make_plan(replace(config, workload=workload, algorithm=algorithm, tuned=None, overwrite=never))
    if plan.unsupported:
        raise BenchError(f"{config.algorithm.name} does not serve {plan.workload.filter_type}: {plan.unsupported}")
    store = Store(config.results / "tuning")
    keep = tuner.keep_indexes and not plan.method.depends_on_attributes
    rows: list[Row] = []
    for repeat in range(tuner.builds):
        with StatusLine(title) as line:
            rows += run(plan, repeat, store, results_cache(config.results), line, keep_index=keep)
    return Evaluation(build, reward(rows, tuner.recall))
