"""Recall against queries per second: a panel per workload, a curve per method."""

from __future__ import annotations

import textwrap
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator
from numpy.typing import NDArray

from bench.reports.figures.focus import MOST, closest_to_front
from bench.reports.figures.labels import label_curves
from bench.reports.figures.panels import LEGEND_POINTS, NOTE_CHARACTERS, NOTE_POINTS, SUBTITLE_POINTS, place_panels
from bench.reports.figures.style import Method, Style, style_of, styles_of
from bench.reports.figures.theme import draw_grid, line_look, method_handles, themed
from bench.reports.titles import conditions, data_title, natural_key, panel_facts, panel_title
from bench.results.curves import best_of_methods, failing_fractions, failures, front, points, unserved
from bench.results.rows import METHOD, methods_in, self_timed
from bench.results.selection import X_AXES, Y_AXES, panels

_MARGIN = 0.045  # of an axis, beyond the outermost points
_FRONT: dict[str, Any] = {"color": "0.86", "linewidth": 6, "solid_capstyle": "round", "zorder": 1}
_OTHERS: dict[str, Any] = {"color": "0.75", "linewidth": 0.8, "zorder": 2}
_FRONT_LABEL = "Pareto front of all"
_TICKS = (0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999, 1)
Limits = tuple[float, float]


@themed
def recall_qps(
    rows: pd.DataFrame, x: str, y: str, min_recall: float | None = None, curves: int | None = MOST
) -> Figure:
    """Draw the rows of one figure.

    A curve is the Pareto front of a method over its build and search parameters; the band is one standard deviation
    over the repeats; the markers of a method that times itself are hollow. Where there are more methods than `curves`,
    those closest to the front stand out, and the others are grey. The text below a panel names failures, methods whose
    answers fail the filter, and methods that do not serve it.

    Args:
        rows: of one figure; see `bench.results.selection.figures`.
        x: one of `X_AXES`.
        y: one of `Y_AXES`.
        min_recall: where the x axis begins; None for the lowest recall.
        curves: how many methods stand out; None for all.
    """
    groups = panels(rows)
    frames = [points(group, x, y) for group in groups]
    focused = closest_to_front(frames)[:curves]
    notes = [_notes(group) for group in groups]
    titles = [_title(group, rows) for group in groups]
    styles = styles_of(focused, self_timed(rows))
    handles = _handles(frames, styles)
    columns, limits = _columns(groups), _limits(frames, min_recall)
    placement = place_panels(
        columns=columns,
        subtitle=_subtitle(rows, frames),
        title_lines=titles[0].count("\n") + 1,
        note_lines=[len(note.splitlines()) for note in notes],
        labels=[str(handle.get_label()) for handle in handles],
    )
    figure = Figure(figsize=(placement.width, placement.height))
    _write_title(figure, data_title(rows), placement.subtitle)
    for number, (box, frame) in enumerate(zip(placement.boxes, frames, strict=True)):
        axes = figure.add_axes(box)
        _scale(axes, limits)
        _draw(figure, axes, frame, styles)
        axes.set_title(titles[number], loc="left")
        axes.set_xlabel(X_AXES[x].format(k=groups[number]["k"].iloc[0]), labelpad=2)
        if number % columns == 0:
            axes.set_ylabel(Y_AXES[y])
        axes.tick_params(labelleft=number % columns == 0)
        _write_below(axes, notes[number])
    _add_legend(figure, handles, placement.legend_columns)
    return figure


