"""The order of methods by throughput, in which what the noise cannot tell apart is a tie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import pandas as pd

from bench.results.curves import SETTING
from bench.results.rows import METHOD, Status

Method = TypeVar("Method")


def noises(
    rows: pd.DataFrame, x: str, y: str, by: Sequence[str] = METHOD, point: Sequence[str] = SETTING
) -> dict[Any, float]:
    """Return the relative noise of the throughput of each method.

    It is the spread of the passes or that of the repeats, whichever is greater, each the median over a method's rows or
    points.

    Args:
        rows: of one panel, or of several that are among `by`.
        x: the column of the recalls.
        y: the column of the throughput.
        by: the columns that tell methods apart.
        point: the columns that tell the points of a method apart.
    """
    keys = [rows[name] for name in by]
    passes = ((rows["slowest_pass_seconds"] / rows["fastest_pass_seconds"]) ** 0.5 - 1).groupby(keys).median()
    good = rows[(rows["status"] == Status.OK) & rows[x].notna() & rows[y].notna()]
    points = good.groupby([*by, *(name for name in point if name not in by)], dropna=False)[y].agg(["mean", "std"])
    repeats = (points["std"].fillna(0.0) / points["mean"]).groupby(list(by)).median()
    both: dict[Any, float] = pd.concat([passes, repeats], axis=1).max(axis=1).fillna(0.0).clip(lower=0.0).to_dict()
    return both


def places(throughput: Mapping[Method, float], noise_of: Mapping[Method, float]) -> list[list[Method]]:
    """Return the methods in groups of equal place, the fastest group first and the fastest of a group first.

    A group is the fastest method that remains and all that the noise of both cannot tell from it.

    Args:
        throughput: of each method; those without a positive value have no place.
        noise_of: the relative noise of each method.
    """
    remaining = sorted((m for m, value in throughput.items() if value > 0), key=lambda m: -throughput[m])
    groups = []
    while remaining:
        first = remaining[0]
        allowed = {m: (1 + noise_of[first]) * (1 + noise_of[m]) for m in remaining}
        groups.append([m for m in remaining if m == first or throughput[first] / throughput[m] <= allowed[m]])
        remaining = [m for m in remaining if m not in groups[-1]]
    return groups
