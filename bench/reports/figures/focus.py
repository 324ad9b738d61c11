"""Which methods stand out in a figure of many: those on the Pareto front of a panel, then their nearest rivals."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from bench.reports.figures.style import style_of
from bench.reports.titles import natural_key
from bench.results.curves import best_at, best_of_methods
from bench.results.rows import METHOD

MOST = 8
"""How many curves of a panel can be told apart at a glance."""

_RECALLS = np.arange(50, 101) / 100


def closest_to_front(curves: Iterable[pd.DataFrame]) -> list[tuple[str, str]]:
    """Return the methods of some panels, as algorithm and storage, the closest to a front first.

    A method is as close as its greatest throughput relative to the best method's, in any panel and at any recall from
    0.5; of equally close ones, the first is the one with the greater mean of that ratio.

    Args:
        curves: the points of each panel, from `bench.results.curves.points`.
    """
    closeness: dict[tuple[str, str], tuple[float, float]] = {}
    for curve in curves:
        best = best_of_methods(curve, _RECALLS)
        methods = {(str(a), str(s)): of_method for (a, s), of_method in curve.groupby(METHOD)}
        for method in sorted(methods, key=lambda method: natural_key(style_of(*method).label)):
            x, y = (methods[method][axis].to_numpy(np.float64) for axis in "xy")
            ratios = np.nan_to_num(best_at(x, y, _RECALLS) / best)
            before = closeness.get(method, (0.0, 0.0))
            closeness[method] = (max(before[0], float(ratios.max())), max(before[1], float(ratios.mean())))
    return sorted(closeness, key=lambda method: closeness[method], reverse=True)
