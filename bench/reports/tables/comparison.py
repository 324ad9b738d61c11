"""Two sets of rows side by side: what changed in throughput and recall, what is new, and what is gone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.core.errors import BenchError, suggestion
from bench.reports.tables.table import FORMATS, NONE, Table
from bench.results.rows import METHOD, Status, method_title
from bench.results.store import Store

_BY = ("code_digest", "code_revision")
_SETTING = [
    *("dataset", "data_digest", "workload", "workload_digest", "k", *METHOD, "rerank", "build_params", "search_params"),
    *("shards", "threads_build", "threads_search", "cpu_model", "cores"),
]


@dataclass
class CompareConfig:
    """The keys of ``configs/compare.yaml``, which explains them."""

    a: str | None
    b: str | None
    results: str
    y: str
    format: str


def render(config: CompareConfig) -> str:
    """Return the comparison as text.

    Raises:
        BenchError: a side is not set or has no row, or a key is invalid.
    """
    if config.format not in FORMATS:
        raise BenchError(f"format={config.format} is unknown{suggestion(config.format, FORMATS)}")
    before, after = _side("a", config.a, config.results), _side("b", config.b, config.results)
    if config.y not in ("qps", "qps_with_prepare", "qps_one_by_one"):
        raise BenchError(f"y={config.y} is not one of qps, qps_with_prepare, qps_one_by_one")
    return FORMATS[config.format](_table(compared(before, after, config.y), config))


def _side(key: str, name: str | None, results: str) -> pd.DataFrame:
    """Return the rows of a side: of a store, or those of a code digest or revision in the store `results`.

    Raises:
        BenchError: there are none.
    """
    if name is None:
        raise BenchError(f"{key} is not set; set {key} to a results folder, a code digest or a revision")
    if Path(name).is_dir():
        rows = Store(Path(name)).rows()
        if rows.empty:
            raise BenchError(f"{key}={name}: there are no results in this folder")
        return rows
    rows = Store(Path(results)).all_rows()
    for column in _BY:
        chosen = rows[rows[column].notna() & rows[column].astype(str).str.startswith(name)]
        if len(chosen):
            return chosen.drop_duplicates([*_SETTING, "repeat", "seed"], keep="last")
    digests = sorted({str(value) for column in _BY for value in rows[column].dropna()})
    raise BenchError(
        f"{key}={name} is neither a folder nor a code digest or revision in '{results}'{suggestion(name, digests)}"
    )


def compared(before: pd.DataFrame, after: pd.DataFrame, y: str) -> pd.DataFrame:
    """Return a row per setting of either side.

    Args:
        before: rows of the store.
        after: other rows.
        y: a column of throughput.

    Returns:
        The columns of a setting, then before and after (mean throughput over repeats), ratio with its bounds low and
        high, recall (after minus before), and status (``same``, ``faster``, ``slower``, ``new``, ``gone``, or how one
        side failed). The bounds are those of the passes and repeats of both sides: a change within them is noise.
    """
    sides = [_means(rows, y).add_suffix(f"_{name}") for name, rows in (("a", before), ("b", after))]
    frame = sides[0].join(sides[1], how="outer")
    ratio = frame["y_b"] / frame["y_a"]
    result = pd.DataFrame(
        {
            "before": frame["y_a"],
            "after": frame["y_b"],
            "ratio": ratio,
            "low": frame["low_b"] / frame["high_a"],
            "high": frame["high_b"] / frame["low_a"],
            "recall": frame["recall_b"] - frame["recall_a"],
        }
    )
    result["status"] = [_status(line) for line in result.assign(a=frame["status_a"], b=frame["status_b"]).itertuples()]
    return result.reset_index()


def _means(rows: pd.DataFrame, y: str) -> pd.DataFrame:
    """Return mean throughput, its bounds, mean recall and the worst status of each setting."""
    spread = (rows["slowest_pass_seconds"] / rows["fastest_pass_seconds"]).fillna(1.0) ** 0.5
    rows = rows.assign(y=rows[y], low=rows[y] / spread, high=rows[y] * spread, bad=rows["status"] != Status.OK)
    groups = rows.sort_values("bad").groupby(_SETTING, dropna=False)
    return groups.agg(
        y=("y", "mean"), low=("low", "min"), high=("high", "max"), recall=("recall", "mean"), status=("status", "last")
    )


def _status(line: Any) -> str:
    if pd.isna(line.a) or pd.isna(line.b):
        return "new" if pd.isna(line.a) else "gone"
    for status in (line.b, line.a):
        if status != Status.OK:
            return str(status)
    return "faster" if line.low > 1 else "slower" if line.high < 1 else "same"


def _table(frame: pd.DataFrame, config: CompareConfig) -> Table:
    columns = ["dataset", "workload", "method", "build", "search", "before", "after", "ratio", "recall", "change"]
    cells = [_cells(line) for line in frame.itertuples()]
    both = frame["ratio"].dropna()
    mean = f"; geometric mean of the ratios: {np.exp(np.log(both).mean()):.3f}" if len(both) else ""
    title = f"{config.y} of {config.a} (before) and {config.b} (after), {len(frame):,} settings{mean}"
    note = (
        "Ratio: after / before, with the bounds that the spread of passes and repeats allows; within them it is noise."
    )
    return Table(title, columns, "lllllrrrrl", cells, note)


def _cells(line: Any) -> tuple[str, ...]:
    return (
        *(line.dataset, line.workload, method_title(line.algorithm, line.storage)),
        *(_params(line.build_params), _params(line.search_params)),
        *(_number(value, ",.0f") for value in (line.before, line.after)),
        f"{_number(line.ratio, '.2f')} [{_number(line.low, '.2f')}, {_number(line.high, '.2f')}]",
        _number(line.recall, "+.4f"),
        line.status,
    )


def _params(text: str) -> str:
    return ", ".join(f"{name} {value}" for name, value in json.loads(text).items()) or NONE


def _number(value: float, form: str) -> str:
    return NONE if pd.isna(value) else f"{value:{form}}"
