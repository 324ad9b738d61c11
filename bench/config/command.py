"""The entry of every command: help, Hydra, and errors that a user can act on."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from bench.config.argument_help import help_as_text
from bench.config.help import help_text
from bench.config.launchers import is_sequential, is_sweep, lost_worker_error, prepare_launcher, run_in_worker
from bench.config.overrides import check_overrides, replacing, within_swept_groups
from bench.config.paths import with_quoted_paths
from bench.core.errors import SURROUNDINGS, BenchError, of_surroundings, plain
from bench.core.paths import CONFIGS
from bench.system.exit_code import ExitCode, exit_codes, lowest, note
from bench.system.signals import end_like_interrupted

_HELP = {"-h", "--help"}
_MULTIRUN = {"-m", "--multirun"}


def command(
    config_name: str, task: Callable[[DictConfig], Any], rewrite: Callable[[list[str]], list[str]] | None = None
) -> None:
    """Run a command: check the overrides of ``sys.argv``, then let Hydra compose, sweep and call `task`.

    Exits with 0 after success, 2 after an error that the user can fix, 4 if settings of a method failed (see
    `bench.system.exit_code`), 130 after an interrupt, and 128 + N after the signal N. Any other error is a defect of
    this project: it ends the command at once and shows its traceback, whereas a sweep goes on after a job with an error
    that the user can fix.

    Args:
        config_name: the file ``configs/{config_name}.yaml``.
        task: called with the composed configuration; what it returns goes to Hydra's sweeper.
        rewrite: turns the arguments of the user into those for Hydra.
    """

    def guarded(config: DictConfig) -> Any:
        if not is_sequential():
            return run_in_worker(task, config)
        try:
            return task(config)
        except (BenchError, OmegaConfBaseException) as error:
            if not is_sweep():
                _stop(error)
            print(plain(f"[{HydraConfig.get().job.num + 1}] error: {error}"), file=sys.stderr, flush=True)
            note(ExitCode.ERROR)
        except Exception as error:
            if isinstance(error, OSError) and error.errno in SURROUNDINGS:
                _stop(of_surroundings(error))
            traceback.print_exc()
            sys.exit(1)  # Hydra would go on
        return None

    if not _HELP.isdisjoint(sys.argv[1:]):
        prepare_launcher([], is_sweep=False)
        print(help_text(config_name))
        return
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # else Hydra replaces errors by messages of its own
    # Hydra accepts overrides on one side of an option only; here -m may stand anywhere.
    sys.argv[1:] = sorted(sys.argv[1:], key=lambda word: word not in _MULTIRUN)
    try:
        if rewrite is not None:
            sys.argv[1:] = rewrite(sys.argv[1:])
        sweeps = not _MULTIRUN.isdisjoint(sys.argv)
        sys.argv[1:] = replacing(with_quoted_paths(sys.argv[1:], is_sweep=sweeps))
        words = [word for word in sys.argv[1:] if "=" in word and not word.startswith("-")]
        sys.argv += prepare_launcher(words, is_sweep=sweeps)
        check_overrides(config_name, words)
        sys.argv[1:] = within_swept_groups(sys.argv[1:])
        end_like_interrupted()
        with exit_codes() as codes, help_as_text():
            hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name=config_name)(guarded)()
            code = lowest(codes)
        if code:
            sys.exit(code)
    except BenchError as error:
        _stop(error)
    except OmegaConfBaseException as error:
        _stop(error)
    except HydraException as error:
        _stop(BenchError(f"cannot read the arguments: {str(error).splitlines()[0]}"))
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in SURROUNDINGS:
            _stop(of_surroundings(error))
        if (lost := lost_worker_error(error)) is None:
            raise
        _stop(lost)


def _stop(error: BenchError | OmegaConfBaseException) -> NoReturn:
    text = str(error) if isinstance(error, BenchError) else f"cannot resolve a value: {str(error).splitlines()[0]}"
    print(plain(f"error: {text}"), file=sys.stderr)
    sys.exit(2)
