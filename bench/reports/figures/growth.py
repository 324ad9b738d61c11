"""QPS at a recall, and costs, as functions of one quantity: items, dimensions, selectivity or threads."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from bench.reports.figures.axes import logarithmic
from bench.reports.figures.style import Method, Style, styles_of
from bench.reports.figures.theme import add_side_legend, draw_grid, line_look, set_heading, themed
from bench.results.growth import fit, measured
from bench.results.rows import METHOD, methods_in, self_timed

MEASURES = {
    "qps": "queries per second at a recall of {recall:g}",
    "build_seconds": "build time in seconds",
    "build_memory_bytes": "peak memory of the build in MiB",
    "index_bytes": "index size in MiB",
}
_LETTERS_PER_INCH = 13
_UNITS = {"build_memory_bytes": 2**20, "index_bytes": 2**20}


@themed
def growth(
    groups: dict[str, pd.DataFrame], by: str, label: str, title: str, *, measures: Sequence[str], recall: float,
    exponents: bool, logarithmic_x: bool = True,
) -> Figure:  # fmt: skip
    """Draw a column of panels per group of rows and a row of panels per measure, all against the column `by`.

    Args:
        groups: rows of the store, by the titles of their columns of panels.
        by: the quantity, a numeric column of the rows.
        label: its name on the axis.
        title: of the figure.
        measures: keys of `MEASURES`.
        recall: the recall at which QPS are read off.
        exponents: whether to write the fitted exponent of each method at the end of its line.
        logarithmic_x: whether the axis of `by` is logarithmic, like that of the measure.
    """
    frames = {name: _with_several_values(measured(rows, by, recall), by) for name, rows in groups.items()}
    width = 3.6 * len(groups) + 2.1
    figure = Figure(figsize=(width, 2.9 * len(measures) + 0.5), layout="constrained")
    set_heading(figure, textwrap.fill(title, int(_LETTERS_PER_INCH * width)))
    timed_themselves = set().union(*map(self_timed, groups.values()))
    styles = styles_of((method for frame in frames.values() for method in methods_in(frame)), timed_themselves)
    grid = figure.subplots(len(measures), len(groups), squeeze=False, sharex=True, sharey="row")
    for number, (row, measure) in enumerate(zip(grid, measures, strict=True)):
        for axes, (name, frame) in zip(row, frames.items(), strict=True):
            _draw(axes, frame, styles, by, measure, exponents, logarithmic_x)
            axes.set_title(name if number == 0 else "", loc="left")
            axes.set_xlabel(label if number == len(measures) - 1 else "")
        row[0].set_ylabel(MEASURES[measure].format(recall=recall))
    add_side_legend(figure, styles.values())
    return figure


def _with_several_values(frame: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return the rows of methods with more than one value in the column `by`."""
    return frame[frame.groupby(METHOD)[by].transform("nunique") > 1]


def _draw(
    axes: Axes,
    frame: pd.DataFrame,
    styles: dict[Method, Style],
    by: str,
    measure: str,
    exponents: bool,
    logarithmic_x: bool,
) -> None:
    for (algorithm, storage), line in frame.sort_values(by).groupby(METHOD):
        look = line_look(styles[str(algorithm), str(storage)])
        values = line[measure] / _UNITS.get(measure, 1)
        axes.plot(line[by], values, **look)
        power = fit(line[by].tolist(), values.tolist()).power if exponents else float("nan")
        if np.isfinite(power):
            last = values.last_valid_index()
            axes.annotate(f"{power:+.2f}", (line[by].loc[last], values.loc[last]), (4, 0), "data",
                          "offset points", fontsize=5.5, color=look["color"], va="center")  # fmt: skip
    logarithmic(axes, *(("x", "y") if logarithmic_x else ("y",)))
    axes.xaxis.set_major_locator(FixedLocator(sorted(frame[by].unique())))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}" if value < 1 else f"{value:,.0f}"))
    axes.tick_params(axis="x", labelrotation=45)
    draw_grid(axes)
