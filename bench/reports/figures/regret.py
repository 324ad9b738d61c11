"""Figures of regret: a heat map of all cells, and how often each method is how near the best one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator, PercentFormatter

from bench.reports.figures.focus import MOST
from bench.reports.figures.style import Method, style_of
from bench.reports.figures.theme import draw_grid, line_look, set_heading, themed
from bench.reports.titles import conditions, data_title
from bench.results.regret import Regrets, regrets
from bench.results.routers import ROUTED, route, routed, title_of
from bench.results.rows import METHOD
from bench.results.store import Store

RECALLS = (0.9, 0.95, 0.99)
"""The recalls of the cells."""

WITHIN = 1.1
"""Up to which regret a method counts as near the best."""

_MOST = 10.0
_TICKS = (1, 1.1, 1.5, 2, 3, 5, 10)
_MAP = "cividis_r"
_GREY: dict[str, Any] = {"color": "0.78", "linewidth": 0.8, "zorder": 1}
_DASHES = {"rule": ":", "learned": "--"}


@themed
def regret_map(rows: pd.DataFrame, store: Store) -> Figure:
    """Draw the regret of every method, and of routers over them, in every workload at `RECALLS`.

    The method on the left is nearest to the best one most often. Crosses mark recalls that are not reached.
    """
    each = _with_routers(rows, store)
    summary = each.of_methods(WITHIN)
    order = [each.methods.index(method) for method in summary[METHOD].itertuples(index=False, name=None)]
    values, cells = each.values[:, order, 0], each.cells
    size = (4.2 + 0.3 * len(order), 2.8 + 0.15 * len(cells))  # at least what the texts need
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
    near = [f"{_label(each.methods[j])}  {100 * n:.0f}%" for j, n in zip(order, summary["near"], strict=True)]
    axes.set_xticks(range(len(order)), near, rotation=60, ha="left", rotation_mode="anchor")
    for label, j in zip(axes.get_xticklabels(), order, strict=True):
        label.set_fontstyle("italic" if each.methods[j][1] == ROUTED else "normal")
    axes.set_yticks(range(len(cells)), [f"{recall:g}" for recall in cells["recall"]], fontsize=6)
    axes.set_xlabel(f"in how many cells a method is near the best (regret up to {WITHIN:g})")
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.xaxis.set_label_position("top")
    axes.spines[:].set_visible(False)
    _name_workloads(axes, cells)
    bar = figure.colorbar(image, ax=axes, extend="max", shrink=0.3, pad=0.01, ticks=(1, *_TICKS[2:]))
    bar.ax.set_yticklabels(["1 (best)", *(f"{tick:g}" for tick in _TICKS[2:])])
    bar.ax.minorticks_off()
    return figure


@themed
def regret_profile(rows: pd.DataFrame, store: Store) -> Figure:
    """Draw in which part of all cells the regret of each method is at most x.

    These are the performance profiles of Dolan and Moré, Benchmarking Optimization Software with Performance Profiles
    (2002). The `MOST` methods that are near the best most often stand out, and the others are grey.
    """
    each = _with_routers(rows, store)
    summary = each.of_methods(WITHIN)
    ranked = [(str(a), str(s)) for a, s in summary[METHOD].itertuples(index=False, name=None)]
    methods = [method for method in ranked if method[1] != ROUTED]
    routers = [method for method in ranked if method[1] == ROUTED and method[0] in _DASHES]
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    set_heading(figure, f"{data_title(rows)}\n{conditions(rows)}; {int(each.reachable.sum())} cells")
    axes = figure.subplots()
    handles = []
    for place, method in enumerate([*methods, *routers]):
        look = _profile_look(method, stands_out=place < MOST or method[1] == ROUTED)
        at, fraction = _profile(each, method)
        axes.step(at, fraction, where="post", **look)
        if look is not _GREY:
            handles.append(Line2D([], [], label=_label(method), **look))
    if len(methods) > MOST:
        handles.append(Line2D([], [], label="other methods", **_GREY))
    axes.set_xscale("log")
    axes.set_xlim(1, _MOST)
    axes.set_ylim(0, 1)
    axes.xaxis.set_major_locator(FixedLocator(_TICKS))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels(f"{tick:g}" for tick in _TICKS)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set_xlabel("regret: QPS of the best method of a cell over a method's own")
    axes.set_ylabel("cells with at most this regret")
    draw_grid(axes)
    figure.legend(handles=handles, loc="outside right upper")
    return figure


def _with_routers(rows: pd.DataFrame, store: Store) -> Regrets:
    """Return the regret of all methods, and of routers over them."""
    methods = regrets(rows, store, "qps", RECALLS, draws=0)
    return routed(methods, route(methods, rows)[0])


def _profile(each: Regrets, method: Method) -> tuple[list[float], list[float]]:
    """Return the regrets of a method, ascending, and after 1 and each of them the fraction of cells up to it."""
    values = each.values[each.reachable, each.methods.index(method), 0]
    at = np.sort(values[values <= _MOST])
    fraction = np.arange(len(at) + 1) / max(1, len(values))
    return [1.0, *at.tolist(), _MOST], [*fraction.tolist(), float(fraction[-1])]


def _profile_look(method: Method, *, stands_out: bool) -> dict[str, Any]:
    """Return the keywords of the line of a method."""
    if method[1] == ROUTED:
        return {"color": "black", "linewidth": 1.0, "linestyle": _DASHES[method[0]], "zorder": 2}
    if not stands_out:
        return _GREY
    look = line_look(style_of(*method))
    return {key: look[key] for key in ("color", "linestyle", "zorder")} | {"linewidth": 1.6}


def _label(method: Method) -> str:
    return title_of(*method) if method[1] == ROUTED else style_of(*method).label


def _cell(value: float) -> str:
    """Return a regret in three characters or fewer."""
    if np.isinf(value):
        return "✕"
    return f"{value:.1f}" if value < _MOST - 0.05 else f"{value:,.0f}"


def _name_workloads(axes: Axes, cells: pd.DataFrame) -> None:
    """Write the name of each workload beside its cells, and a line between it and the next."""
    names = cells["workload"] + np.where(cells["k"].nunique() > 1, " k" + cells["k"].astype(str), "")
    start = 0
    for stop in range(1, len(cells) + 1):
        if stop == len(cells) or names.iloc[stop] != names.iloc[start]:
            place = ((start + stop - 1) / 2, -28)
            axes.annotate(names.iloc[start], (0, place[0]), (place[1], 0), ("axes fraction", "data"), "offset points",
                          ha="right", va="center", fontsize=6.5)  # fmt: skip
            if stop < len(cells):
                axes.axhline(stop - 0.5, color="white", linewidth=2)
            start = stop
