"""The mathematics of figures and tables: means over repeats, Pareto fronts, and the value of a front at a recall."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.results.rows import METHOD, Status, reason_of

SETTING = [
    *(*METHOD, "rerank", "shards", "build_params", "search_params"),
    *("threads_build", "timed_seconds", "latency_queries"),
]
"""The columns that name a point of a figure; its repeats and seeds are averaged."""

_REASON = 70


@dataclass(frozen=True)
class Failure:
    """Rows of a method that ended without a result, all in the same way.

    Attributes:
        algorithm: the method.
        storage: the format of the vectors that it searches.
        status: how they ended.
        reason: the commonest reason, in one short line; empty where there is none.
        count: how many rows ended so.
        total: how many rows the method has.
    """

    algorithm: str
    storage: str
    status: str
    reason: str
    count: int
    total: int

    def __str__(self) -> str:
        """Return the status and the count in words."""
        words = self.status.replace("_", " ")
        if self.total == 1:
            return words
        return f"{words} in {f'{self.count} of' if self.count < self.total else 'all'} {self.total}"


def points(rows: pd.DataFrame, x: str, y: str, means: Sequence[str] = ()) -> pd.DataFrame:
    """Return one point per `SETTING`: mean and standard deviation over the rows that ended well.

    Args:
        rows: of one workload on one machine.
        x: a column of the store, such as ``recall``.
        y: another, such as ``qps``.
        means: more columns, to be averaged.

    Returns:
        The columns of `SETTING`, then x, y, x_std, y_std (0 for a single repeat), repeats and the means, sorted by
        `SETTING`.
    """
    good = rows[(rows["status"] == Status.OK) & rows[x].notna() & rows[y].notna()]
    groups = good.groupby(SETTING, sort=True, dropna=False)
    also: dict[str, Any] = {name: (name, "mean") for name in means}
    frame = groups.agg(x=(x, "mean"), y=(y, "mean"), x_std=(x, "std"), y_std=(y, "std"), repeats=(x, "size"), **also)
    return frame.fillna({"x_std": 0.0, "y_std": 0.0}).reset_index()


def pareto(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the positions of the points that no other beats in both x and y, by rising x and so falling y.

    A point is beaten by one that is at least as good in both and better in one. Of equal points, the first stays.

    Args:
        x: float64[m], higher is better.
        y: float64[m], higher is better.
    """
    order = np.lexsort((-y, -x))
    highest = np.maximum.accumulate(y[order])
    kept = y[order] > np.concatenate(([-np.inf], highest[:-1]))
    return order[kept][::-1]


def front(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a frame from `points` that lie on their Pareto front, by rising x."""
    return frame.iloc[pareto(frame["x"].to_numpy(np.float64), frame["y"].to_numpy(np.float64))]


def best_at(x: NDArray[np.float64], y: NDArray[np.float64], targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each target the best y where x is at least that, along the front and linear in log y between points.

    Before the front's first point its y holds, because that point reaches the target; past the last, the value is NaN.

    Args:
        x: float64[m].
        y: float64[m], positive.
        targets: float64[t], values of x.
    """
    at = pareto(x, y)
    if not len(at):
        return np.full(len(targets), np.nan)
    return np.exp(np.interp(targets, x[at], np.log(y[at]), right=np.nan))


def best_of_methods(frame: pd.DataFrame, targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each target the highest `best_at` of the methods of `points`; NaN where none reaches it."""
    best = np.full(len(targets), np.nan)
    for _, curve in frame.groupby(METHOD):
        best = np.fmax(best, best_at(curve["x"].to_numpy(np.float64), curve["y"].to_numpy(np.float64), targets))
    return best


def at_recall(rows: pd.DataFrame, y: str, recall: float | None) -> pd.DataFrame:
    """Return the rows of the fastest setting of each method of a panel that reaches a recall.

    Args:
        rows: of one workload on one machine.
        y: the column of throughput.
        recall: what the mean over the repeats has to reach; where no setting does, that of the highest recall counts.
            None keeps all settings.
    """
    good = rows[(rows["status"] == Status.OK) & rows["recall"].notna() & rows[y].notna()]
    if recall is None or good.empty:
        return good
    means = good.groupby(SETTING, dropna=False)[["recall", y]].transform("mean")
    reaches = means["recall"] >= recall
    some = reaches.groupby([good[name] for name in METHOD]).transform("any")
    rank = means[y].where(reaches, -np.inf).where(some, means["recall"])
    best = rank.groupby([good[name] for name in METHOD]).transform("max")
    return good[rank == best]


def failures(rows: pd.DataFrame) -> list[Failure]:
    """Return what failed, one entry per method and status.

    Neither a filter that a method does not serve nor a row without a recall is a failure.
    """
    total = rows.groupby(METHOD).size()
    bad = rows[~rows["status"].isin([Status.OK, Status.UNSUPPORTED])]
    groups = ((map(str, key), group) for key, group in bad.groupby([*METHOD, "status"]))
    return [
        Failure(algorithm, storage, status, _reason(group["error"]), len(group), int(total.loc[(algorithm, storage)]))
        for (algorithm, storage, status), group in groups
    ]


def unserved(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """Return algorithm and storage of the methods that do not serve the filters of a panel, sorted.

    All of their rows are unsupported.
    """
    unsupported = (rows["status"] == Status.UNSUPPORTED).groupby([rows[column] for column in METHOD]).all()
    return sorted((str(algorithm), str(storage)) for algorithm, storage in unsupported.index[unsupported])


def _reason(errors: pd.Series[str]) -> str:
    """Return the commonest reason, shortened."""
    reasons = errors.dropna().map(reason_of).value_counts()
    return textwrap.shorten(reasons.index[0], _REASON, placeholder=" …") if len(reasons) else ""


def failing_fractions(rows: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Return the highest fraction of answers that fail their filter, per algorithm and storage that has any.

    Only methods for AFANNS may give such answers and end well.
    """
    good = rows[(rows["status"] == Status.OK) & (rows["violations"] > 0)]
    fraction = good["violations"] / (good["queries"] * good["k"])
    highest: dict[Any, float] = fraction.groupby([good[column] for column in METHOD]).max().to_dict()
    return highest
