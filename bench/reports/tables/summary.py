"""The figures of a table: per workload and method, the QPS at given recalls, the costs, and what failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from bench.results.curves import best_at, failures, points
from bench.results.rows import Status
from bench.results.selection import FIGURE, PANEL, figures, panels

COSTS = ["build_seconds", "index_bytes", "build_peak_rss_bytes", "search_peak_rss_bytes"]


def summary(rows: pd.DataFrame, x: str, y: str, recalls: Sequence[float]) -> pd.DataFrame:
    """Return one row per figure, panel and method.

    Several builds of a method share its row: ``{y}_at_{recall}`` follows the Pareto front of all of them, and the
    costs are those of one, named in `build_params`: the fastest at the highest of `recalls` that any reaches, or
    else the one with the best recall.

    Args:
        rows: of the store, with a column `machine`.
        x: the column that `recalls` are values of.
        y: ``qps`` or ``qps_with_prepare``.
        recalls: the targets.

    Returns:
        The columns of `FIGURE` and `PANEL`, algorithm, builds (how many there are), build_params,
        ``{y}_at_{recall}`` each, best_recall, `COSTS`, repeats, violations and failures. Unknown values are NaN.
    """
    lines = [
        {**{name: panel[name].iloc[0] for name in [*FIGURE, *PANEL]}, **_method(str(name), own, x, y, recalls)}
        for _, figure in figures(rows)
        for panel in panels(figure)
        for name, own in panel.groupby("algorithm")
    ]
    return pd.DataFrame(lines)


def _method(name: str, rows: pd.DataFrame, x: str, y: str, recalls: Sequence[float]) -> dict[str, Any]:
    found = points(rows, x, y)
    values = _at(found, recalls)
    build = _chosen_build(found, recalls) if len(found) else None
    good = rows[(rows["status"] == Status.OK) & (rows["build_params"] == build)]
    return {
        "algorithm": name,
        "builds": found["build_params"].nunique(),
        "build_params": build,
        **{f"{y}_at_{recall:g}": value for recall, value in zip(recalls, values, strict=True)},
        "best_recall": found["x"].max(),
        **_costs(good),
        "repeats": int(found["repeats"].max()) if len(found) else 0,
        "violations": rows["violations"].max(),
        "failures": "; ".join(map(str, failures(rows))),
    }


def _at(found: pd.DataFrame, recalls: Sequence[float]) -> list[float]:
    x, y = found["x"].to_numpy(np.float64), found["y"].to_numpy(np.float64)
    return best_at(x, y, np.asarray(recalls, np.float64)).tolist()


def _chosen_build(found: pd.DataFrame, recalls: Sequence[float]) -> str:
    """Return the build that is best by its QPS at the highest recall, then at the next, and so on, then by recall."""
    targets = sorted(recalls, reverse=True)

    def rank(build: str) -> tuple[float, ...]:
        own = found[found["build_params"] == build]
        return *np.nan_to_num(_at(own, targets), nan=-1.0), float(own["x"].max())

    return max(sorted(found["build_params"].unique()), key=rank)


def _costs(rows: pd.DataFrame) -> dict[str, float]:
    """Return the costs of one build: means over its repeats, and the highest search memory of any setting."""
    builds = rows.drop_duplicates(["seed", "repeat", "threads_build"])
    costs = {name: float(builds[name].mean()) for name in COSTS[:-1]}
    return costs | {COSTS[-1]: float(rows[COSTS[-1]].max())}
