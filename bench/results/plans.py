"""The plans that methods chose for queries: what they expected of them, against what the queries took."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bench.results.rows import METHOD
from bench.results.store import Store


def planned_queries(rows: pd.DataFrame, store: Store) -> pd.DataFrame:
    """Return the queries of rows that have plans.

    Returns:
        algorithm, storage, search_params, repeat, and the columns of `bench.results.rows.QueryRow`, with ``bias``: the
        natural logarithm of the estimate over the latency, NaN where one is missing.

    Raises:
        BenchError: a file of the store is damaged.
    """
    parts = []
    for row in rows.to_dict("records"):
        if not store.has_queries(row["run_id"], row["repeat"]):
            continue
        queries = store.queries(row["run_id"], row["repeat"])
        if "plan" not in queries or queries["plan"].isna().all():
            continue
        of_setting = queries[(queries["search_params"] == row["search_params"]) & queries["plan"].notna()]
        parts.append(of_setting.assign(**{name: row[name] for name in (*METHOD, "repeat")}))
    if not parts:
        return pd.DataFrame()
    frame = pd.concat(parts, ignore_index=True)
    expected, took = (frame[name].to_numpy(np.float64, na_value=np.nan) for name in ("estimate_ms", "latency_ms"))
    with np.errstate(divide="ignore", invalid="ignore"):
        bias = np.log(expected / took)
    return frame.assign(bias=np.where(np.isfinite(bias), bias, np.nan))


def by_plan(queries: pd.DataFrame) -> pd.DataFrame:
    """Return a row per method, search setting and plan of `planned_queries`, the commonest plan first.

    Returns:
        algorithm, storage, search_params, plan, queries (how many took the plan, the mean over the repeats),
        selectivity_low and selectivity_high, recall (the mean), estimate_ms and latency_ms (medians), bias (the mean)
        and timed (how many queries the bias is of).
    """
    by = [*METHOD, "search_params"]
    groups = queries.groupby([*by, "plan"], sort=True)
    frame = groups.agg(
        queries=("plan", "size"),
        selectivity_low=("selectivity", "min"),
        selectivity_high=("selectivity", "max"),
        recall=("recall", "mean"),
        estimate_ms=("estimate_ms", "median"),
        latency_ms=("latency_ms", "median"),
        bias=("bias", "mean"),
        timed=("bias", "count"),
    ).reset_index()
    repeats = queries.groupby(by)["repeat"].nunique().rename("repeats")
    frame["queries"] /= frame.join(repeats, on=by)["repeats"]
    return frame.sort_values([*by, "queries"], ascending=[True, True, True, False], kind="stable").reset_index(
        drop=True
    )


def worst_estimates(queries: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return the queries of `planned_queries` whose estimates are farthest off, by a factor up or down."""
    off = queries[queries["bias"].notna()]
    order = np.argsort(-off["bias"].abs().to_numpy(np.float64), kind="stable")
    return off.iloc[order[:count]]
