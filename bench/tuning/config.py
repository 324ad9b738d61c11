"""The configuration of a parameter search."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class TunerConfig:
    """The keys of ``configs/tuner/*.yaml``.

    Attributes:
        name: greedy, grid or optuna.
        recall: the recall at which the QPS are the reward.
        builds: how many builds are averaged.
        queries: how many of the dataset's first queries are searched with; reports leave them out.
        gain: the share that a greedy round must gain for another one.
        trials: how many points Optuna tries.
        keep_indexes: whether indexes that ignore attributes stay on disk for searches of other workloads and methods.
    """

    name: str
    recall: float
    builds: int
    queries: int
    gain: float
    trials: int
    keep_indexes: bool
