"""The trace of a parameter search: what it evaluated for a method on a workload of a dataset, kept in a file."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.core.errors import BenchError, suggestion
from bench.core.reading import reading
from bench.runs.config import RunConfig
from bench.system.files import atomic_file
from bench.tuning.config import TUNERS, TunerConfig
from bench.tuning.reward import Reward


@dataclass(frozen=True)
class Evaluation:
    """Build parameters and their reward."""

    build: dict[str, Any]
    reward: Reward


@dataclass(frozen=True)
class Trace:
    """What a search has evaluated.

    Attributes:
        dataset: its name.
        workload: its name.
        algorithm: the method's name.
        tuner: greedy, grid or optuna.
        queries: how many of the dataset's first queries it searched with.
        recall: the recall at which the QPS are the reward.
        finished: whether the search came to its end.
        evaluations: in their order, each once.
    """

    dataset: str
    workload: str
    algorithm: str
    tuner: str
    queries: int
    recall: float
    finished: bool
    evaluations: tuple[Evaluation, ...]

    @property
    def best(self) -> Evaluation:
        """The best evaluation, the first of equals."""
        return max(self.evaluations, key=lambda evaluation: evaluation.reward)

    @property
    def parameters(self) -> list[str]:
        """The names of the parameters that were searched: those with several values."""
        names = self.best.build
        varied = [name for name in names if len({repr(one.build[name]) for one in self.evaluations}) > 1]
        return varied or list(names)


class TraceFile:
    """The file of a search's trace, which grows with every evaluation."""

    def __init__(self, config: RunConfig, tuner: TunerConfig) -> None:
        """Start with no evaluation; the file is replaced with the first one."""
        self._path = trace_path(config, tuner.name)
        self._trace = Trace(
            dataset=config.dataset.name,
            workload=config.workload.name,
            algorithm=config.algorithm.name,
            tuner=tuner.name,
            queries=tuner.queries,
            recall=tuner.recall,
            finished=False,
            evaluations=(),
        )

    @classmethod
    def resumed(cls, config: RunConfig, tuner: TunerConfig) -> TraceFile:
        """Start with what other jobs of the same search have evaluated."""
        file = cls(config, tuner)
        if file._path.exists():
            file._trace = replace(file._trace, evaluations=read_trace(file._path).evaluations)
        return file

    @property
    def best(self) -> Evaluation:
        """The best evaluation, the first of equals."""
        return self._trace.best

    def add(self, evaluation: Evaluation, *, finished: bool = False) -> None:
        """Add an evaluation, unless it is there, and write the file."""
        evaluations = self._trace.evaluations
        if evaluation not in evaluations:
            evaluations += (evaluation,)
        self._trace = replace(self._trace, evaluations=evaluations, finished=finished)
        values = {
            "dataset": self._trace.dataset,
            "workload": self._trace.workload,
            "algorithm": self._trace.algorithm,
            "tuner": self._trace.tuner,
            "build": self.best.build,
            "queries": self._trace.queries,
            "recall": self._trace.recall,
            "finished": finished,
            "trace": [[e.build, e.reward.reached, e.reward.value] for e in evaluations],
        }
        with atomic_file(self._path) as path:
            path.write_text(json.dumps(values, indent=1))


def trace_path(config: RunConfig, tuner: str) -> Path:
    """Return the file of a search for a method on a workload of a dataset."""
    dataset, workload = config.dataset.name.replace("/", "-"), config.workload.name
    return config.results / "tuned" / dataset / workload / f"{config.algorithm.name}-{tuner}.json"


def read_trace(path: Path) -> Trace:
    """Return the trace of a search.

    Raises:
        BenchError: the file is damaged.
    """
    with reading(path, "trace of a search", "delete it and search again"):
        values: dict[str, Any] = _names_of_earlier_versions(path) | json.loads(path.read_text())
        names = ("dataset", "workload", "algorithm", "tuner", "queries", "recall", "finished")
        evaluations = tuple(Evaluation(build, Reward(reached, value)) for build, reached, value in values["trace"])
        if not evaluations or not all(isinstance(each.build, dict) for each in evaluations):
            raise ValueError("it has no evaluation")
        return Trace(**{name: values[name] for name in names}, evaluations=evaluations)


def _names_of_earlier_versions(path: Path) -> dict[str, str]:
    """Return what files of earlier versions said only by where they were."""
    algorithm, _, tuner = path.stem.rpartition("-")
    return {"dataset": path.parts[-3], "workload": path.parts[-2], "algorithm": algorithm, "tuner": tuner}


def all_traces(results: Path) -> list[Trace]:
    """Return the traces of all searches of a results folder.

    Raises:
        BenchError: a file is damaged.
    """
    return [read_trace(path) for path in sorted((results / "tuned").glob("*/*/*.json"))]


def is_finished(config: RunConfig, tuner: TunerConfig) -> bool:
    """Return whether a search has come to its end."""
    path = trace_path(config, tuner.name)
    return path.exists() and read_trace(path).finished


def with_tuned(config: RunConfig) -> RunConfig:
    """Return the configuration with the best build parameters of a search, or as it is if none is asked for.

    A method without candidates has nothing to search, and keeps its configured parameters.

    Raises:
        BenchError: there is no such search, it has not finished, or the run would report on queries that it used.
    """
    if config.tuned is None:
        return config
    if config.tuned not in TUNERS:
        raise BenchError(f"tuned={config.tuned} is unknown{suggestion(config.tuned, TUNERS)}")
    if not config.algorithm.candidates:
        return config
    path = trace_path(config, config.tuned)
    if not path.exists():
        raise BenchError(
            f"tuned={config.tuned}: there is no {path}; 'python -m bench.tune tuner={config.tuned} "
            f"algorithm={config.algorithm.name} workload=... dataset=...' makes it"
        )
    trace = read_trace(path)
    if not trace.finished:
        raise BenchError(f"tuned={config.tuned}: the search of {path} has not finished; run it again to resume it")
    if config.workload.skip < trace.queries:
        raise BenchError(
            f"workload.skip={config.workload.skip} would report on queries that the search used; "
            f"set workload.skip={trace.queries}"
        )
    return replace(config, algorithm=replace(config.algorithm, build=trace.best.build))
