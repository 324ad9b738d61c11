"""Latencies of queries answered one by one, at the fastest setting of each method that reaches a recall."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from bench.reports.figures.axes import logarithmic
from bench.reports.figures.style import style_of, styles_of
from bench.reports.figures.theme import add_side_legend, draw_grid, line_look, set_heading, themed
from bench.reports.tables.table import NONE, Table
from bench.reports.titles import conditions, data_title, panel_title
from bench.results.rows import METHOD, Status, methods_in
from bench.results.selection import panels
from bench.results.store import Store

_PERCENTILES = ("latency_p50_ms", "latency_p95_ms", "latency_p99_ms")
_DECILES = 10


def fastest(rows: pd.DataFrame, recall: float) -> pd.DataFrame:
    """Return the row with the highest QPS of each method of a panel, among the rows that reach the recall."""
    good = rows[(rows["status"] == Status.OK) & (rows["recall"] >= recall) & rows["latency_p50_ms"].notna()]
    return good.loc[good.groupby(METHOD)["qps"].idxmax()] if len(good) else good


def latency_table(rows: pd.DataFrame, recall: float) -> Table:
    """Return the latency percentiles of every workload and method."""
    lines = []
    for panel in panels(rows):
        for row in fastest(panel, recall).sort_values("latency_p50_ms").itertuples():
            values = [f"{getattr(row, name):.3f}" for name in _PERCENTILES]
            lines.append(
                [panel_title(panel), style_of(str(row.algorithm), str(row.storage)).label, f"{row.recall:.3f}", *values]
            )
    header = ["workload", "method", "recall", "p50 (ms)", "p95 (ms)", "p99 (ms)"]
    title = f"{data_title(rows)}; {conditions(rows)}; the fastest setting at a recall of {recall:g} or more"
    return Table(title, header, "llrrrr", lines or [[NONE] * len(header)])


@themed
def latency_by_decile(rows: pd.DataFrame, store: Store, recall: float) -> Figure:
    """Draw the median latency of each tenth of the queries by selectivity, from the lowest selectivity up."""
    groups = panels(rows)
    figure = Figure(figsize=(3.6 * len(groups) + 2.1, 3.4), layout="constrained")
    set_heading(figure, f"{data_title(rows)}; fastest setting at a recall of {recall:g} or more")
    row = figure.subplots(1, len(groups), squeeze=False, sharey=True)[0]
    bests = [fastest(group, recall) for group in groups]
    styles = styles_of(method for best in bests for method in methods_in(best))
    drawn = set()
    for axes, group, best in zip(row, groups, bests, strict=True):
        columns = [best[name] for name in (*METHOD, "run_id", "repeat", "search_params")]
        for algorithm, storage, run_id, repeat, setting in zip(*columns, strict=True):
            x, y = _medians(store.queries(run_id, repeat), setting)
            if x:
                axes.plot(x, y, **line_look(styles[algorithm, storage]))
                drawn.add((algorithm, storage))
        axes.set_title(panel_title(group), loc="left")
        axes.set_xlabel("mean selectivity of a tenth of the queries")
        logarithmic(axes, "x", "y")
        draw_grid(axes)
    row[0].set_ylabel("median latency in ms")
    add_side_legend(figure, (style for method, style in styles.items() if method in drawn))
    return figure


def _medians(queries: pd.DataFrame, setting: str) -> tuple[list[float], list[float]]:
    """Return mean selectivity and median latency of each tenth; queries of equal selectivity stay together."""
    timed = queries[
        (queries["search_params"] == setting) & queries["latency_ms"].notna() & (queries["selectivity"] > 0)
    ]
    tenth = pd.qcut(timed["selectivity"], _DECILES, labels=False, duplicates="drop").fillna(0)
    means = timed.groupby(tenth).agg(x=("selectivity", "mean"), y=("latency_ms", "median"))
    return means["x"].astype(np.float64).tolist(), means["y"].astype(np.float64).tolist()
