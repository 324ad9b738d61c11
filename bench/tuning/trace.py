"""The trace of a parameter search: what it evaluated for a method on a workload of a dataset, kept in a file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bench.core.errors import BenchError, suggestion
from bench.core.formats import Storage
from bench.core.reading import reading
from bench.runs.config import RunConfig
from bench.runs.plan import Plan, make_plan
from bench.system.files import atomic_file, digest_of
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
        n: the number of items; None in files of earlier versions, which did not say it.
        k: answers per query; likewise.
        storage: the format of the vectors.
        shards: the number of parts with an index of their own.
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
    n: int | None = None
    k: int | None = None
    storage: str = Storage.FLOAT32
    shards: int = 1

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

    def __init__(self, plan: Plan, tuner: TunerConfig) -> None:
        """Start with no evaluation; the file is replaced with the first one."""
        self._path = trace_path(plan, tuner.name)
        self._trace = Trace(
            dataset=plan.dataset.name,
            workload=plan.workload.name,
            algorithm=plan.config.algorithm.name,
            n=plan.dataset.shape[0],
            k=plan.config.k,
            storage=plan.config.storage.format,
            shards=plan.config.shards,
            tuner=tuner.name,
            queries=tuner.queries,
            recall=tuner.recall,
            finished=False,
            evaluations=(),
        )

    @classmethod
    def resumed(cls, plan: Plan, tuner: TunerConfig) -> TraceFile:
        """Start with what other jobs of the same search have evaluated."""
        file = cls(plan, tuner)
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
        values = asdict(self._trace) | {
            "build": self.best.build,
            "trace": [[e.build, e.reward.reached, e.reward.value] for e in evaluations],
        }
        del values["evaluations"]
        with atomic_file(self._path) as path:
            path.write_text(json.dumps(values, indent=1))


def trace_path(plan: Plan, tuner: str) -> Path:
    """Return the file of a search. Its name depends on everything that decides the search, except for the queries."""
    config = plan.config
    workload = {key: value for key, value in vars(config.workload).items() if key not in ("queries", "skip")}
    storage = [config.storage.format, None if plan.codes is None else config.storage.candidates]
    digest = digest_of(plan.dataset.digest, workload, storage, config.shards, config.k)
    folder = config.results / "tuned" / plan.dataset.name.replace("/", "-") / plan.workload.name
    return folder / f"{config.algorithm.name}-{tuner}-{digest}.json"


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
        later = {name: values[name] for name in ("n", "k", "storage", "shards") if name in values}
        return Trace(**{name: values[name] for name in names}, **later, evaluations=evaluations)


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


def is_finished(plan: Plan, tuner: TunerConfig) -> bool:
    """Return whether a search with as many queries and for the same recall has finished."""
    path = trace_path(plan, tuner.name)
    if not path.exists():
        return False
    trace = read_trace(path)
    return trace.finished and (trace.queries, trace.recall) == (tuner.queries, tuner.recall)


def with_tuned(config: RunConfig) -> RunConfig:
    """Return the configuration with the best build parameters of a search, or as it is if none is asked for.

    A method without candidates has nothing to search, and keeps its configured parameters.

    Raises:
        BenchError: no search has the data, workload, k, storage and shards of this run; the search has not finished; or
            the run would report on queries that it used.
    """
    if config.tuned is None:
        return config
    if config.tuned not in TUNERS:
        raise BenchError(f"tuned={config.tuned} is unknown{suggestion(config.tuned, TUNERS)}")
    if not config.algorithm.candidates:
        return config
    path = trace_path(make_plan(config), config.tuned)
    if not path.exists():
        raise BenchError(
            f"tuned={config.tuned}: {path.parent} has no search for {config.algorithm.name} with the data, k, storage "
            f"and shards of this run; make one with 'python -m bench.tune tuner={config.tuned} "
            f"algorithm={config.algorithm.name} workload=... dataset=...' and the other keys of this run"
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
