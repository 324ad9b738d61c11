"""What the commands share: Hydra's entry with errors for humans, before any job starts."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import hydra
from hydra.errors import HydraException
from omegaconf import DictConfig

from bench.config.launchers import is_in_turn, of_lost_workers, prepared, run_apart
from bench.config.overrides import check_overrides, within_swept_groups
from bench.core.errors import BenchError
from bench.core.paths import CONFIGS

_MULTIRUN = {"-m", "--multirun"}


def command(
    config_name: str, task: Callable[[DictConfig], Any], rewrite: Callable[[list[str]], list[str]] | None = None
) -> None:
    """Run a command: check the overrides of ``sys.argv``, then let Hydra compose, sweep and call `task`.

    What `task` returns is for Hydra's sweeper. `rewrite`, if any, turns the arguments into those that Hydra gets.

    Exits with 0 when all went well, 2 when the user can mend what did not, 130 when interrupted; any other error
    is a defect of this project, and shows its traceback. A sweep in turn ends with its first error, one through
    another launcher when all its jobs have ended.
    """

    def guarded(config: DictConfig) -> Any:
        if not is_in_turn():
            return run_apart(task, config)
        try:
            return task(config)
        except BenchError as error:
            _stop(error)

    os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # else Hydra turns errors into messages of its own
    # Hydra refuses overrides on both sides of an option; -m may stand anywhere.
    sys.argv[1:] = sorted(sys.argv[1:], key=lambda word: word not in _MULTIRUN)
    try:
        if rewrite is not None:
            sys.argv[1:] = rewrite(sys.argv[1:])
        words = [word for word in sys.argv[1:] if "=" in word and not word.startswith("-")]
        sys.argv += prepared(words, is_sweep=not _MULTIRUN.isdisjoint(sys.argv))
        check_overrides(config_name, words)
        sys.argv[1:] = within_swept_groups(sys.argv[1:])
        hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name=config_name)(guarded)()
    except BenchError as error:
        _stop(error)
    except HydraException as error:
        _stop(BenchError(f"cannot read the arguments: {str(error).splitlines()[0]}"))
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if (told := of_lost_workers(error)) is None:
            raise
        _stop(told)


def _stop(error: BenchError) -> NoReturn:
    print(f"error: {error}", file=sys.stderr)
    sys.exit(2)
