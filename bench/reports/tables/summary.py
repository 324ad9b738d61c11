"""The summary of results: per workload and method, the QPS at given recalls, the costs, and failures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from bench.reports.titles import natural_key
from bench.results.curves import best_at, failures, points, unserved
from bench.results.ranking import noises, places
from bench.results.rows import METHOD, Status, method_title
from bench.results.selection import FIGURE, PANEL, figures, panels

COSTS = ["build_seconds", "index_bytes", "build_memory_bytes", "search_memory_bytes"]


def summary(rows: pd.DataFrame, x: str, y: str, recalls: Sequence[float]) -> pd.DataFrame:
    """Return one row per figure, panel and method that serves the filters of the panel, in natural order.

    If a method has several builds, ``{y}_at_{recall}`` follows the Pareto front of all of them. The costs are those of
    the build in `build_params`: the fastest one at the highest of `recalls` that any build reaches, or else the one
    with the best recall.

    Args:
        rows: of the store, with a column `machine`.
        x: the column of the recalls.
        y: ``qps`` or ``qps_with_prepare``.
        recalls: the recalls at which QPS are read off.

    Returns:
        The columns of `FIGURE` and `PANEL`, algorithm, storage, builds (their number), build_params,
        ``{y}_at_{recall}`` for each recall, best_recall, `COSTS`, repeats, violations, failures and timed_by. Unknown
        values are NaN.
    """
    lines = [
        {**{name: panel[name].iloc[0] for name in [*FIGURE, *PANEL]}, **_method(of_method, x, y, recalls)}
        for _, figure in figures(rows)
        for panel in panels(figure)
        for method, of_method in sorted(
            panel.groupby(METHOD), key=lambda group: natural_key(method_title(*map(str, group[0])))
        )
        if method not in unserved(panel)
    ]
    qps = [f"{y}_at_{recall:g}" for recall in recalls]
    columns = [*METHOD, "builds", "build_params", *qps, "best_recall", *COSTS]
    columns += ["repeats", "violations", "failures", "timed_by"]
    return pd.DataFrame(lines, columns=[*FIGURE, *PANEL, *columns])


def _method(rows: pd.DataFrame, x: str, y: str, recalls: Sequence[float]) -> dict[str, Any]:
    curve = points(rows, x, y)
    values = _at(curve, recalls)
    build = _chosen_build(curve, recalls) if len(curve) else None
    good = rows[(rows["status"] == Status.OK) & (rows["build_params"] == build)]
    return {
        **{name: rows[name].iloc[0] for name in METHOD},
        "timed_by": rows["timed_by"].iloc[0],
        "builds": curve["build_params"].nunique(),
        "build_params": build,
        **{f"{y}_at_{recall:g}": value for recall, value in zip(recalls, values, strict=True)},
        "best_recall": curve["x"].max(),
        **_costs(good),
        "repeats": int(curve["repeats"].max()) if len(curve) else 0,
        "violations": rows["violations"].max(),
        "failures": "; ".join(map(str, failures(rows))),
    }


def ties(rows: pd.DataFrame, x: str, y: str, recalls: Sequence[float]) -> tuple[float, list[tuple[str, str]]] | None:
    """Return the methods that share the first place at the highest recall that any reaches, by what noise allows.

    Args:
        rows: of one panel.
        x: the column of the recalls.
        y: a column of throughput.
        recalls: the recalls at which throughput is read off.

    Returns:
        the recall and the methods, fastest first; None if there is no tie.
    """
    curves = {(str(a), str(s)): points(of_method, x, y) for (a, s), of_method in rows.groupby(METHOD)}
    for recall in sorted(recalls, reverse=True):
        at = {method: _at(curve, [recall])[0] for method, curve in curves.items() if len(curve)}
        if groups := places(at, noises(rows, x, y)):
            return (recall, groups[0]) if len(groups[0]) > 1 else None
    return None


def _at(curve: pd.DataFrame, recalls: Sequence[float]) -> list[float]:
    x, y = curve["x"].to_numpy(np.float64), curve["y"].to_numpy(np.float64)
    return best_at(x, y, np.asarray(recalls, np.float64)).tolist()


def _chosen_build(curve: pd.DataFrame, recalls: Sequence[float]) -> str:
    """Return the best build by its QPS at the highest recall, then at the next lower one, and finally by its recall."""
    targets = sorted(recalls, reverse=True)

    def rank(build: str) -> tuple[float, ...]:
        of_build = curve[curve["build_params"] == build]
        return *np.nan_to_num(_at(of_build, targets), nan=-1.0), float(of_build["x"].max())

    return max(sorted(curve["build_params"].unique()), key=rank)


def _costs(rows: pd.DataFrame) -> dict[str, float]:
    """Return the costs of a build: means over its repeats, and the highest search memory of all settings.

    Builds with different numbers of threads do not compare: those with the most count.
    """
    rows = rows[rows["threads_build"] == rows["threads_build"].max()]
    builds = rows.drop_duplicates(["seed", "repeat"])
    costs = {name: float(builds[name].mean()) for name in COSTS[:-1]}
    return costs | {COSTS[-1]: float(rows[COSTS[-1]].max())}
