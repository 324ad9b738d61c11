"""The configuration of a method: one file of ``configs/algorithm/``."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from omegaconf import OmegaConf

from bench.config.typed import typed
from bench.core.errors import BenchError, suggestion
from bench.core.external import External
from bench.core.method import METHOD_KINDS
from bench.core.paths import CONFIGS, options


@dataclass
class AlgorithmConfig:
    """A method with its parameters, as in ``configs/algorithm/*.yaml``.

    Attributes:
        name: its name in results and figures.
        target: its class, as ``module.Class``.
        build: the build parameters.
        search: the search parameters; a list is swept, several lists as their product.
        candidates: ordered lists of values of build parameters, which `bench.tune` searches; runs ignore them.
        original_of: for an original program, the name of the method of this project that it is set beside.
        kind: whether it is a method or an engine; statements about methods leave engines out.
        unsupported: why nothing can run it here; empty for whatever can run.
        external: for a program, its command lines and files (see `bench.core.external`).
        style: how figures draw it (see `bench.reports.figures.style`); runs ignore it.
    """

    name: str
    target: str
    build: dict[str, Any] = field(default_factory=dict)
    search: dict[str, Any] = field(default_factory=dict)
    candidates: dict[str, Any] = field(default_factory=dict)
    original_of: str = ""
    kind: str = METHOD_KINDS[0]
    unsupported: str = ""
    external: External | None = None
    style: dict[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """Check that every list has values, each once, and the section `external`.

        Raises:
            BenchError: a list is empty or has a value twice, a value of the section does not fit, or the kind is
                unknown.
        """
        if self.kind not in METHOD_KINDS:
            raise BenchError(f"algorithm.kind={self.kind} is unknown{suggestion(self.kind, METHOD_KINDS)}")
        for group in ("search", "candidates"):
            for name, values in getattr(self, group).items():
                if values == []:
                    raise BenchError(f"algorithm.{group}.{name}=[] has no value; give it at least one")
                if isinstance(values, list) and any(value in values[:at] for at, value in enumerate(values)):
                    raise BenchError(f"algorithm.{group}.{name}={values} has a value twice; give each once")
        if self.external is not None:
            self.external.check(self.build, self.search)

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
        raise BenchError(f"algorithm {name} is unknown{suggestion(name, options(CONFIGS / 'algorithm'))}")
    run = OmegaConf.load(CONFIGS / "run.yaml")
    node = OmegaConf.create({"originals": run.originals, "algorithm": OmegaConf.load(path)})
    return typed(AlgorithmConfig, node.algorithm, name)
