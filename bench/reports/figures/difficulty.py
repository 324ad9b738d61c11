"""Throughput and recall of tenths of the queries: by hardness, and beside it by selectivity."""

from __future__ import annotations

import itertools

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.reports.figures.axes import logarithmic
from bench.reports.figures.focus import MOST, closest_to_front
from bench.reports.figures.style import Method, Style, styles_of
from bench.reports.figures.theme import add_side_legend, draw_grid, line_look, set_heading, themed
from bench.reports.titles import conditions, data_title
from bench.results.curves import points
from bench.results.difficulty import by_tenth, queries_at
from bench.results.rows import METHOD, methods_in
from bench.results.selection import panels
from bench.results.store import Store

_BY = {"hardness": "mean hardness of a tenth of the queries", "selectivity": "mean selectivity of a tenth"}
_LABELS = {"latency_ms": "queries per second, one at a time", "recall": "recall"}


@themed
def by_difficulty(rows: pd.DataFrame, store: Store, recall: float) -> Figure | None:
    """Draw a row of panels per workload: QPS by hardness and by selectivity, then recall by both; None without queries.

    Each method is at its fastest setting that reaches the recall. The methods are those closest to the front.

    Args:
        rows: of one figure.
        store: gives the values of every query.
        recall: that the settings reach on average.
    """
    queries = queries_at(rows, store, recall)
    if queries.empty:
        return None
    nearest = closest_to_front(points(panel, "recall", "qps") for panel in panels(rows))
    present = set(methods_in(queries))
    styles = styles_of([method for method in nearest if method in present][:MOST])
    workloads = list(dict.fromkeys(queries["workload"]))
    measures = [measure for measure in _LABELS if queries[measure].notna().any()]
    width = 3.2 * len(measures) * len(_BY) + 1.5
    figure = Figure(figsize=(width, 2.5 * len(workloads) + 0.7), layout="constrained")
    set_heading(figure, f"{data_title(rows)}\n{conditions(rows)}; fastest setting at a recall of {recall:g} or more")
    grid = figure.subplots(len(workloads), len(measures) * len(_BY), squeeze=False)
    for number, (line, workload) in enumerate(zip(grid, workloads, strict=True), 1):
        of_workload = queries[queries["workload"] == workload]
        for j, (measure, (by, label)) in enumerate(itertools.product(measures, _BY.items())):
            axes = line[j]
            if j % len(_BY):
                axes.sharey(line[j - 1])
            _draw(axes, of_workload, styles, by, measure)
            axes.set_title(f"{workload}, by {by}", loc="left")
            axes.set_ylabel("" if j % len(_BY) else _LABELS[measure])
            axes.set_xlabel(label if number == len(workloads) else "")
    add_side_legend(figure, styles.values())
    return figure


def _draw(axes: Axes, queries: pd.DataFrame, styles: dict[Method, Style], by: str, measure: str) -> None:
    for (algorithm, storage), group in queries.groupby(METHOD):
        style = styles.get((str(algorithm), str(storage)))
        tenths = by_tenth(group, by, measure)
        if style is not None and len(tenths):
            y = 1e3 / tenths["y"] if measure == "latency_ms" else tenths["y"]
            axes.plot(tenths["x"], y, **line_look(style))
    logarithmic(axes, *(("x", "y") if measure == "latency_ms" else ("x",)))
    draw_grid(axes)
