"""The tables of growth: the exponents of costs and QPS, and what a method would cost at sizes that nobody measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench.reports.figures.style import style_of
from bench.reports.tables.table import NONE, Table
from bench.reports.titles import conditions
from bench.results.extrapolation import Costs, Node, Sharding, growths, shard
from bench.results.growth import FARTHEST, LEVEL, Estimate, fit, measured
from bench.results.rows import METHOD

MEASURES = {
    "build_seconds": "build time",
    "build_memory_bytes": "build memory",
    "index_bytes": "index size",
    "qps": "QPS @ {recall:g}",
}
"""The columns of exponents: columns of `measured`, and their titles."""

SIZES = (10**8, 10**9)
"""The numbers of items to which growth is extrapolated."""

_NODE = Node()
_WORTH = 2
"""How many times the time per query of the best method another one may take, to be worth running."""

_INTERVALS = f"In brackets: the interval of {LEVEL:.0%}"


def exponent_table(
    groups: Mapping[str, pd.DataFrame], by: str, label: str, title: str, *, recall: float
) -> Table | None:
    """Return a line per group and method with the exponents of its costs and QPS; None without methods at two values.

    Args:
        groups: rows of the store by what they are called, such as their filter type.
        by: the quantity, a numeric column of the rows.
        label: its name.
        title: of the data.
        recall: the recall at which QPS are read off.
    """
    lines = []
    for group, rows in groups.items():
        for (algorithm, storage), line in measured(rows, by, recall).groupby(METHOD):
            at = line[by].tolist()
            if len(at) > 1:
                laws = [fit(at, line[column].tolist()) for column in MEASURES]
                exponents = [_interval(law.exponent, "+.2f") for law in laws]
                label_of = style_of(str(algorithm), str(storage)).label
                lines.append([group, label_of, f"{len(at)}: {min(at):,} to {max(at):,}", *exponents])
    if not lines:
        return None
    header = ["filters", "method", label, *(name.format(recall=recall) for name in MEASURES.values())]
    return Table(
        f"Exponents of growth with the number of {label}. {title}; {_conditions(groups)}",
        header,
        "lll" + "r" * len(MEASURES),
        lines,
        f"{_INTERVALS}. *: from two values, which have no interval. QPS count where the recall is reached.",
    )


@dataclass(frozen=True)
class _Candidate:
    """A method at a size.

    Attributes:
        label: its name.
        whole: the costs of one index.
        sharding: how it would be sharded, if it can be.
    """

    label: str
    whole: Costs
    sharding: Sharding | None

    @property
    def seconds(self) -> float:
        """The time of search threads for a query; infinite where it is unknown."""
        seconds = self.sharding.seconds_per_query.value if self.sharding else np.nan
        return float("inf") if np.isnan(seconds) else seconds


def extrapolation_table(
    groups: Mapping[str, pd.DataFrame], title: str, *, recall: float, node: Node = _NODE
) -> Table | None:
    """Return a line per group, size of `SIZES` and method, those that need the least time for a query first.

    Args:
        groups: rows of the store of several numbers of items, by what they are called.
        title: of the data.
        recall: the recall at which QPS are read off.
        node: what a shard may take.
    """
    lines, verdicts = [], []
    for group, rows in groups.items():
        frame = measured(rows, "n", recall)
        for items in SIZES:
            candidates = _candidates(frame, items, node)
            if candidates:
                lines += [[group, f"{items:,}", *_line(one, candidates[0].seconds)] for one in candidates]
                verdicts.append(f"{group}, {items:,} items: {_verdict(candidates)}")
    if not lines:
        return None
    header = ["filters", "items", "method", "build h", "memory GiB", "QPS", "shards", "items a shard",
              "build h a shard", "QPS of all shards", "ms per query", "over the best"]  # fmt: skip
    return Table(
        f"Extrapolation to nodes with {node.memory_bytes / 2**30:g} GiB, and {node.build_seconds / 3600:g} h for a "
        f"build. {title}; {_conditions(groups)}",
        header,
        "lrl" + "r" * 9,
        lines,
        f"{_INTERVALS} of a measurement. *: fitted to two sizes, or more than {FARTHEST} times beyond the largest.\n"
        f"QPS are those at a recall of {recall:g}. First one index of all items, then a shard per node: a query goes "
        "to all shards, which search it side by side, on a thread each; ms per query is the time of all these threads. "
        "Merging and the network are left out.\n" + "\n".join(verdicts),
    )


def _candidates(frame: pd.DataFrame, items: int, node: Node) -> list[_Candidate]:
    """Return the methods of `measured` whose index sizes have a law, the one with the least time for a query first."""
    candidates = [
        _Candidate(style_of(*method).label, growth.at(items), shard(growth, items, node))
        for method, growth in growths(frame)
        if not np.isnan(growth.memory_bytes.power)
    ]
    return sorted(candidates, key=lambda one: one.seconds)


def _line(one: _Candidate, least: float) -> list[str]:
    """Return the cells of a method at a size."""
    whole = [_interval(one.whole.build_seconds, scale=3600), _interval(one.whole.memory_bytes, scale=2**30),
             _interval(one.whole.qps)]  # fmt: skip
    if one.sharding is None:
        return [one.label, *whole, *[NONE] * 6]
    each = one.sharding.each
    return [
        one.label,
        *whole,
        f"{one.sharding.shards:,}",
        f"{each.items:,}",
        _interval(each.build_seconds, scale=3600),
        _interval(each.qps),
        _interval(one.sharding.seconds_per_query, scale=1e-3),
        NONE if np.isinf(one.seconds) else _number(one.seconds / least),
    ]


def _verdict(candidates: list[_Candidate]) -> str:
    """Return in words which methods are worth running on how many shards, the best first."""
    least = candidates[0].seconds
    worth = [
        f"{one.label}{_star(one.sharding.seconds_per_query)} ({one.sharding.shards:,} x {one.sharding.each.items:,})"
        for one in candidates
        if one.sharding and one.seconds <= _WORTH * least < np.inf
    ]
    if not worth:
        return "no method has been measured at two sizes with this recall."
    return f"worth running, with at most {_WORTH} times the least time per query: {'; '.join(worth)}."


def _conditions(groups: Mapping[str, pd.DataFrame]) -> str:
    """Return the conditions of all rows in words, with the threads of the builds."""
    rows = pd.concat(groups.values())
    threads = ", ".join(map(str, sorted(rows["threads_build"].unique())))
    return f"{conditions(rows)}, builds on {threads} threads"


def _interval(estimate: Estimate, form: str = "", scale: float = 1) -> str:
    """Return an estimate with its interval, if it has one, and a star unless it is supported."""
    value, low, high = (_number(end / scale, form) for end in (estimate.value, estimate.low, estimate.high))
    if value == NONE:
        return NONE
    interval = "" if low == NONE else f" ({low} to {high})"
    return f"{value}{interval}{_star(estimate)}"


def _star(estimate: Estimate) -> str:
    return "" if estimate.is_supported else "*"


def _number(value: float, form: str = "") -> str:
    """Return a number in a format, or else with three digits."""
    if np.isnan(value):
        return NONE
    if not form:
        form = ".1e" if value >= 1e6 or 0 < value < 1e-3 else ",.0f" if value >= 100 else ".3g"
    return f"{value:{form}}"
