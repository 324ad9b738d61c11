"""Search the build parameters of a method, and keep the trace."""

from __future__ import annotations

import math
from typing import Any

from omegaconf import DictConfig, OmegaConf

from bench.config.typed import typed
from bench.core.errors import BenchError, suggestion
from bench.runs.config import RunConfig, parse_run
from bench.runs.plan import make_plan
from bench.tuning.config import TunerConfig
from bench.tuning.evaluation import evaluate
from bench.tuning.reward import Reward
from bench.tuning.searches import SEARCHES
from bench.tuning.space import Point, search_space
from bench.tuning.trace import Evaluation, TraceFile

OPTUNA = "optuna"


def parse_tune(config: DictConfig) -> tuple[RunConfig, TunerConfig]:
    """Turn the composed configuration into its typed form.

    Raises:
        BenchError: a key or value is invalid.
    """
    values: Any = OmegaConf.to_container(config, resolve=True)
    tuner = typed(TunerConfig, values.pop("tuner"), "tuner")
    if tuner.name not in (*SEARCHES, OPTUNA):
        raise BenchError(f"tuner.name={tuner.name} is unknown{suggestion(tuner.name, [*SEARCHES, OPTUNA])}")
    for key, low in {"recall": 0.0, "builds": 1, "queries": 1, "gain": 0.0, "trials": 1}.items():
        if not low <= getattr(tuner, key) < math.inf:
            raise BenchError(f"tuner.{key}={getattr(tuner, key)} is out of range; it must be finite and at least {low}")
    return parse_run(OmegaConf.create(values)), tuner


def tune(run: RunConfig, tuner: TunerConfig) -> Evaluation:
    """Search, print every step, and return the best evaluation.

    Raises:
        BenchError: a key or value is invalid, or the results are not writable.
    """
    space, trace = search_space(run.algorithm), TraceFile(make_plan(run), tuner)
    evaluated: Evaluation | None = None

    def try_point(point: Point) -> Reward:
        nonlocal evaluated
        values = space.values(point)
        evaluated = evaluate(run, values, tuner, f"{run.algorithm.name} {_listed(values)}")
        trace.add(evaluated)
        return evaluated.reward

    for step, _ in enumerate(SEARCHES[tuner.name](space, try_point, tuner.gain), 1):
        assert evaluated is not None
        print(
            f"[{step}] {describe_evaluation(run, evaluated)}; best {describe_evaluation(run, trace.best)}",
            flush=True,
        )
    trace.add(trace.best, finished=True)
    return trace.best


def run_trial(run: RunConfig, tuner: TunerConfig, job: int) -> float:
    """Evaluate the point of Optuna's trial number `job`, from 0, and return its score."""
    plan = make_plan(run)
    trace = TraceFile(plan, tuner) if job == 0 else TraceFile.resumed(plan, tuner)
    values = {name: run.algorithm.build[name] for name in run.algorithm.candidates}
    evaluated = evaluate(run, values, tuner, f"{run.algorithm.name} {_listed(values)}")
    trace.add(evaluated, finished=job + 1 == tuner.trials)
    print(f"[{job + 1}] {describe_evaluation(run, evaluated)}; best {describe_evaluation(run, trace.best)}", flush=True)
    return evaluated.reward.score


def describe_evaluation(run: RunConfig, evaluated: Evaluation) -> str:
    """Return the values of the searched parameters and their reward, in words."""
    values = {name: evaluated.build[name] for name in run.algorithm.candidates}
    return f"{_listed(values)}: {evaluated.reward}"


def _listed(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
