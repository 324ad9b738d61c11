"""The engines whose libraries are installed."""

from __future__ import annotations

from typing import Any

import pytest

from algorithms.base import Algorithm
from algorithms.loading import load_target
from bench.config.algorithm import AlgorithmConfig, algorithm_config
from bench.core.errors import LibraryMissing
from bench.core.paths import CONFIGS

ENGINES = sorted(f"engines/{path.stem}" for path in (CONFIGS / "algorithm" / "engines").glob("*.yaml"))


def engine(name: str) -> tuple[AlgorithmConfig, type[Algorithm]]:
    """Return the configuration and the class of an engine; skip the test where its library is not installed."""
    config = algorithm_config(name)
    if config.unsupported:
        pytest.skip(config.unsupported)
    try:
        return config, load_target(config.target)
    except LibraryMissing as missing:
        pytest.skip(str(missing))


def widest(config: AlgorithmConfig, method: type[Algorithm]) -> tuple[Any, Any]:
    """Return the configured build parameters, and the search parameters of the last setting."""
    return method.BuildParams(**config.build), method.SearchParams(**config.settings()[-1])
