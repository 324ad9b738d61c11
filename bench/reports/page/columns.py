"""The columns of the rows as the page holds them: lists of values, or codes into a list where few are distinct."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from bench.results.rows import Row

SHOWN = (
    "status", "error", "search_params", "recall", "qps", "latency_p50_ms", "latency_p95_ms", "latency_p99_ms",
    "build_params", "build_seconds", "build_memory_bytes", "search_memory_bytes", "index_bytes", "qps_with_prepare",
    "qps_one_by_one", "recall_paper", "underfill", "violations", "distance_computations", "selectivity_mean",
    "relevance_mean", "hardness_mean", "rerank", "repeat", "seed", "threads_build", "started_at", "run_id", "timed_by",
    "code_revision", "remarks",
)  # fmt: skip
"""The columns of a row that the page holds; what is the same in a whole panel is kept there."""

_INFINITE = (float("inf"), float("-inf"))
_WORTHWHILE = 4  # rows per distinct value from which codes are shorter than values


@dataclass(frozen=True)
class Column:
    """The values of a column.

    Attributes:
        name: of the column in the store, or of one that reports derive.
        meaning: what it holds.
        unit: of its values.
        values: per row; or, with codes, the distinct values.
        codes: per row the position in `values`; None without codes.
    """

    name: str
    meaning: str
    unit: str
    values: list[Any]
    codes: list[int] | None


_METADATA = {f.name: f.metadata for f in fields(Row)}


def column_of(rows: pd.DataFrame, name: str) -> Column:
    """Return a column of rows; unknown values are None."""
    series = rows[name]
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        series = series.dt.strftime("%Y-%m-%d %H:%M:%S")
    whole = pd.api.types.is_float_dtype(series) and bool((series.dropna() % 1 == 0).all())  # NaN for unknown ones
    values = [None if pd.isna(v) or v in _INFINITE else int(v) if whole else v for v in series.tolist()]
    about = _METADATA.get(name, {"meaning": "", "unit": ""})
    distinct = list(dict.fromkeys(values))
    if len(distinct) * _WORTHWHILE > len(values):
        return Column(name, about["meaning"], about["unit"], values, None)
    position = {value: number for number, value in enumerate(distinct)}
    return Column(name, about["meaning"], about["unit"], distinct, [position[value] for value in values])
