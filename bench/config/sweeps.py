"""The jobs of a study: every combination of its overrides, each one a run or a parameter search."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob
from omegaconf import DictConfig

from bench.core.errors import BenchError
from bench.core.paths import CONFIGS

Overrides = dict[str, str]
"""Values by their keys, both as on a command line."""


@dataclass(frozen=True)
class Job:
    """One configuration to run.

    Attributes:
        command: ``run`` or ``tune``.
        overrides: of that command's defaults.
    """

    command: str
    overrides: Overrides

    def compose(self) -> DictConfig:
        """Return the composed configuration."""
        GlobalHydra.instance().clear()
        with initialize_config_dir(str(CONFIGS), version_base="1.3"):
            return compose(self.command, overrides=[f"{key}={value}" for key, value in self.overrides.items()])


def merged(*layers: Iterable[str]) -> Overrides:
    """Return the overrides of several layers; later layers win.

    An option of a group also removes all keys that earlier layers set in that group: ``dataset=local`` removes
    ``dataset.n``. Within a layer the order of the words does not matter.
    """
    overrides: Overrides = {}
    for layer in layers:
        for word in sorted(layer, key=lambda word: word.partition("=")[0].count(".")):
            key, _, value = word.partition("=")
            overrides = {k: v for k, v in overrides.items() if not k.startswith(f"{key}.")} | {key: value}
    return overrides


def expand(command: str, overrides: Overrides) -> Iterator[Job]:
    """Yield a job for every combination of the values that commas and globs name, the last key changing fastest.

    Raises:
        BenchError: a word cannot be read, or a glob matches nothing.
    """
    parser = OverridesParser.create()
    choices = []
    for key, value in overrides.items():
        override = parser.parse_override(f"{key}={value}")
        parsed: object = override.value()
        if isinstance(parsed, Glob):
            names = parsed.filter(sorted(path.stem for path in (CONFIGS / key).glob("*.yaml")))
            if not names:
                raise BenchError(f"{key}={value}: no {key} matches")
            choices.append([(key, name) for name in names])
        elif override.is_sweep_override():
            choices.append([(key, choice) for choice in override.sweep_string_iterator()])
        else:
            choices.append([(key, value)])
    for combination in itertools.product(*choices):
        yield Job(command, dict(combination))
