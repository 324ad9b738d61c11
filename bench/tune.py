"""``python -m bench.tune``: search a method's build parameters on a part of the queries that reports leave out."""

from __future__ import annotations

import sys
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from bench.config.command import command
from bench.config.typed import AlgorithmConfig, RunConfig, TunerConfig, parse_run, typed
from bench.core.errors import BenchError, nearest
from bench.core.paths import CONFIGS
from bench.tuning.evaluation import evaluate
from bench.tuning.searches import SEARCHES
from bench.tuning.space import Point, space_of
from bench.tuning.trace import Evaluated, Findings

_OPTUNA = "optuna"


def main(config: DictConfig) -> float | None:
    """Search, or evaluate the one point that Optuna asks for and return its score."""
    run, tuner = parse_tune(config)
    if tuner.name == _OPTUNA:
        return _trial(run, tuner)
    found = tune(run, tuner)
    print(f"{run.algorithm.name}: {_words(run, found)}", flush=True)
    return None


def parse_tune(config: DictConfig) -> tuple[RunConfig, TunerConfig]:
    """Turn the composed configuration into its typed form.

    Raises:
        BenchError: a key or value does not fit.
    """
    values: Any = OmegaConf.to_container(config, resolve=True)
    tuner = typed(TunerConfig, values.pop("tuner"), "tuner")
    if tuner.name not in (*SEARCHES, _OPTUNA):
        raise BenchError(f"tuner.name={tuner.name} is unknown{nearest(tuner.name, [*SEARCHES, _OPTUNA])}")
    for key, low in {"recall": 0.0, "builds": 1, "queries": 1, "gain": 0.0, "trials": 1}.items():
        if getattr(tuner, key) < low:
            raise BenchError(f"tuner.{key}={getattr(tuner, key)} is out of range; it is at least {low}")
    return parse_run(OmegaConf.create(values)), tuner


def tune(run: RunConfig, tuner: TunerConfig) -> Evaluated:
    """Search, print every step, and return the best.

    Raises:
        BenchError: a key or value does not fit, or the results cannot be written.
    """
    space, findings = space_of(run.algorithm), Findings(run, tuner)
    evaluated: Evaluated | None = None

    def tried(point: Point) -> Any:
        nonlocal evaluated
        values = space.values(point)
        evaluated = evaluate(run, values, tuner, f"{run.algorithm.name} {_listed(values)}")
        findings.add(evaluated)
        return evaluated.reward

    for step, _ in enumerate(SEARCHES[tuner.name](space, tried, tuner.gain), 1):
        assert evaluated is not None
        print(f"[{step}] {_words(run, evaluated)}; best {_words(run, findings.best)}", flush=True)
    findings.add(findings.best, finished=True)
    return findings.best


def _trial(run: RunConfig, tuner: TunerConfig) -> float:
    job = HydraConfig.get().job.num
    findings = Findings(run, tuner) if job == 0 else Findings.continued(run, tuner)
    values = {name: run.algorithm.build[name] for name in run.algorithm.candidates}
    evaluated = evaluate(run, values, tuner, f"{run.algorithm.name} {_listed(values)}")
    findings.add(evaluated, finished=job + 1 == tuner.trials)
    print(f"[{job + 1}] {_words(run, evaluated)}; best {_words(run, findings.best)}", flush=True)
    return evaluated.reward.score


def _words(run: RunConfig, evaluated: Evaluated) -> str:
    values = {name: evaluated.build[name] for name in run.algorithm.candidates}
    return f"{_listed(values)}: {evaluated.reward}"


def _listed(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _as_trials(words: list[str]) -> list[str]:
    """Return the arguments of a search by Optuna: a sweep over the method's candidates.

    Raises:
        BenchError: the sweeper is not installed, or trials would not run in turn.
    """
    launcher = next((word for word in words if word.startswith("hydra/launcher=")), None)
    if launcher not in (None, "hydra/launcher=basic"):
        raise BenchError(
            f"tuner=optuna makes its trials in turn, each learning from those before; leave out {launcher}"
        )
    try:
        import hydra_plugins.hydra_optuna_sweeper  # noqa: F401
    except ImportError as error:
        raise BenchError("tuner=optuna needs an extra: pip install 'fanns-bench[optuna]'") from error
    GlobalHydra.instance().clear()
    plain = [word for word in words if "=" in word and not word.startswith(("-", "hydra", "tuner"))]
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        algorithm = typed(AlgorithmConfig, compose("tune", overrides=plain).algorithm, "algorithm")
    space = space_of(algorithm)
    choices = {f"algorithm.build.{name}": ",".join(map(str, v)) for name, v in space.candidates.items()}
    kept = [word for word in words if word.partition("=")[0].lstrip("+") not in (*choices, "-m", "--multirun")]
    return ["-m", *kept, *(f"++{key}=choice({values})" for key, values in choices.items())]


def entry() -> None:
    """Run the command."""
    if f"tuner={_OPTUNA}" in sys.argv[1:]:
        command("tune", main, _as_trials)
    else:
        command("tune", main)


if __name__ == "__main__":
    entry()
