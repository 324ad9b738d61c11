"""What a search has found for a method on a workload of a dataset: a file, and runs with what it holds."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.core.errors import BenchError
from bench.runs.config import RunConfig
from bench.system.cache import atomic_file
from bench.tuning.config import TunerConfig
from bench.tuning.reward import Reward


@dataclass(frozen=True)
class Evaluated:
    """Build parameters and their reward."""

    build: dict[str, Any]
    reward: Reward


class Findings:
    """What a search has found for a method on a workload of a dataset: a file that grows with every evaluation."""

    def __init__(self, config: RunConfig, tuner: TunerConfig) -> None:
        """Start anew: what is stored is found again at once."""
        self._path = findings_file(config, tuner.name)
        self._tuner = tuner
        self._trace: list[Evaluated] = []

    @classmethod
    def continued(cls, config: RunConfig, tuner: TunerConfig) -> Findings:
        """Go on with what other jobs of the same search have found."""
        findings = cls(config, tuner)
        if findings._path.exists():
            findings._trace = trace(findings._path)
        return findings

    @property
    def best(self) -> Evaluated:
        """The best of all, the first of equals."""
        return max(self._trace, key=lambda evaluated: evaluated.reward)

    def add(self, evaluated: Evaluated, *, finished: bool = False) -> None:
        """Add an evaluation, unless it is there, and write the file."""
        if evaluated not in self._trace:
            self._trace.append(evaluated)
        found = {
            "build": self.best.build,
            "queries": self._tuner.queries,
            "recall": self._tuner.recall,
            "finished": finished,
            "trace": [[e.build, e.reward.reached, e.reward.value] for e in self._trace],
        }
        with atomic_file(self._path) as path:
            path.write_text(json.dumps(found, indent=1))


def findings_file(config: RunConfig, tuner: str) -> Path:
    """Return where a search keeps what it finds for a method on a workload of a dataset."""
    dataset, workload = config.dataset.name.replace("/", "-"), config.workload.name
    return config.results / "tuned" / dataset / workload / f"{config.algorithm.name}-{tuner}.json"


@dataclass(frozen=True)
class Found:
    """A search as its file tells it.

    Attributes:
        dataset: its name.
        workload: its name.
        algorithm: the method's name.
        tuner: greedy, grid or optuna.
        finished: whether the search came to its end.
        trace: all evaluations, in their order.
    """

    dataset: str
    workload: str
    algorithm: str
    tuner: str
    finished: bool
    trace: list[Evaluated]

    @property
    def best(self) -> Evaluated:
        """The best of all, the first of equals."""
        return max(self.trace, key=lambda evaluated: evaluated.reward)

    @property
    def parameters(self) -> list[str]:
        """The names of the parameters that were searched: those that did not stay the same."""
        names = self.best.build
        varied = [name for name in names if len({repr(one.build[name]) for one in self.trace}) > 1]
        return varied or list(names)


def all_found(results: Path) -> list[Found]:
    """Return all searches of a results folder.

    Raises:
        BenchError: a file is damaged.
    """
    found = []
    for path in sorted((results / "tuned").glob("*/*/*.json")):
        algorithm, _, tuner = path.stem.rpartition("-")
        dataset, workload = path.parts[-3:-1]
        found.append(Found(dataset, workload, algorithm, tuner, _read(path)["finished"], trace(path)))
    return found


def trace(path: Path) -> list[Evaluated]:
    """Return all evaluations of a search, in their order.

    Raises:
        BenchError: the file is damaged.
    """
    return [Evaluated(build, Reward(reached, value)) for build, reached, value in _read(path)["trace"]]


def finished(config: RunConfig, tuner: TunerConfig) -> bool:
    """Return whether a search has come to its end."""
    path = findings_file(config, tuner.name)
    return path.exists() and _read(path)["finished"]


def with_tuned(config: RunConfig) -> RunConfig:
    """Return the configuration with the build parameters that a search found; as it is if none is asked for.

    A method without candidates has nothing to search, and keeps its own.

    Raises:
        BenchError: no search has finished, or the run would report on queries that the search has seen.
    """
    if config.tuned is None or not config.algorithm.candidates:
        return config
    path = findings_file(config, config.tuned)
    if not path.exists():
        raise BenchError(
            f"tuned={config.tuned}: there is no {path}; 'python -m bench.tune tuner={config.tuned} "
            f"algorithm={config.algorithm.name} workload=... dataset=...' makes it"
        )
    found = _read(path)
    if not found["finished"]:
        raise BenchError(f"tuned={config.tuned}: the search of {path} has not finished; run it again to go on")
    if config.workload.skip < found["queries"]:
        raise BenchError(
            f"workload.skip={config.workload.skip} would report on queries that the search has seen; "
            f"say workload.skip={found['queries']}"
        )
    return replace(config, algorithm=replace(config.algorithm, build=found["build"]))


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
        return {key: found[key] for key in ("build", "queries", "finished", "trace")}
    except (ValueError, KeyError) as error:
        raise BenchError(f"{path} is damaged ({error}); delete it and search again") from error
