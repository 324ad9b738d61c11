"""Hydra's launchers: sweeps whose jobs run in other processes or on other machines."""

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

from bench.core.errors import BenchError, suggestion
from bench.system.signals import end_like_interrupted, end_with_parent

_EXTRAS = {"joblib": "joblib", "ray": "ray", "submitit_local": "slurm", "submitit_slurm": "slurm"}
_PLUGINS = {"joblib": "hydra_joblib_launcher", "ray": "hydra_ray_launcher", "slurm": "hydra_submitit_launcher"}
_LIBRARIES = ("joblib", "ray", "submitit")
_BASIC = "basic"
_RAY_DEFAULTS = {
    "hydra.launcher.ray.init.object_store_memory": "null",  # a running cluster refuses the launcher's default
    "hydra.launcher.ray.init.include_dashboard": "false",
}


def prepare_launcher(words: list[str], *, is_sweep: bool) -> list[str]:
    """Prepare this process for the launcher that the overrides `words` choose, and return the overrides it needs.

    Raises:
        BenchError: there is no such launcher, its extra is not installed, or the command is not a sweep.
    """
    launcher = dict(word.split("=", 1) for word in words).get("hydra/launcher", _BASIC)
    if launcher == _BASIC:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # so that `| head` ends a command quietly
        return []
    # From here on, a pipe may lead to a worker, and a worker that dies must not end the command.
    if launcher not in _EXTRAS:
        names = [_BASIC, *_EXTRAS]
        raise BenchError(f"hydra/launcher={launcher}: there is no such launcher{suggestion(launcher, names)}")
    if not is_sweep:
        raise BenchError(f"hydra/launcher={launcher} runs sweeps only; add -m")
    extra = _EXTRAS[launcher]
    if importlib.util.find_spec(f"hydra_plugins.{_PLUGINS[extra]}") is None:
        raise BenchError(f"hydra/launcher={launcher} needs an extra: pip install 'fanns-bench[{extra}]'")
    if launcher != "ray":
        return []
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")  # Ray would merge equal lines of two runs
    # Ray would kill a task whose child uses a lot of memory, and retry it indefinitely; the child has its own limit.
    os.environ.setdefault("RAY_memory_monitor_refresh_ms", "0")
    given = {word.partition("=")[0].lstrip("+") for word in words}
    return [f"+{key}={value}" for key, value in _RAY_DEFAULTS.items() if key not in given]


def lost_worker_error(error: Exception) -> BenchError | None:
    """Return the error for the user if a launcher's library raised `error`, None otherwise."""
    if type(error).__module__.partition(".")[0] not in _LIBRARIES:
        return None
    message = (str(error).strip().splitlines() or ["no message"])[0]
    return BenchError(f"a worker was lost ({type(error).__name__}: {message}); run the same command again to resume")


def is_sequential() -> bool:
    """Return whether jobs run one after the other in the process that the user started."""
    hydra = HydraConfig.get()
    return hydra.mode == RunMode.RUN or hydra.runtime.choices["hydra/launcher"] == _BASIC


def is_sweep() -> bool:
    """Return whether this is one job of several."""
    return bool(HydraConfig.get().mode == RunMode.MULTIRUN)


def run_in_worker(task: Callable[[DictConfig], Any], config: DictConfig) -> Any:
    """Call `task` in a worker, in the folder where the command was started.

    Errors are printed here and raised again: Hydra passes them to the command, which continues with the other jobs and
    reports the first error at the end.

    Raises:
        BenchError: this machine does not share that folder, or `task` fails.
    """
    hydra, parent = HydraConfig.get(), os.getppid()
    end_like_interrupted()
    end_with_parent(parent, signal.SIGTERM)
    os.environ["TQDM_DISABLE"] = "1"  # workers may share a terminal
    try:
        results = Path(hydra.runtime.cwd) / hydra.sweep.dir  # created by the launcher
        if not results.is_dir():
            raise BenchError(f"{platform.node()} has no {results}; set results=FOLDER to one that all machines share")
        os.chdir(hydra.runtime.cwd)
        return task(config)
    except SystemExit:
        if os.getppid() != parent:
            os._exit(1)  # joblib would take it for the job's result, and wait for another job for five minutes
        raise
    except BenchError as error:
        print(f"[{hydra.job.num + 1}] error: {error}", file=sys.stderr, flush=True)
        raise
    except Exception:
        traceback.print_exc()
        raise
