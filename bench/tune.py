"""``python -m bench.tune``: search the build parameters of a method, on queries that reports leave out."""

from __future__ import annotations

import sys

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from bench.config.algorithm import AlgorithmConfig
from bench.config.command import command
from bench.config.typed import typed
from bench.core.errors import BenchError
from bench.core.paths import CONFIGS
from bench.runs.plan import make_plan
from bench.runs.summary import title
from bench.tuning.space import search_space
from bench.tuning.tune import OPTUNA, describe_evaluation, parse_tune, run_trial, tune


def main(config: DictConfig) -> float | None:
    """Search, or evaluate the point of a trial of Optuna and return its score."""
    run, tuner = parse_tune(config)
    if run.dry_run:
        candidates = "; ".join(f"{name}: {values}" for name, values in search_space(run.algorithm).candidates.items())
        print(f"{title(make_plan(run))}\n  tuner     {tuner.name}\n  searches  {candidates}", flush=True)
        return 0.0 if tuner.name == OPTUNA else None
    if tuner.name == OPTUNA:
        return run_trial(run, tuner, HydraConfig.get().job.num)
    best = tune(run, tuner)
    print(f"{run.algorithm.name}: {describe_evaluation(run, best)}", flush=True)
    return None


def _as_trials(words: list[str]) -> list[str]:
    """Return the arguments of a search by Optuna: a sweep over the method's candidates.

    Raises:
        BenchError: the sweeper is not installed, or trials would not run sequentially.
    """
    launcher = next((word for word in words if word.startswith("hydra/launcher=")), None)
    if launcher not in (None, "hydra/launcher=basic"):
        raise BenchError(
            f"tuner=optuna runs its trials sequentially, since each learns from those before; leave out {launcher}"
        )
    try:
        import hydra_plugins.hydra_optuna_sweeper  # noqa: F401
    except ImportError as error:
        raise BenchError("tuner=optuna needs an extra: pip install 'fanns-bench[optuna]'") from error
    GlobalHydra.instance().clear()
    plain = [word for word in words if "=" in word and not word.startswith(("-", "hydra", "tuner"))]
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        algorithm = typed(AlgorithmConfig, compose("tune", overrides=plain).algorithm, "algorithm")
    space = search_space(algorithm)
    choices = {f"algorithm.build.{name}": ",".join(map(str, v)) for name, v in space.candidates.items()}
    kept = [word for word in words if word.partition("=")[0].lstrip("+") not in (*choices, "-m", "--multirun")]
    return ["-m", *kept, *(f"++{key}=choice({values})" for key, values in choices.items())]


def entry() -> None:
    """Run the command."""
    if f"tuner={OPTUNA}" in sys.argv[1:]:
        command("tune", main, _as_trials)
    else:
        command("tune", main)


if __name__ == "__main__":
    entry()
