"""What a search has found for a method on a workload of a dataset: a file, and runs with what it holds."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.cache import atomic_file
from bench.config import RunConfig, TunerConfig
from bench.errors import BenchError
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


def trace(path: Path) -> list[Evaluated]:
    """Return all evaluations of a search, in their order.

    Raises:
        BenchError: the file is damaged.
    """
    return [Evaluated(build, Reward(reached, value)) for build, reached, value in _read(path)["trace"]]


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
