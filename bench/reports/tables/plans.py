"""The table of plans: which queries a method answered how, and what it expected, against what they took."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bench.core.errors import BenchError, suggestion
from bench.reports.tables.table import FORMATS, NONE, Table
from bench.reports.titles import conditions, data_title, panel_title
from bench.results.curves import at_recall
from bench.results.plans import by_plan, planned_queries, worst_estimates
from bench.results.rows import method_title
from bench.results.selection import View, figures, panels
from bench.results.store import Store

_FRAMES = ("csv", "json")


@dataclass
class ExplainConfig(View):
    """The keys of ``configs/explain.yaml``, which explains them."""

    recall: float | None
    worst: int
    format: str
    out: str | None


def render(config: ExplainConfig) -> str:
    """Return the plans of the selected rows as text.

    Raises:
        BenchError: a key is invalid, no row matches, or none of the rows has plans.
    """
    if config.format not in (*_FRAMES, *FORMATS):
        raise BenchError(f"format={config.format} is unknown{suggestion(config.format, [*_FRAMES, *FORMATS])}")
    if config.recall is not None and not 0 <= config.recall <= 1:
        raise BenchError(f"recall={config.recall:g} is out of range; a recall is between 0 and 1")
    if config.worst < 0:
        raise BenchError(f"worst={config.worst} is out of range; it is at least 0")
    if config.x != "recall":
        raise BenchError(f"x={config.x} is not possible here; settings are chosen by 'recall'")
    rows, store = config.rows(), Store(Path(config.results))
    parts = [
        (panel, planned)
        for _, figure in figures(rows)
        for panel in panels(figure)
        if len(planned := planned_queries(at_recall(panel, config.y, config.recall), store))
    ]
    if not parts:
        raise BenchError(
            "none of these rows has plans: they are of methods that have one plan for all queries, or of an earlier "
            "version; 'overwrite=always' of bench.run makes runs again"
        )
    if config.format in _FRAMES:
        frame = pd.concat(_named(panel, by_plan(planned)) for panel, planned in parts)
        return frame.to_csv(index=False).rstrip("\n") if config.format == "csv" else frame.to_json(orient="records")
    tables = []
    for panel, planned in parts:
        tables.append(plan_table(panel, by_plan(planned)))
        if config.worst and len(worst := worst_estimates(planned, config.worst)):
            tables.append(worst_table(panel, worst))
    return "\n\n".join(FORMATS[config.format](table) for table in tables)


def plan_table(panel: pd.DataFrame, frame: pd.DataFrame) -> Table:
    """Return a line per plan of `by_plan`."""
    lines = [
        [
            method_title(line["algorithm"], line["storage"]),
            _params(line["search_params"]),
            line["plan"],
            f"{line['queries']:,.0f}",
            f"{line['selectivity_low']:.3g} to {line['selectivity_high']:.3g}",
            _number(line["recall"], ".3f"),
            _number(line["estimate_ms"], ".3f"),
            _number(line["latency_ms"], ".3f"),
            _number(line["bias"], "+.2f"),
        ]
        for line in frame.to_dict("records")
    ]
    header = ["method", "search", "plan", "queries", "selectivity", "recall", "expected ms", "took ms", "bias"]
    note = (
        "Expected and taken times are medians, the latter of queries that were timed alone. Bias is the mean of "
        "ln(expected / taken): 0 is right on average, +0.69 twice as long as it took."
    )
    return Table(f"Plans. {_title(panel)}", header, "lllrrrrrr", lines, note if frame["timed"].any() else "")


def worst_table(panel: pd.DataFrame, worst: pd.DataFrame) -> Table:
    """Return a line per query of `worst_estimates`."""
    lines = [
        [
            method_title(line["algorithm"], line["storage"]),
            line["plan"],
            str(line["query"]),
            str(line["repeat"]),
            f"{line['selectivity']:.3g}",
            _number(line["hardness"], ".1f"),
            f"{line['estimate_ms']:.3f}",
            f"{line['latency_ms']:.3f}",
            f"{np.exp(line['bias']):.2f}",
        ]
        for line in worst.to_dict("records")
    ]
    header = ["method", "plan", "query", "repeat", "selectivity", "hardness", "expected ms", "took ms", "ratio"]
    return Table(f"The worst estimates. {_title(panel)}", header, "llrrrrrrr", lines)


def _title(panel: pd.DataFrame) -> str:
    return f"{data_title(panel)}; {panel_title(panel)}; {conditions(panel)}"


def _named(panel: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with what names its panel in front."""
    names = ["dataset", "workload", "k", "machine"]
    return pd.concat([panel[names].iloc[[0] * len(frame)].reset_index(drop=True), frame], axis=1)


def _params(search_params: str) -> str:
    return ", ".join(f"{name} {value}" for name, value in json.loads(search_params).items()) or NONE


def _number(value: float, form: str) -> str:
    return NONE if pd.isna(value) else f"{value:{form}}"
