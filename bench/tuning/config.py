"""The configuration of a parameter search."""

from __future__ import annotations

from dataclasses import dataclass

TUNERS = ("greedy", "grid", "optuna")
"""The names of the searches in ``configs/tuner``."""


@dataclass
class TunerConfig:
    """The keys of ``configs/tuner/*.yaml``; ``greedy.yaml`` explains them."""

    name: str
    recall: float
    builds: int
    queries: int
    gain: float
    trials: int
    keep_indexes: bool
