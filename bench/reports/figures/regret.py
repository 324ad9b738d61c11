"""A heat map of regret: methods by cells, the method that is nearest to the best most often on top."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from bench.reports.figures.style import style_of
from bench.reports.figures.theme import set_heading, themed
from bench.reports.titles import conditions, data_title
from bench.results.regret import regrets
from bench.results.routers import ROUTED, route, routed, title_of
from bench.results.rows import METHOD
from bench.results.store import Store

RECALLS = (0.9, 0.95, 0.99)
"""The recalls of the cells in the figure."""

WITHIN = 1.1
"""Up to which regret a method counts as near the best."""

_MOST = 10.0
_MAP = "cividis_r"


@themed
def regret_map(rows: pd.DataFrame, store: Store) -> Figure:
    """Draw the regret of every method, and of routers over them, in every workload at `RECALLS`.

    Crosses mark recalls that are not reached.
    """
    methods = regrets(rows, store, "qps", RECALLS, draws=0)
    each = routed(methods, route(methods, rows)[0])
    summary = each.of_methods(WITHIN)
    order = [each.methods.index(method) for method in summary[METHOD].itertuples(index=False, name=None)]
    values = each.values[:, order, 0].T
    cells = each.cells
    columns = len(cells)
    size = (max(6.4, 2.6 + 0.34 * columns), max(4.2, 1.6 + 0.24 * len(order)))  # at least what the texts need
    figure = Figure(figsize=size, layout="constrained")
    set_heading(figure, f"{data_title(rows)}\n{conditions(rows)}; regret: QPS of the best method over a method's own")
    axes = figure.subplots()
    shown = np.where(np.isfinite(values), values, np.nan)
    image = axes.imshow(shown, cmap=_MAP, norm=LogNorm(1, _MOST), aspect="auto")
    for i, line in enumerate(values):
        for j, value in enumerate(line):
            if not np.isnan(value):
                color = "white" if value > _MOST**0.6 else "black"
                axes.text(j, i, _cell(value), ha="center", va="center", fontsize=5.5,
                          color="0.4" if np.isinf(value) else color)  # fmt: skip
    near = [f"{_label(*each.methods[j])}  {100 * n:.0f}%" for j, n in zip(order, summary["near"], strict=True)]
    axes.set_yticks(range(len(order)), near)
    for label, j in zip(axes.get_yticklabels(), order, strict=True):
        label.set_fontstyle("italic" if each.methods[j][1] == ROUTED else "normal")
    axes.set_xticks(range(columns), [f"{recall:g}" for recall in cells["recall"]], rotation=90, fontsize=6)
    axes.set_xlabel("recall")
    axes.set_ylabel(f"in how many cells a method is near the best (regret up to {WITHIN:g})")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    _name_workloads(axes, cells)
    bar = figure.colorbar(image, ax=axes, extend="max", shrink=0.6, pad=0.01, ticks=[1, 1.5, 2, 3, 5, 10])
    bar.ax.set_yticklabels(["1 (best)", "1.5", "2", "3", "5", "10"])
    bar.ax.minorticks_off()
    return figure


def _label(algorithm: str, storage: str) -> str:
    return title_of(algorithm, storage) if storage == ROUTED else style_of(algorithm, storage).label


def _cell(value: float) -> str:
    """Return a regret in three characters or fewer."""
    if np.isinf(value):
        return "✕"
    return f"{value:.1f}" if value < _MOST - 0.05 else f"{value:,.0f}"


def _name_workloads(axes: Axes, cells: pd.DataFrame) -> None:
    """Write the name of each workload above its cells, and a line between it and the next."""
    names = cells["workload"] + np.where(cells["k"].nunique() > 1, " k" + cells["k"].astype(str), "")
    start = 0
    for stop in range(1, len(cells) + 1):
        if stop == len(cells) or names.iloc[stop] != names.iloc[start]:
            axes.text(
                (start + stop - 1) / 2, -0.7, names.iloc[start], ha="left", va="bottom", rotation=40, fontsize=6.5
            )
            if stop < len(cells):
                axes.axvline(stop - 0.5, color="white", linewidth=2)
            start = stop
