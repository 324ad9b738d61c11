"""The table of results: recall, throughput and costs of each method, or all rows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bench.core.errors import BenchError, suggestion
from bench.core.method import TimedBy
from bench.reports.tables.summary import COSTS, summary, ties
from bench.reports.tables.table import FORMATS, NONE, Table
from bench.reports.titles import conditions, data_title, self_timed_title
from bench.results.curves import unserved
from bench.results.rows import METHOD, SCHEMA, method_title, methods_in
from bench.results.selection import View, figures, panels

_CSV = "csv"
_JSON = "json"


@dataclass
class TableConfig(View):
    """The keys of ``configs/table.yaml``, which explains them."""

    recalls: list[float]
    raw: bool
    format: str
    out: str | None


def render(config: TableConfig) -> str:
    """Return the requested table as text.

    Raises:
        BenchError: a key is invalid, or no row matches.
    """
    if config.format not in (_CSV, _JSON, *FORMATS):
        raise BenchError(f"format={config.format} is unknown{suggestion(config.format, [_CSV, _JSON, *FORMATS])}")
    for recall in config.recalls:
        if not 0 <= recall <= 1:
            raise BenchError(f"recalls={config.recalls} is out of range; recalls are between 0 and 1")
    if config.raw:
        raw = config.rows(raw=True)[SCHEMA.names]
        if config.format == _JSON:
            return raw.to_json(orient="records", date_format="iso", indent=1)
        return _csv(raw) if config.format == _CSV else FORMATS[config.format](_raw_table(raw))
    rows = config.rows()
    if config.format == _JSON:
        return summary(rows, config.x, config.y, config.recalls).to_json(orient="records", indent=1)
    if config.format == _CSV:
        return _csv(summary(rows, config.x, config.y, config.recalls))
    tables = [_table(of_machine, config) for _, one in figures(rows) for _, of_machine in one.groupby("machine")]
    return "\n\n".join(FORMATS[config.format](table) for table in tables)


def _csv(frame: pd.DataFrame) -> str:
    return frame.to_csv(index=False).rstrip("\n")


def _table(rows: pd.DataFrame, config: TableConfig) -> Table:
    """Return the summary of the rows of a figure on one machine, in readable units."""
    frame = summary(rows, config.x, config.y, config.recalls)
    speed = "QPS" if config.y == "qps" else "QPS with filters"
    columns: dict[str, tuple[str, list[str]]] = {
        "workload": ("l", frame["workload"].tolist()),
        "method": ("l", _methods(frame)),
    }
    for recall in config.recalls:
        columns[f"{speed} @ {recall:g}"] = ("r", [_number(v, ",.0f") for v in frame[f"{config.y}_at_{recall:g}"]])
    columns["best recall"] = ("r", [_number(v, ".4f") for v in frame["best_recall"]])
    columns["build s"] = ("r", [_number(v, ",.1f") for v in frame["build_seconds"]])
    titles = ("index MiB", "build peak MiB", "search peak MiB")
    for title, name in zip(titles, COSTS[1:], strict=True):
        columns[title] = ("r", [_number(v / 2**20, ",.1f") for v in frame[name]])
    if frame["builds"].max() > 1:
        columns["build"] = ("l", [_params(value) for value in frame["build_params"]])
    if frame["violations"].max() > 0:
        columns["violations"] = ("r", [_number(v, ",.0f") for v in frame["violations"]])
    columns["failures"] = ("l", frame["failures"].tolist())
    cells = list(zip(*(values for _, values in columns.values()), strict=True))
    title = f"{data_title(rows)}; {conditions(rows)}"
    return Table(title, list(columns), "".join(side for side, _ in columns.values()), cells, _note(rows, config))


def _methods(frame: pd.DataFrame) -> list[str]:
    titles = (method_title(*method) for method in methods_in(frame))
    by_program = frame["timed_by"] == TimedBy.PROGRAM
    return [self_timed_title(title, is_self_timed=itself) for title, itself in zip(titles, by_program, strict=True)]


def _note(rows: pd.DataFrame, config: TableConfig) -> str:
    """Return which methods do not serve which workload, which are tied, and which rows were disturbed."""
    methods_of = [
        (panel["workload"].iloc[0], [method_title(*one) for one in unserved(panel)]) for panel in panels(rows)
    ]
    parts = dict.fromkeys(f"{workload} by {', '.join(methods)}" for workload, methods in methods_of if methods)
    sentences = []
    for panel in panels(rows):
        if tie := ties(panel, config.x, config.y, config.recalls):
            names = ", ".join(method_title(*method) for method in tie[1])
            sentences.append(f"A tie, within the noise, in {panel['workload'].iloc[0]} at {tie[0]:g}: {names}.")
    remarked = rows[rows["remarks"].notna()]
    for method, some in remarked.groupby(METHOD):
        of_method = rows[(rows[METHOD] == list(method)).all(axis=1)]
        example = str(some["remarks"].iloc[0]).partition(";")[0]
        sentences.append(
            f"{method_title(*map(str, method))}: {example} ({len(some)} of {len(of_method)} rows have a remark)."
        )
    if parts:
        sentences.append(f"Not served: {'; '.join(parts)}.")
    return "\n".join(sentences)


def _raw_table(rows: pd.DataFrame) -> Table:
    numeric = [pd.api.types.is_numeric_dtype(rows[name]) for name in rows]
    cells = [[NONE if pd.isna(value) else str(value) for value in line] for line in rows.itertuples(index=False)]
    return Table(f"{len(rows):,} rows", SCHEMA.names, "".join("r" if number else "l" for number in numeric), cells)


def _number(value: float, form: str) -> str:
    return NONE if pd.isna(value) else f"{value:{form}}"


def _params(value: Any) -> str:
    return ", ".join(f"{k} {v}" for k, v in json.loads(value).items()) or NONE if isinstance(value, str) else NONE
