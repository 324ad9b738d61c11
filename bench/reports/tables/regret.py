"""The table of regret: how near each method comes to the best one, over all cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from bench.core.errors import BenchError, suggestion
from bench.reports.tables.table import FORMATS, NONE, Table
from bench.reports.titles import data_title
from bench.results.regret import Regrets, regrets
from bench.results.routers import ROUTED, ROUTERS, Choices, route, routed, title_of
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
    routers: bool
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
    tables, frames = [], []
    for _, figure in figures(rows):
        for machine, of_machine in figure.groupby("machine"):
            each = regrets(of_machine, store, config.y, config.recalls, draws=config.draws, seed=config.seed)
            choices, missing = route(each, of_machine) if config.routers else ({}, "")
            together = routed(each, choices)
            title = f"{data_title(of_machine)}; {machine}"
            frames.append(together.of_cells() if config.cells else together.of_methods(config.within))
            tables.append(
                cell_table(title, each, choices) if config.cells else method_table(title, together, config.within)
            )
            if missing:
                tables[-1] = replace(tables[-1], note=f"{tables[-1].note}\n{missing[0].upper()}{missing[1:]}.".strip())
    if config.format in _FRAMES:
        frame = pd.concat(frames)
        return frame.to_csv(index=False).rstrip("\n") if config.format == "csv" else frame.to_json(orient="records")
    return "\n\n".join(FORMATS[config.format](table) for table in tables)


def method_table(title: str, each: Regrets, within: float) -> Table:
    """Return a line per method or router, the one that is nearest to the best most often first."""
    frame = each.of_methods(within)
    header = ["method", "cells served", "reached", f"regret <= {within:g}", "interval", "mean", "interval", "greatest"]
    lines = [
        [
            title_of(line["algorithm"], line["storage"]),
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
    if routers := [ROUTERS[name] for name, storage in each.methods if storage == ROUTED]:
        note += f"\nA router chooses a method for every cell: {'; '.join(routers)}."
    if unreached:
        note += f"\n{unreached} cells that no method reaches are left out."
    return Table(f"Regret. {title}", header, "lrrrrrrr", lines, note)


def cell_table(title: str, each: Regrets, choices: Mapping[str, Choices]) -> Table:
    """Return a line per cell: the fastest method, what a change to the next one costs, and what routers choose."""
    frame = each.of_cells()
    routers = [name for name in choices if name != "oracle"]
    chosen = {name: _choices(each, choices[name]) for name in routers}
    by = ["workload", "k", "recall"]
    position = {cell: i for i, cell in enumerate(each.cells[by].itertuples(index=False, name=None))}
    lines = []
    for (workload, k, recall), cell in frame.groupby(by, sort=False):
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
                *(chosen[name][position[workload, k, recall]] for name in routers),
            ]
        )
    header = ["workload", "k", "recall", "best method", "QPS", "next", "its regret", "interval"]
    header += [f"{name} router" for name in routers]
    return Table(f"The best method of each cell. {title}", header, "lrrlrlrr" + "l" * len(routers), lines)


def _choices(each: Regrets, chosen: Choices) -> list[str]:
    """Return the method that a router chooses for each cell, with its regret."""
    values = each.values[:, :, 0]
    return [
        f"{method_title(*each.methods[j])} {_number(values[i, j])}" if j >= 0 else NONE for i, j in enumerate(chosen)
    ]


def _number(value: float) -> str:
    return NONE if pd.isna(value) else f"{value:.2f}"


def _range(low: float, high: float, form: str) -> str:
    return NONE if pd.isna(low) else f"{low:{form}} to {high:{form}}"
