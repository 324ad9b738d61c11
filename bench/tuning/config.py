"""The configuration of a parameter search."""

from __future__ import annotations

from dataclasses import dataclass


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
