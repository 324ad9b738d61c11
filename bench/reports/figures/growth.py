"""How QPS at a recall, and costs, change with one quantity: items, dimensions, selectivity, threads."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from bench.reports.figures.axes import logarithmic
from bench.reports.figures.style import RC, style_of
from bench.results.curves import best_at, points

MEASURES = {
    "qps": "queries per second at a recall of {recall:g}",
    "build_seconds": "build time in seconds",
    "build_peak_rss_bytes": "peak memory of the build in MiB",
    "index_bytes": "index size in MiB",
}
_LETTERS_PER_INCH = 13
_MIB = ("build_peak_rss_bytes", "index_bytes")


def measured(rows: pd.DataFrame, by: str, recall: float) -> pd.DataFrame:
    """Return one row per value of the column `by` and method.

    Returns:
        The columns by, algorithm, qps (at the recall; NaN where it is not reached) and the costs (means over builds).
    """
    good = rows[rows["status"] == "ok"]
    builds = good.drop_duplicates([by, "algorithm", "build_params", "seed", "repeat"])
    means = builds.groupby([by, "algorithm"])[[column for column in MEASURES if column != "qps"]].mean()
    means[list(_MIB)] /= 2**20
    costs = means.to_dict("index")
    lines = []
    for value, alike in good.groupby(by):
        for name, found in points(alike, "recall", "qps").groupby("algorithm"):
            x, y = found["x"].to_numpy(np.float64), found["y"].to_numpy(np.float64)
            qps = float(best_at(x, y, np.array([recall]))[0])
            lines.append({by: value, "algorithm": name, "qps": qps, **costs[value, name]})
    return pd.DataFrame(lines, columns=[by, "algorithm", *MEASURES])


def exponent(x: Sequence[float], y: Sequence[float]) -> float:
    """Return b of the fit y = a x^b, least squares of the logarithms; NaN for fewer than two points."""
    known = np.isfinite(y) & (np.asarray(y) > 0)
    xs, ys = np.log(np.asarray(x, np.float64)[known]), np.log(np.asarray(y, np.float64)[known])
    return float(np.polyfit(xs, ys, 1)[0]) if len(np.unique(xs)) > 1 else float("nan")


def growth(
    groups: dict[str, pd.DataFrame], by: str, label: str, title: str, *, measures: Sequence[str], recall: float,
    exponents: bool, logarithmic_x: bool = True,
) -> Figure:  # fmt: skip
    """Draw a column of panels per group of rows and a line of panels per measure, all against the column `by`.

    Args:
        groups: rows of the store by the titles of their columns.
        by: the quantity, a numeric column of the rows.
        label: its name on the axis.
        title: of the figure.
        measures: keys of `MEASURES`.
        recall: where QPS are read off.
        exponents: whether each method's fitted exponent stands at the end of its line.
        logarithmic_x: whether the axis of `by` is logarithmic, as that of the measure is.
    """
    found = {name: _of_several(measured(rows, by, recall), by) for name, rows in groups.items()}
    names = {str(name) for frame in found.values() for name in frame["algorithm"]}
    ordered = sorted(names, key=lambda name: style_of(name).label.casefold())
    with rc_context(RC):
        width = 3.6 * len(groups) + 2.1
        figure = Figure(figsize=(width, 2.9 * len(measures) + 0.5), layout="constrained")
        figure.suptitle(textwrap.fill(title, int(_LETTERS_PER_INCH * width)), x=0.01, ha="left", fontsize=9)
        grid = figure.subplots(len(measures), len(groups), squeeze=False, sharex=True, sharey="row")
        for number, (line, measure) in enumerate(zip(grid, measures, strict=True)):
            for axes, (name, frame) in zip(line, found.items(), strict=True):
                _draw(axes, frame, by, measure, exponents, logarithmic_x)
                axes.set_title(name if number == 0 else "", loc="left")
                axes.set_xlabel(label if number == len(measures) - 1 else "")
            line[0].set_ylabel(MEASURES[measure].format(recall=recall))
        handles = [grid[0][0].plot([], [], label=style_of(name).label, **_look(name))[0] for name in ordered]
        figure.legend(handles=handles, loc="outside right center", frameon=False, fontsize=7)
    return figure


def _of_several(frame: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return the methods that have more than one value of the column."""
    return frame[frame.groupby("algorithm")[by].transform("nunique") > 1]


def _draw(axes: Axes, frame: pd.DataFrame, by: str, measure: str, exponents: bool, logarithmic_x: bool) -> None:
    for name, own in frame.sort_values(by).groupby("algorithm"):
        axes.plot(own[by], own[measure], **_look(str(name)))
        power = exponent(own[by].tolist(), own[measure].tolist()) if exponents else float("nan")
        known = own[np.isfinite(own[measure])]
        if np.isfinite(power) and len(known):
            axes.annotate(f"{power:+.2f}", (known[by].iloc[-1], known[measure].iloc[-1]), (4, 0), "data",
                          "offset points", fontsize=5.5, color=style_of(str(name)).color, va="center")  # fmt: skip
    logarithmic(axes, *(("x", "y") if logarithmic_x else ("y",)))
    values = sorted(frame[by].unique())
    axes.xaxis.set_major_locator(FixedLocator(values))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}" if value < 1 else f"{value:,.0f}"))
    axes.tick_params(axis="x", labelrotation=45)
    axes.grid(color="0.92", linewidth=0.6)


def _look(name: str) -> dict[str, Any]:
    look = style_of(name)
    return {"color": look.color, "marker": look.marker, "linestyle": look.linestyle, "linewidth": 1.0, "markersize": 4}
