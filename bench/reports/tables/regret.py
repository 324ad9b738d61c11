"""The table of regret: how near each method comes to the best one, over all cells."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bench.core.errors import BenchError, suggestion
from bench.reports.tables.table import FORMATS, NONE, Table
from bench.reports.titles import data_title
from bench.results.regret import Regrets, regrets
from bench.results.rows import method_title
from bench.results.selection import View, figures
from bench.results.store import Store

_FRAMES = ("csv", "json")


@dataclass
class RegretConfig(View):
    """The keys of ``configs/regret.yaml``, which explains them."""

    recalls: list[float]
    within: float
    draws: int
    seed: int
    cells: bool
    format: str
    out: str | None


def render(config: RegretConfig) -> str:
    """Return the requested table as text.

    Raises:
        BenchError: a key is invalid, or no row matches.
    """
    if config.format not in (*_FRAMES, *FORMATS):
        raise BenchError(f"format={config.format} is unknown{suggestion(config.format, [*_FRAMES, *FORMATS])}")
    if config.within < 1:
        raise BenchError(f"within={config.within:g} is out of range; the regret of the best method is 1")
    if config.draws < 0:
        raise BenchError(f"draws={config.draws} is out of range; it is at least 0")
    if not config.recalls or not all(0 <= recall <= 1 for recall in config.recalls):
        raise BenchError(f"recalls={config.recalls} is out of range; name one recall or more, between 0 and 1")
    if config.x != "recall":
        raise BenchError(f"x={config.x} is not possible here; the recall of cells is 'recall'")
    rows, store = config.rows(), Store(Path(config.results))
    parts = {
        f"{data_title(of_machine)}; {machine}": regrets(
            of_machine, store, config.y, config.recalls, draws=config.draws, seed=config.seed
        )
        for _, figure in figures(rows)
        for machine, of_machine in figure.groupby("machine")
    }
    if config.format in _FRAMES:
        frame = pd.concat(
            each.of_cells() if config.cells else each.of_methods(config.within) for each in parts.values()
        )
        return frame.to_csv(index=False).rstrip("\n") if config.format == "csv" else frame.to_json(orient="records")
    tables = [
        cell_table(title, each) if config.cells else method_table(title, each, config.within)
        for title, each in parts.items()
    ]
    return "\n\n".join(FORMATS[config.format](table) for table in tables)


def method_table(title: str, each: Regrets, within: float) -> Table:
    """Return a line per method, the one that is nearest to the best most often first."""
    frame = each.of_methods(within)
    header = ["method", "cells served", "reached", f"regret <= {within:g}", "interval", "mean", "interval", "greatest"]
    lines = [
        [
            method_title(line["algorithm"], line["storage"]),
            f"{line['served']} of {line['cells']}",
            str(line["reached"]),
            f"{100 * line['near']:.0f}%",
            _range(100 * line["near_low"], 100 * line["near_high"], ".0f"),
            _number(line["mean"]),
            _range(line["mean_low"], line["mean_high"], ".2f"),
            _number(line["greatest"]),
        ]
        for line in frame.to_dict("records")
    ]
    unreached = len(each.cells) - (int(frame["cells"].iloc[0]) if len(frame) else 0)
    note = (
        "A cell is a workload at a recall; regret is the QPS of the best method there over a method's own.\n"
        "The fraction is of all cells, the mean is geometric and of those reached; 95% intervals are by the bootstrap."
    )
    if unreached:
        note += f"\n{unreached} cells that no method reaches are left out."
    return Table(f"Regret. {title}", header, "lrrrrrrr", lines, note)


def cell_table(title: str, each: Regrets) -> Table:
    """Return a line per cell: the fastest method, and what a change to the next one costs."""
    frame = each.of_cells()
    lines = []
    for (workload, k, recall), cell in frame.groupby(["workload", "k", "recall"], sort=False):
        order = cell[cell["qps"].notna()].sort_values("qps", ascending=False, kind="stable")
        titles = [method_title(a, s) for a, s in zip(order["algorithm"], order["storage"], strict=True)]
        lines.append(
            [
                str(workload),
                str(k),
                f"{recall:g}",
                titles[0] if titles else NONE,
                f"{order['qps'].iloc[0]:,.0f}" if titles else NONE,
                titles[1] if len(titles) > 1 else NONE,
                _number(order["regret"].iloc[1]) if len(titles) > 1 else NONE,
                _range(order["regret_low"].iloc[1], order["regret_high"].iloc[1], ".2f") if len(titles) > 1 else NONE,
            ]
        )
    header = ["workload", "k", "recall", "best method", "QPS", "next", "its regret", "interval"]
    return Table(f"The best method of each cell. {title}", header, "lrrlrlrr", lines)


def _number(value: float) -> str:
    return NONE if pd.isna(value) else f"{value:.2f}"


def _range(low: float, high: float, form: str) -> str:
    return NONE if pd.isna(low) else f"{low:{form}} to {high:{form}}"
