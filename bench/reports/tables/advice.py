"""The advice as a table per panel: who qualifies, and why others drop out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench.core.errors import BenchError, suggestion
from bench.core.leaf import FilterType
from bench.reports.advice import LIMITS, Advice, Choice, Dropout, advise
from bench.reports.commands import command_of
from bench.reports.tables.table import FORMATS, NONE, Table
from bench.reports.titles import conditions, data_title, panel_facts, panel_title
from bench.results.rows import method_title
from bench.results.selection import View, figures, panels

_SIZES = {"": 1, "b": 1, **{f"{p}b": 1000**i for i, p in enumerate("kmgt", 1)},
          **{f"{p}ib": 1024**i for i, p in enumerate("kmgt", 1)}}  # fmt: skip


@dataclass
class AdviseConfig(View):
    """The keys of ``configs/advise.yaml``, which explains them."""

    recall: float
    filter: str | None
    selectivity: float | None
    memory: str | None
    index: str | None
    build: float | None
    latency: float | None
    format: str


def render(config: AdviseConfig) -> str:
    """Return the advice for every panel that fits the question, as text.

    Raises:
        BenchError: a key is invalid, or no row matches.
    """
    if config.format not in FORMATS:
        raise BenchError(f"format={config.format} is unknown{suggestion(config.format, FORMATS)}")
    for key in ("recall", "selectivity"):
        value = getattr(config, key)
        if value is not None and not 0 <= value <= 1:
            raise BenchError(f"{key}={value} is out of range; it is between 0 and 1")
    limits, filter_type = _limits(config), _filter_type(config.filter)
    rows = config.rows()
    if filter_type is not None:
        stored = sorted(rows["filter_type"].unique())
        rows = rows[rows["filter_type"] == filter_type]
        if rows.empty:
            raise BenchError(
                f"filter={config.filter}: '{config.results}' has no rows of this type that match; it has "
                f"{', '.join(stored)}"
            )
    tables = [
        _table(panel, advise(panel, config.x, config.y, config.recall, limits), config)
        for _, figure in figures(rows)
        for panel in _asked(figure, config.selectivity)
    ]
    return "\n\n".join(FORMATS[config.format](table) for table in tables)


def _limits(config: AdviseConfig) -> dict[str, float]:
    """Return the limits that are set, by keys of `LIMITS`, in bytes, seconds and ms."""
    limits = {}
    for key in LIMITS:
        value = getattr(config, key)
        if value is None:
            continue
        limits[key] = bytes_of(key, value) if isinstance(value, str) else float(value)
        if not 0 < limits[key] < math.inf:
            raise BenchError(f"{key}={value} is out of range; it is above 0")
    return limits


def bytes_of(key: str, text: str) -> float:
    """Return a size such as ``1.5 GiB`` or ``500MB`` in bytes; a number alone is in bytes.

    Raises:
        BenchError: it is not a size; names the key.
    """
    match = re.fullmatch(r"\s*([\d.]+(?:e\d+)?)\s*([a-z]*)\s*", text, re.IGNORECASE)
    try:
        number, unit = float(match[1]), _SIZES[match[2].lower()]  # type: ignore[index]
    except (TypeError, ValueError, KeyError):
        raise BenchError(f"{key}={text} is not a size; give one such as {key}=1GiB or {key}=500MB") from None
    return number * unit


def _filter_type(name: str | None) -> FilterType | None:
    if name is None:
        return None
    types = {str(one).casefold(): one for one in FilterType}
    if name.casefold() not in types:
        raise BenchError(f"filter={name} is unknown{suggestion(name.casefold(), types)}")
    return types[name.casefold()]


def _asked(figure: pd.DataFrame, selectivity: float | None) -> Iterator[pd.DataFrame]:
    """Yield the panels of a figure; per machine and filter type, only the one closest to a selectivity if it is given.

    What is closest is judged by the ratio of the selectivities.
    """
    groups = panels(figure)
    if selectivity is None:
        yield from groups
        return
    closest: dict[tuple[str, str], pd.DataFrame] = {}
    distances: dict[tuple[str, str], float] = {}
    for panel in groups:
        key = (str(panel["machine"].iloc[0]), str(panel["filter_type"].iloc[0]))
        distance = abs(np.log(max(panel["selectivity_mean"].mean(), 1e-9)) - np.log(max(selectivity, 1e-9)))
        if not np.isnan(distance) and distance < distances.get(key, math.inf):
            closest[key], distances[key] = panel, distance
    yield from closest.values()


def _table(panel: pd.DataFrame, advice: Advice, config: AdviseConfig) -> Table:
    """Return the methods that qualify, best first; below, the command of the best one, and who drops out and why."""
    header = ["place", "method", f"QPS @ {config.recall:g}", "noise", "build s", "index MiB", "memory MiB", "p95 ms"]
    lines = [_line(choice) for choice in advice.choices] or [[NONE] * len(header)]
    title = f"{panel_title(panel)}: {panel_facts(panel)}; {data_title(panel)}; {conditions(panel)}"
    notes = []
    if advice.choices:
        best = advice.choices[0]
        row = panel.iloc[0].to_dict() | {"algorithm": best.method[0], "storage": best.method[1]} | best.point.to_dict()
        notes.append(f"To run {method_title(*best.method)} again: {command_of(row)}")
    else:
        notes.append(f"No method reaches a recall of {config.recall:g} within the limits.")
    notes += [f"{method_title(*one.method)} drops out: {reason(one)}." for one in advice.dropouts]
    return Table(title, header, "rlrrrrrr", lines, "\n".join(notes))


def _line(choice: Choice) -> list[str]:
    place = f"{choice.place}=" if choice.tied else f"{choice.place}"
    point = choice.point
    costs = [point["index_bytes"] / 2**20, point["memory_bytes"] / 2**20]
    return [
        *(place, method_title(*choice.method), f"{choice.throughput:,.0f}", f"±{choice.noise:.0%}"),
        *(_number(value, ",.1f") for value in (point["build_seconds"], *costs)),
        _number(point["latency_p95_ms"], ".3f"),
    ]


def reason(dropout: Dropout) -> str:
    """Return why a method drops out, in words."""
    match dropout.kind:
        case "unserved":
            return "it does not serve these filters" + (f" ({dropout.words})" if dropout.words else "")
        case "failed":
            return dropout.words
        case "unknown":
            return f"its {_WHAT[dropout.limit]} was not measured"
        case "recall" if np.isnan(dropout.value):
            return "it has no recall, as no query has a match"
        case "recall":
            return f"it reaches a recall of {dropout.value:.4f} only"
        case "limit":
            return f"its {_WHAT[dropout.limit]} is at least {_AMOUNT[dropout.limit](dropout.value)} at this recall"
        case _:
            return "no single setting meets all limits"


_WHAT = {"memory": "memory", "index": "index", "build": "build time", "latency": "95th percentile of latencies"}
_AMOUNT = {
    "memory": lambda value: f"{value / 2**20:,.1f} MiB",
    "index": lambda value: f"{value / 2**20:,.1f} MiB",
    "build": lambda value: f"{value:,.1f} s",
    "latency": lambda value: f"{value:.3f} ms",
}


def _number(value: float, form: str) -> str:
    return NONE if pd.isna(value) else f"{value:{form}}"
