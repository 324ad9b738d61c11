"""Growth: costs and QPS as functions of one quantity, such as the number of items, and the power laws that they follow.

A power law y = a x^b is a line between logarithms. It is fitted by least squares, and its intervals are those of linear
regression: they hold if the deviations from the line are independent and normal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from bench.results.curves import best_at, points
from bench.results.rows import METHOD, Status

COSTS = ("build_seconds", "build_memory_bytes", "index_bytes", "index_bytes_with_vectors")
"""The columns of `measured` that are costs of a build."""

LEVEL = 0.95
"""The probability of the intervals."""

FARTHEST = 100
"""How many times the largest x that was measured a prediction may be, to be supported by it."""

_UNKNOWN = float("nan")


def measured(rows: pd.DataFrame, by: str, recall: float) -> pd.DataFrame:
    """Return a row per value of the column `by` and method.

    Returns:
        The columns `by`, algorithm, storage, qps (at the recall; NaN if it is not reached) and `COSTS` (means over
        builds; where a method has builds with several numbers of threads, over those with the most).
    """
    good = rows[rows["status"] == Status.OK]
    most_threads = good.groupby(METHOD)["threads_build"].transform("max")
    builds = good[good["threads_build"] == most_threads]
    builds = builds.drop_duplicates([by, *METHOD, "build_params", "seed", "repeat"])
    costs = builds.groupby([by, *METHOD])[list(COSTS)].mean().reset_index()
    lines = []
    for (value, algorithm, storage), group in good.groupby([by, *METHOD]):
        curve = points(group, "recall", "qps")
        x, y = curve["x"].to_numpy(np.float64), curve["y"].to_numpy(np.float64)
        qps = float(best_at(x, y, np.array([recall]))[0])
        lines.append({by: value, "algorithm": algorithm, "storage": storage, "qps": qps})
    throughput = pd.DataFrame(lines, columns=[by, *METHOD, "qps"])
    return throughput.merge(costs, how="left", on=[by, *METHOD])


@dataclass(frozen=True)
class Estimate:
    """A value that was estimated.

    Attributes:
        value: the estimate; NaN where there is none.
        low: the lower end of its interval; NaN where the fit has no more than two points.
        high: the upper end.
        is_supported: whether three points or more were fitted, and for a prediction, whether it is at most `FARTHEST`
            times the largest x.
    """

    value: float
    low: float
    high: float
    is_supported: bool


@dataclass(frozen=True)
class PowerLaw:
    """A fit of y = a x^b.

    Attributes:
        points: the number of points that were fitted.
        largest: the largest x among them; NaN for no points.
        power: b; NaN for fewer than two different x.
        centre: the means of log x and log y, through which the line goes.
        spread: the sum of squared deviations of log x from its mean.
        margin: how far log y deviates from the line, with a probability of `LEVEL`; NaN for fewer than three points.
    """

    points: int
    largest: float
    power: float
    centre: tuple[float, float]
    spread: float
    margin: float

    @property
    def exponent(self) -> Estimate:
        """b, with its confidence interval."""
        half = self.margin / np.sqrt(self.spread)
        return Estimate(self.power, self.power - half, self.power + half, self.points > 2)

    def at(self, x: float) -> Estimate:
        """Return y at x, with the interval in which a measurement there would lie."""
        distance = np.log(x) - self.centre[0]
        value = self.centre[1] + self.power * distance
        half = self.margin * np.sqrt(1 + 1 / max(self.points, 1) + distance**2 / self.spread)
        with np.errstate(over="ignore"):
            y, low, high = np.exp([value, value - half, value + half]).tolist()
        return Estimate(y, low, high, self.points > 2 and x <= FARTHEST * self.largest)

    def reach(self, y: float) -> float:
        """Return the largest x whose y is at most this; if y does not grow with x, infinity, or 0 where it is more."""
        if self.power <= 0:
            return float("inf") if self.at(self.largest).value <= y else 0.0
        with np.errstate(over="ignore"):
            return float(np.exp(self.centre[0] + (np.log(y) - self.centre[1]) / self.power))


def student(freedom: int) -> float:
    """Return how many standard errors an interval reaches to either side; NaN without degrees of freedom."""
    return float(stdtrit(freedom, (1 + LEVEL) / 2))


def fit(x: Sequence[float], y: Sequence[float]) -> PowerLaw:
    """Fit a power law to points; those whose y is unknown or not positive do not count.

    Args:
        x: float[m], positive.
        y: float[m].
    """
    at, values = np.asarray(x, np.float64), np.asarray(y, np.float64)
    valid = np.isfinite(values) & (values > 0)
    xs, ys = np.log(at[valid]), np.log(values[valid])
    largest = max(at[valid].tolist(), default=_UNKNOWN)
    if len(np.unique(xs)) < 2:
        return PowerLaw(len(xs), largest, _UNKNOWN, (_UNKNOWN, _UNKNOWN), _UNKNOWN, _UNKNOWN)
    centre = float(xs.mean()), float(ys.mean())
    distances = xs - centre[0]
    spread = float(distances @ distances)
    power = float(distances @ ys) / spread
    residuals = ys - centre[1] - power * distances
    freedom = len(xs) - 2
    deviation = np.sqrt(residuals @ residuals / freedom) if freedom else _UNKNOWN
    return PowerLaw(len(xs), largest, power, centre, spread, student(freedom) * float(deviation))
