"""Titles: what the rows of a figure or a panel have in common, in words."""

from __future__ import annotations

import re

import pandas as pd

from bench.core.leaf import FilterType
from bench.core.metrics import Metric

METRICS = {
    Metric.L2: "L2",
    Metric.COSINE: "cosine",
    Metric.IP: "inner product",
    Metric.HAMMING: "Hamming",
}
"""The names of metrics in titles."""


def data_title(rows: pd.DataFrame) -> str:
    """Return the dataset of the rows of a figure in words, with its metric."""
    row = rows.iloc[0]
    return f"{row['dataset']}: {row['n']:,} items x {row['dim']:,} dimensions, {METRICS[row['metric']]}"


def conditions(rows: pd.DataFrame) -> str:
    """Return the conditions that all rows of a figure share, in words."""
    row = rows.iloc[0]
    machine = f", {row['machine']}" if rows["machine"].nunique() == 1 else ""
    answers = f"k = {row['k']}, " if rows["k"].nunique() == 1 else ""
    return f"{answers}{row['threads_search']} search thread{'s' if row['threads_search'] > 1 else ''}{machine}"


def panel_title(rows: pd.DataFrame) -> str:
    """Return the filter type and the workload of a panel in words."""
    row = rows.iloc[0]
    kind = "no filter" if row["filter_type"] == FilterType.NONE else row["filter_type"]
    return kind if row["workload"].casefold() == row["filter_type"].casefold() else f"{kind} ({row['workload']})"


def self_timed_title(title: str, *, is_self_timed: bool) -> str:
    """Return the name of a method, marked if the program times itself."""
    return f"{title} (self-timed)" if is_self_timed else title


def panel_facts(rows: pd.DataFrame) -> str:
    """Return the number of queries of a panel, and the mean fraction of items that pass their filters."""
    selectivity = rows["selectivity_mean"].mean()
    passing = "" if pd.isna(selectivity) else f", {100 * selectivity:.3g}% of items pass"
    return f"{rows['queries'].iloc[0]:,} queries{passing}"


def natural_key(text: str) -> list[str | float]:
    """Return what sorts texts as a reader would: numbers in them by value, and letters regardless of their case."""
    parts = re.split(r"(\d+(?:\.\d+)?)", text.casefold())
    return [float(part) if number % 2 else part for number, part in enumerate(parts)]
