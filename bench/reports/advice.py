"""Which methods to use: those that reach a recall within limits, in order of throughput, and why others drop out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench.results.curves import best_at, failures, points, unserved
from bench.results.ranking import noises, places
from bench.results.rows import METHOD, reason_of

Method = tuple[str, str]
"""Algorithm and storage."""

LIMITS = {
    "memory": "memory_bytes",
    "index": "index_bytes",
    "build": "build_seconds",
    "latency": "latency_p95_ms",
}
"""What may be limited, and the column of `costed` that is."""

_COSTS = ["build_seconds", "index_bytes", "build_memory_bytes", "search_memory_bytes", "latency_p95_ms"]


@dataclass(frozen=True)
class Choice:
    """A method that qualifies.

    Attributes:
        method: algorithm and storage.
        place: 1 for the fastest; methods that the noise cannot tell apart have the same.
        tied: whether another method has the same place.
        throughput: queries per second at the recall, as `bench.table` interpolates it.
        noise: the relative noise of the throughput.
        point: its fastest stored setting that reaches the recall within the limits: a row of `costed`.
    """

    method: Method
    place: int
    tied: bool
    throughput: float
    noise: float
    point: pd.Series[float]


@dataclass(frozen=True)
class Dropout:
    """A method that does not qualify, and why.

    Attributes:
        method: algorithm and storage.
        kind: ``unserved``, ``failed``, ``unknown``, ``recall``, ``limit`` or ``limits``.
        limit: for ``unknown`` and ``limit``, the key of `LIMITS`.
        value: for ``recall`` the best recall; for ``limit`` the least that the method needs at the recall.
        words: for ``unserved`` and ``failed``, what the store says.
    """

    method: Method
    kind: str
    limit: str = ""
    value: float = np.nan
    words: str = ""


@dataclass(frozen=True)
class Advice:
    """The answer for one panel: who qualifies, best first, and who drops out, by name."""

    choices: list[Choice]
    dropouts: list[Dropout]


def advise(rows: pd.DataFrame, x: str, y: str, recall: float, limits: Mapping[str, float]) -> Advice:
    """Return which methods qualify and which do not.

    Args:
        rows: of one panel; see `bench.results.selection.panels`.
        x: the column of the recalls.
        y: the column of the throughput.
        recall: the least recall.
        limits: the most that a point may need, by keys of `LIMITS`.
    """
    curves = {(str(a), str(s)): costed(of_method, x, y) for (a, s), of_method in rows.groupby(METHOD)}
    allowed = {method: curve[_within(curve, limits)] for method, curve in curves.items()}
    throughput = {method: _at(curve, recall) for method, curve in allowed.items()}
    ranked = {method: value for method, value in throughput.items() if value > 0}
    noise_of = noises(rows, x, y)
    choices = [
        Choice(method, place, len(group) > 1, ranked[method], noise_of[method], _fastest(allowed[method], recall))
        for place, group in _numbered(places(ranked, noise_of))
        for method in group
    ]
    unserved_by, failed = reasons_unserved(rows), words_of_failures(rows)
    dropouts = [
        _dropout(method, curve, recall, limits) or _without_points(method, unserved_by, failed)
        for method, curve in curves.items()
        if method not in ranked
    ]
    return Advice(choices, dropouts)


def costed(rows: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    """Return the points of a method with their mean costs; `memory_bytes` is the most that build or search held."""
    curve = points(rows, x, y, _COSTS)
    return curve.assign(memory_bytes=curve[["build_memory_bytes", "search_memory_bytes"]].max(axis=1))


def _within(curve: pd.DataFrame, limits: Mapping[str, float]) -> pd.Series[bool]:
    """Return which points are within all limits; one whose cost is unknown is not."""
    inside = pd.Series(True, curve.index)
    for name, most in limits.items():
        inside &= curve[LIMITS[name]] <= most
    return inside


def _at(curve: pd.DataFrame, recall: float) -> float:
    x, y = curve["x"].to_numpy(np.float64), curve["y"].to_numpy(np.float64)
    return float(best_at(x, y, np.array([recall]))[0])


def _fastest(curve: pd.DataFrame, recall: float) -> pd.Series[float]:
    """Return the fastest point that reaches a recall."""
    return curve[curve["x"] >= recall].nlargest(1, "y").iloc[0]


def _numbered(groups: list[list[Method]]) -> Iterator[tuple[int, list[Method]]]:
    """Yield groups with their places: 1, then 1 more than the number of methods before."""
    before = 0
    for group in groups:
        yield before + 1, group
        before += len(group)


def _dropout(method: Method, curve: pd.DataFrame, recall: float, limits: Mapping[str, float]) -> Dropout | None:
    """Return why a method with points drops out: the recall, else the first limit that alone excludes it, else all."""
    if curve.empty:
        return None
    reaching = curve[curve["x"] >= recall]
    if reaching.empty:
        return Dropout(method, "recall", value=float(curve["x"].max()))
    for name, most in limits.items():
        least = float(reaching[LIMITS[name]].min())
        if np.isnan(least):
            return Dropout(method, "unknown", limit=name)
        if least > most:
            return Dropout(method, "limit", limit=name, value=least)
    return Dropout(method, "limits")


def _without_points(method: Method, unserved_by: Mapping[Method, str], failed: Mapping[Method, str]) -> Dropout:
    """Return why a method has no point."""
    if method in unserved_by:
        return Dropout(method, "unserved", words=unserved_by[method])
    failure = failed.get(method)
    return Dropout(method, "failed", words=failure) if failure else Dropout(method, "recall")


def words_of_failures(rows: pd.DataFrame) -> dict[Method, str]:
    """Return how the rows of each method failed and why, in words, for the methods that have failed rows."""
    words: dict[Method, list[str]] = {}
    for one in failures(rows):
        words.setdefault((one.algorithm, one.storage), []).append(f"{one}" + (f": {one.reason}" if one.reason else ""))
    return {method: "; ".join(parts) for method, parts in words.items()}


def reasons_unserved(rows: pd.DataFrame) -> dict[Method, str]:
    """Return why each method that does not serve the filters of a panel does not."""
    methods = unserved(rows)
    reasons = rows["error"].where(rows["error"].isna(), rows["error"].map(reason_of, na_action="ignore"))
    first = reasons.groupby([rows[name] for name in METHOD]).first()
    return {method: "" if pd.isna(first[method]) else str(first[method]) for method in methods}