def forward(recall: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the position of a recall on its axis, by the cube root of the missed fraction: 0.9 is about half way."""
    return 1 - np.cbrt(1 - np.asarray(recall, np.float64))


def inverse(position: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the recall at a position on its axis."""
    return 1 - (1 - np.asarray(position, np.float64)) ** 3


def _columns(groups: list[pd.DataFrame]) -> int:
    """Return the number of panels in a row: the workloads of a machine, or at most three for a single machine."""
    machines = len({group["machine"].iloc[0] for group in groups})
    if machines > 1:
        return max(1, ceil(len(groups) / machines))
    return ceil(len(groups) / ceil(len(groups) / 3))


def _write_title(figure: Figure, title: str, subtitle: str) -> None:
    width, height = figure.get_size_inches()
    figure.text(0.1 / width, 1 - 0.1 / height, title, va="top", fontsize=10)
    figure.text(
        0.1 / width, 1 - 0.32 / height, subtitle, va="top", fontsize=SUBTITLE_POINTS, color="0.35", linespacing=1.25
    )


def _write_below(axes: Axes, note: str) -> None:
    axes.annotate(note, (0, 0), (0, -28), "axes fraction", "offset points", va="top", fontsize=NOTE_POINTS)


def _add_legend(figure: Figure, handles: list[Line2D], columns: int) -> None:
    spacing: dict[str, Any] = {"borderaxespad": 0.2, "handlelength": 2.6, "fontsize": LEGEND_POINTS}
    figure.legend(handles=handles, loc="lower left", ncols=columns, **spacing)


def _title(group: pd.DataFrame, rows: pd.DataFrame) -> str:
    machine = f"{group['machine'].iloc[0]}\n" if rows["machine"].nunique() > 1 else ""
    return f"{machine}{panel_title(group)}\n{panel_facts(group)}"


def _subtitle(rows: pd.DataFrame, curves: list[pd.DataFrame]) -> str:
    """Return the conditions of the measurement in words."""
    repeats = sorted({int(count) for curve in curves for count in curve["repeats"]})
    if not repeats:
        return f"{conditions(rows)}."
    if repeats[-1] == 1:
        return f"{conditions(rows)}. One repeat."
    many = f"{repeats[0]} to {repeats[-1]}" if len(repeats) > 1 else f"{repeats[0]}"
    return f"{conditions(rows)}. Means of {many} repeats; bands: one standard deviation to either side."


def _limits(curves: list[pd.DataFrame], min_recall: float | None) -> tuple[Limits, Limits]:
    """Return the limits of both axes, for all panels: around the drawn points."""
    fronts = [front(of_method) for curve in curves for _, of_method in curve.groupby(METHOD)]
    drawn = pd.concat(fronts) if fronts else pd.DataFrame({"x": [0.0, 0.0], "y": [1.0, 10.0]})
    lowest = min(float(drawn["x"].min()), _TICKS[5]) if min_recall is None else min_recall
    visible = drawn.loc[drawn["x"] >= lowest, "y"]
    low, high = (float(visible.min()), float(visible.max())) if len(visible) else (1.0, 10.0)
    y_pad = max(1.5, (10 * low / high) ** 0.5)  # at least a decade
    start = float(forward(np.array(lowest)))
    x_pad = _MARGIN * (1 - start)
    x = inverse(np.array([start - x_pad, 1 + x_pad]))
    return (float(x[0]), float(x[1])), (low / y_pad, high * y_pad)


def _scale(axes: Axes, limits: tuple[Limits, Limits]) -> None:
    axes.set_xscale("function", functions=(forward, inverse))
    axes.set_yscale("log")
    axes.set_xlim(*limits[0])
    axes.set_ylim(*limits[1])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(FixedLocator(_TICKS))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    draw_grid(axes)


def _draw(figure: Figure, axes: Axes, curve: pd.DataFrame, styles: dict[Method, Style]) -> None:
    if curve.empty:
        axes.text(0.5, 0.5, "no method has a result", ha="center", transform=axes.transAxes, color="0.4")
        return
    recalls = np.unique([*inverse(np.linspace(0, 1, 1000)), *curve["x"]])
    recalls = recalls[recalls >= front(curve)["x"].iloc[0]]
    axes.plot(recalls, best_of_methods(curve, recalls), **_FRONT)
    fronts = {(str(a), str(s)): front(of_method) for (a, s), of_method in curve.groupby(METHOD)}
    for line in (line for method, line in fronts.items() if method not in styles):
        axes.plot(line["x"], line["y"], **_OTHERS)
    standing_out = {method: fronts[method] for method in styles if method in fronts}
    for method, line in standing_out.items():
        look = line_look(styles[method])
        low = np.maximum(line["y"] - line["y_std"], line["y"] * 1e-3)
        axes.fill_between(line["x"], low, line["y"] + line["y_std"], color=look["color"], alpha=0.18, linewidth=0)
        axes.plot(line["x"], line["y"], **look)
    label_curves(figure, axes, standing_out, styles)


def _handles(curves: list[pd.DataFrame], styles: dict[Method, Style]) -> list[Line2D]:
    """Return the entries of the legend: every method that stands out, the others, and the front."""
    others = {method for curve in curves for method in methods_in(curve)} - set(styles)
    grey = [Line2D([], [], label=f"{len(others)} others", **_OTHERS)] if others else []
    return [*method_handles(styles.values()), *grey, Line2D([], [], label=_FRONT_LABEL, **_FRONT)]


def _notes(group: pd.DataFrame) -> str:
    """Return the text below a panel, wrapped: failures, answers that fail the filter, methods that do not serve it."""
    methods_of: dict[tuple[str, str], list[str]] = {}
    for failure in failures(group):
        label = style_of(failure.algorithm, failure.storage).label
        methods_of.setdefault((str(failure), failure.reason), []).append(label)
    lines = [
        f"{'; '.join(sorted(names, key=natural_key))}: {status}" + (f" ({reason})" if reason else "")
        for (status, reason), names in sorted(methods_of.items())
    ]
    lines += [
        f"{style_of(algorithm, storage).label}: up to {fraction:.1%} of answers fail the filter"
        for (algorithm, storage), fraction in failing_fractions(group).items()
    ]
    if names := unserved(group):
        lines.append(f"not served by {', '.join(sorted((style_of(*name).label for name in names), key=natural_key))}")
    wrapped = [textwrap.fill(line, NOTE_CHARACTERS, subsequent_indent="   ") for line in lines]
    return "\n".join(wrapped)
