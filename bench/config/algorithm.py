"""The configuration of a method: one file of ``configs/algorithm/``."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from omegaconf import OmegaConf

from bench.config.typed import typed
from bench.core.errors import BenchError, suggestion
from bench.core.paths import CONFIGS


@dataclass
class AlgorithmConfig:
    """A method with its parameters, as in ``configs/algorithm/*.yaml``.

    Attributes:
        name: its name in results and figures.
        target: its class, as ``module.Class``.
        build: the build parameters.
        search: the search parameters; a list is swept, several lists as their product.
        candidates: ordered lists of values of build parameters, which `bench.tune` searches; runs ignore them.
        style: how figures draw it (see `bench.reports.figures.style`); runs ignore it.
    """

    name: str
    target: str
    build: dict[str, Any] = field(default_factory=dict)
    search: dict[str, Any] = field(default_factory=dict)
    candidates: dict[str, Any] = field(default_factory=dict)
    style: dict[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """Check that every list has a value.

        Raises:
            BenchError: one is empty.
        """
        for group in ("search", "candidates"):
            for name, values in getattr(self, group).items():
                if values == []:
                    raise BenchError(f"algorithm.{group}.{name}=[] has no value; give it at least one")
                if isinstance(values, list) and any(value in values[:at] for at, value in enumerate(values)):
                    raise BenchError(f"algorithm.{group}.{name}={values} has a value twice; give each once")

    def settings(self) -> list[dict[str, Any]]:
        """Return every search setting, the last parameter changing fastest."""
        choices = [value if isinstance(value, list) else [value] for value in self.search.values()]
        return [dict(zip(self.search, values, strict=True)) for values in itertools.product(*choices)]


def algorithm_config(name: str) -> AlgorithmConfig:
    """Return the configuration of a method, ``configs/algorithm/NAME.yaml``.

    Raises:
        BenchError: there is no such file, or a key or value in it is invalid.
    """
    path = CONFIGS / "algorithm" / f"{name}.yaml"
    if not path.exists():
        raise BenchError(f"algorithm {name} is unknown{suggestion(name, [p.stem for p in path.parent.glob('*.yaml')])}")
    return typed(AlgorithmConfig, OmegaConf.load(path), name)
