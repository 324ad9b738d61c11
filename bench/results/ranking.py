"""The order of methods by throughput, in which what the noise cannot tell apart is a tie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
import pandas as pd

Method = TypeVar("Method")


def noise(rows: pd.DataFrame, curve: pd.DataFrame) -> float:
    """Return the relative noise of a method's throughput: the spread of its passes, or that of its repeats if greater.

    Args:
        rows: of one method on one panel.
        curve: its points, from `bench.results.curves.points`.
    """
    passes = (rows["slowest_pass_seconds"] / rows["fastest_pass_seconds"]) ** 0.5 - 1
    return float(np.nanmax([passes.median(), (curve["y_std"] / curve["y"]).median(), 0.0]))


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
