"""Latencies of queries answered one by one, at the setting of each method that just reaches a recall."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from bench.reports.figures.axes import logarithmic
from bench.reports.figures.style import RC, style_of
from bench.reports.tables.table import NONE, Grid
from bench.reports.titles import conditions, data_title, panel_title
from bench.results.rows import Status
from bench.results.selection import panels
from bench.results.store import Store

_PERCENTILES = ("latency_p50_ms", "latency_p95_ms", "latency_p99_ms")
_DECILES = 10


def chosen(rows: pd.DataFrame, recall: float) -> pd.DataFrame:
    """Return, of each panel's and method's rows, the one of the highest QPS among those that reach the recall."""
    good = rows[(rows["status"] == Status.OK) & (rows["recall"] >= recall) & rows["latency_p50_ms"].notna()]
    return good.loc[good.groupby("algorithm")["qps"].idxmax()] if len(good) else good


def latency_table(rows: pd.DataFrame, recall: float) -> Grid:
    """Return the percentiles of every workload and method."""
    lines = []
    for panel in panels(rows):
        for row in chosen(panel, recall).sort_values("latency_p50_ms").itertuples():
            values = [f"{getattr(row, name):.3f}" for name in _PERCENTILES]
            lines.append([panel_title(panel), style_of(str(row.algorithm)).label, f"{row.recall:.3f}", *values])
    header = ["workload", "method", "recall", "p50 (ms)", "p95 (ms)", "p99 (ms)"]
    title = f"{data_title(rows)}; {conditions(rows)}; the fastest setting at a recall of {recall:g} or more"
    return Grid(title, header, "llrrrr", lines or [[NONE] * len(header)])


def latency_by_decile(rows: pd.DataFrame, store: Store, recall: float) -> Figure:
    """Draw the median latency of the queries of each tenth by selectivity, the most selective first."""
    groups = panels(rows)
    with rc_context(RC):
        figure = Figure(figsize=(3.6 * len(groups) + 2.1, 3.4), layout="constrained")
        figure.suptitle(f"{data_title(rows)}; fastest setting at a recall of {recall:g} or more", x=0.01, ha="left",
                        fontsize=9)  # fmt: skip
        grid = figure.subplots(1, len(groups), squeeze=False, sharey=True)[0]
        handles = {}
        for axes, group in zip(grid, groups, strict=True):
            picked = chosen(group, recall)
            columns = zip(picked["algorithm"], picked["run_id"], picked["repeat"], picked["search_params"], strict=True)
            for algorithm, run_id, repeat, setting in columns:
                look = style_of(algorithm)
                x, y = _medians(store.queries(run_id, repeat), setting)
                if not x:
                    continue
                (handles[look.label],) = axes.plot(
                    x, y, color=look.color, marker=look.marker, linestyle=look.linestyle, markersize=4, linewidth=1
                )
            axes.set_title(panel_title(group), loc="left")
            axes.set_xlabel("mean selectivity of a tenth of the queries")
            logarithmic(axes, "x", "y")
            axes.grid(color="0.92", linewidth=0.6)
        grid[0].set_ylabel("median latency in ms")
        ordered = sorted(handles, key=str.casefold)
        figure.legend([handles[name] for name in ordered], ordered, loc="outside right upper", frameon=False,
                      fontsize=7)  # fmt: skip
    return figure


def _medians(queries: pd.DataFrame, setting: str) -> tuple[list[float], list[float]]:
    """Return mean selectivity and median latency of each tenth; queries that are equally selective stay together."""
    own = queries[(queries["search_params"] == setting) & queries["latency_ms"].notna() & (queries["selectivity"] > 0)]
    tenth = pd.qcut(own["selectivity"], _DECILES, labels=False, duplicates="drop").fillna(0)
    means = own.groupby(tenth).agg(x=("selectivity", "mean"), y=("latency_ms", "median"))
    return means["x"].astype(np.float64).tolist(), means["y"].astype(np.float64).tolist()
