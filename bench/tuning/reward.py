"""The reward of a build: the QPS at a recall, or the recall if it does not get that far (paper, section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench.results.curves import best_at, points
from bench.results.rows import Row


@dataclass(frozen=True, order=True)
class Reward:
    """The reward of a build; one that reaches the recall is better than any that does not.

    Attributes:
        reached: whether the recall was reached.
        value: the highest QPS at that recall if so, else the highest recall.
    """

    reached: bool
    value: float

    def beats(self, other: Reward, gain: float) -> bool:
        """Return whether it is better by more than the fraction `gain`."""
        if self.reached != other.reached:
            return self.reached
        return self.value > other.value * (1 + gain)

    @property
    def score(self) -> float:
        """A number that orders like the rewards, for optimisers; it is negative if the recall is missed."""
        return self.value if self.reached else self.value - 1

    def __str__(self) -> str:
        """Return the reward in words."""
        return f"{self.value:,.0f} QPS" if self.reached else f"recall {self.value:.3f} only"


NOTHING = Reward(False, 0.0)
"""The reward of a build that failed."""


def reward(rows: Sequence[Row], recall: float) -> Reward:
    """Return the reward of the rows of one build configuration; repeats are averaged per search setting.

    Args:
        rows: of the store, for all search settings and repeats; failed rows are ignored.
        recall: the target.
    """
    curve = points(pd.DataFrame(list(rows)), "recall", "qps") if rows else pd.DataFrame()
    if curve.empty:
        return NOTHING
    x, y = curve["x"].to_numpy(np.float64), curve["y"].to_numpy(np.float64)
    qps = float(best_at(x, y, np.array([recall]))[0])
    return Reward(False, float(x.max())) if np.isnan(qps) else Reward(True, qps)
