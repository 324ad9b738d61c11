"""The distribution of the latencies of the queries, at the points that a chart may show."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from bench.core.errors import BenchError
from bench.results.curves import front
from bench.results.rows import Status
from bench.results.store import Store

LEVELS = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
"""The quantiles of a distribution."""


def quantiles_of(rows: pd.DataFrame, stores: Mapping[str, Store]) -> dict[int, list[float]]:
    """Return the quantiles of the latencies in ms, by the number of the point, of the points on each method's front.

    A point without per-query values has none.

    Args:
        rows: numbered, as the page holds them.
        stores: by the names in the column `store`.
    """
    good = rows[(rows["status"] == Status.OK) & rows["recall"].notna() & rows["qps"].notna()]
    means = good.groupby(["panel", "method", "point"], as_index=False).agg(x=("recall", "mean"), y=("qps", "mean"))
    kept = {number for _, curve in means.groupby(["panel", "method"]) for number in front(curve)["point"].tolist()}
    latencies: dict[int, list[np.ndarray]] = {}
    for (store, run_id, repeat), run in good[good["point"].isin(kept)].groupby(["store", "run_id", "repeat"]):
        try:
            queries = stores[str(store)].queries(str(run_id), int(str(repeat)))
        except BenchError:
            continue  # of an earlier version, or copied without them
        timed = queries[queries["latency_ms"].notna()]
        for point, setting in zip(run["point"], run["search_params"], strict=True):
            of_setting = timed.loc[timed["search_params"] == setting, "latency_ms"]
            if len(of_setting):
                latencies.setdefault(int(point), []).append(of_setting.to_numpy(np.float64))
    return {
        point: np.quantile(np.concatenate(parts), LEVELS).round(5).tolist()
        for point, parts in sorted(latencies.items())
    }
