"""Sweeps whose jobs run in other processes or on other machines, through one of Hydra's launchers."""

from __future__ import annotations

import importlib.util
import os
import platform
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from bench.core.errors import BenchError, nearest

_EXTRAS = {"joblib": "joblib", "ray": "ray", "submitit_local": "slurm", "submitit_slurm": "slurm"}
_PLUGINS = {"joblib": "hydra_joblib_launcher", "ray": "hydra_ray_launcher", "slurm": "hydra_submitit_launcher"}
_LIBRARIES = ("joblib", "ray", "submitit")
_IN_TURN = "basic"
_RAY_DEFAULTS = {
    "hydra.launcher.ray.init.object_store_memory": "null",  # a cluster that runs refuses the launcher's own default
    "hydra.launcher.ray.init.include_dashboard": "false",
}


def prepared(words: list[str], *, is_sweep: bool) -> list[str]:
    """Prepare this process for the launcher that the overrides `words` choose, and return overrides to be added.

    Raises:
        BenchError: there is no such launcher, its extra is not installed, or the command is not a sweep.
    """
    launcher = dict(word.split("=", 1) for word in words).get("hydra/launcher", _IN_TURN)
    if launcher == _IN_TURN:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends a command quietly
        return []
    # From here on a pipe may also be one to a worker, and a worker that dies must not end the command.
    if launcher not in _EXTRAS:
        known = nearest(launcher, [_IN_TURN, *_EXTRAS])
        raise BenchError(f"hydra/launcher={launcher}: there is no launcher of that name{known}")
    if not is_sweep:
        raise BenchError(f"hydra/launcher={launcher} runs sweeps only; add -m")
    extra = _EXTRAS[launcher]
    if importlib.util.find_spec(f"hydra_plugins.{_PLUGINS[extra]}") is None:
        raise BenchError(f"hydra/launcher={launcher} needs an extra: pip install 'fanns-bench[{extra}]'")
    if launcher != "ray":
        return []
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")  # Ray takes the lines of two runs for one line printed twice
    # Ray would kill a task whose child holds much memory, and try it again for ever; the child has a limit anyway.
    os.environ.setdefault("RAY_memory_monitor_refresh_ms", "0")
    given = {word.partition("=")[0].lstrip("+") for word in words}
    return [f"+{key}={value}" for key, value in _RAY_DEFAULTS.items() if key not in given]


def of_lost_workers(error: Exception) -> BenchError | None:
    """Return what to tell the user of an error that a launcher's library raised, None for any other error."""
    if type(error).__module__.partition(".")[0] not in _LIBRARIES:
        return None
    said = (str(error).strip().splitlines() or ["no message"])[0]
    return BenchError(f"a worker is lost ({type(error).__name__}: {said}); the same command goes on where it stopped")


def is_in_turn() -> bool:
    """Return whether this job runs in the process that the user started, one after the other."""
    hydra = HydraConfig.get()
    return hydra.mode == RunMode.RUN or hydra.runtime.choices["hydra/launcher"] == _IN_TURN


def run_apart(task: Callable[[DictConfig], Any], config: DictConfig) -> Any:
    """Call `task` in a worker, as if in the folder in which the command was started.

    Whatever goes wrong is printed here and raised: Hydra hands it to the command, which goes on with other jobs and
    reports the first error at its end.

    Raises:
        BenchError: that folder is not shared with this machine, or what `task` raises.
    """
    hydra = HydraConfig.get()
    os.environ["TQDM_DISABLE"] = "1"  # workers may share a terminal
    try:
        results = Path(hydra.runtime.cwd) / hydra.sweep.dir  # the launcher has made it
        if not results.is_dir():
            raise BenchError(f"{platform.node()} has no {results}; say results=FOLDER with one that all machines share")
        os.chdir(hydra.runtime.cwd)
        return task(config)
    except BenchError as error:
        print(f"[{hydra.job.num + 1}] error: {error}", file=sys.stderr, flush=True)
        raise
    except Exception:
        traceback.print_exc()
        raise
