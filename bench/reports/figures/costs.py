"""The costs of methods as bars: build time, peak memory of build and search, and index size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from bench.reports.figures.axes import logarithmic
from bench.reports.figures.style import style_of
from bench.reports.figures.theme import draw_grid, set_heading, themed
from bench.reports.titles import conditions, data_title, natural_key, panel_title
from bench.results.rows import METHOD, Status
from bench.results.selection import panels

_COLUMNS = {
    "build_seconds": ("build time in seconds", 1.0),
    "build_memory_bytes": ("peak memory of the build in MiB", 2.0**20),
    "search_memory_bytes": ("peak memory of the search in MiB", 2.0**20),
    "index_bytes": ("index size on disk in MiB", 2.0**20),
}
_MEMORY = ("build_memory_bytes", "search_memory_bytes")  # linear from zero, because methods differ little
_DECADES = 4  # of the other axes, below the largest value; an empty build would compress all other bars
_BAR = 0.16  # inches


@themed
def costs(rows: pd.DataFrame) -> Figure:
    """Draw the costs of the rows of one figure: a row of panels per workload, a bar per method, and whiskers.

    All builds of a method are averaged.

    Args:
        rows: of one figure; see `bench.results.selection.figures`.
    """
    groups = [spread(group) for group in panels(rows)]
    titles = [panel_title(group) for group in panels(rows)]
    heights = [max(1, len(group)) * _BAR + 0.55 for group in groups]
    figure = Figure(figsize=(11, sum(heights) + 0.7), layout="constrained")
    spread_note = "bars are means, whiskers one standard deviation over repeats"
    set_heading(figure, f"{data_title(rows)}\n{conditions(rows)}; {spread_note}")
    grid = figure.subplots(len(groups), len(_COLUMNS), squeeze=False, gridspec_kw={"height_ratios": heights})
    for number, (row, group, title) in enumerate(zip(grid, groups, titles, strict=True)):
        for axes, (column, (label, unit)) in zip(row, _COLUMNS.items(), strict=True):
            _bars(axes, group, column, unit)
            axes.set_title(label if number == 0 else "", loc="left")
            axes.tick_params(axis="y", labelleft=axes is row[0], length=0)
        row[0].set_ylabel(title)
    return figure


def spread(rows: pd.DataFrame) -> pd.DataFrame:
    """Return mean and standard deviation of each cost per method, over its builds; sorted by label, the last first.

    Returns:
        Indexed by algorithm and storage, with columns ``{cost}_mean`` and ``{cost}_std`` (0 for a single build).
    """
    good = rows[rows["status"] == Status.OK]
    costs_of = {column: "max" if column == "search_memory_bytes" else "first" for column in _COLUMNS}
    builds = good.groupby([*METHOD, "build_params", "seed", "repeat"], as_index=False).agg(costs_of)
    frame = builds.groupby(METHOD)[list(_COLUMNS)].agg(["mean", "std"])
    frame.columns = pd.Index(["_".join(names) for names in frame.columns.to_flat_index()])
    ordered = sorted(frame.index, key=lambda method: natural_key(style_of(*method).label), reverse=True)
    return frame.loc[ordered].fillna(dict.fromkeys((f"{column}_std" for column in _COLUMNS), 0.0))


def _bars(axes: Any, group: pd.DataFrame, column: str, unit: float) -> None:
    styles = [style_of(*method) for method in group.index]
    means = group[f"{column}_mean"].to_numpy(np.float64) / unit
    axes.barh(
        [style.label for style in styles],
        means,
        xerr=group[f"{column}_std"].to_numpy(np.float64) / unit,
        color=[style.color for style in styles],
        error_kw={"linewidth": 0.8, "ecolor": "0.3"},
        height=0.75,
    )
    if column in _MEMORY:
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    elif np.any(means > 0):
        axes.set_xscale("log")
        axes.set_xlim(left=max(means.max() / 10**_DECADES, means[means > 0].min() / 2))
        logarithmic(axes, "x")
    draw_grid(axes, "x")
    axes.margins(y=0.02)
