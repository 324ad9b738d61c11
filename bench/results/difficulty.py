"""What makes a query hard: recall and latency of single queries against hardness, selectivity and relevance."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bench.results.curves import at_recall
from bench.results.rows import METHOD
from bench.results.selection import panels
from bench.results.store import Store

PREDICTORS = ("hardness", "selectivity", "relevance")
"""The columns that may explain how a query goes; all follow from the data alone."""

MEASURES = ("recall", "latency_ms")
"""The columns that are to be explained."""

_DECILES = 10
_FEWEST = 20
"""How many queries a correlation is of, at least."""


def queries_at(rows: pd.DataFrame, store: Store, recall: float) -> pd.DataFrame:
    """Return the queries of the fastest setting of each method in each workload that reaches a recall.

    Args:
        rows: of one figure.
        store: gives the values of every query.
        recall: the mean recall that the setting has to reach.

    Returns:
        algorithm, storage, workload, and the columns of `bench.results.rows.QueryRow`, of all repeats: of queries that
        some item matches, in runs that stored their hardness.

    Raises:
        BenchError: a file of the store is damaged.
    """
    parts = []
    for panel in panels(rows):
        chosen = at_recall(panel, "qps", recall)
        for row in chosen[chosen["recall"] >= recall].to_dict("records"):
            if not store.has_queries(row["run_id"], row["repeat"]):
                continue
            queries = store.queries(row["run_id"], row["repeat"])
            if "hardness" not in queries:
                continue
            matched = (queries["search_params"] == row["search_params"]) & queries["hardness"].notna()
            parts.append(queries[matched].assign(**{name: row[name] for name in (*METHOD, "workload")}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def by_tenth(queries: pd.DataFrame, by: str, measure: str) -> pd.DataFrame:
    """Return the mean of a measure in each tenth of the queries by a predictor; queries of equal value stay together.

    Args:
        queries: of one method in one workload.
        by: a column of `PREDICTORS`.
        measure: one of `MEASURES`; queries without it are left out.

    Returns:
        x, the mean of the predictor, and y, the mean of the measure, from the lowest tenth up.
    """
    some = queries[queries[measure].notna() & (queries[by] > 0)]
    tenth = pd.qcut(some[by], _DECILES, labels=False, duplicates="drop").fillna(0)
    return some.groupby(tenth).agg(x=(by, "mean"), y=(measure, "mean")).astype(np.float64)


def correlations(queries: pd.DataFrame) -> pd.DataFrame:
    """Return how well each predictor orders the queries of each method by recall and by latency.

    It is Spearman's correlation within a workload, and its mean over the workloads in which all predictors and the
    measure vary. So all predictors are compared over the same queries.

    Args:
        queries: as `queries_at` returns them.

    Returns:
        algorithm, storage, measure, workloads (how many), and a column per predictor.
    """
    lines = []
    for (algorithm, storage, _), group in queries.groupby([*METHOD, "workload"], sort=True):
        for measure in MEASURES:
            some = group[[*PREDICTORS, measure]].dropna()
            if len(some) < _FEWEST or (some.nunique() < 2).any():
                continue
            rho = some.corr(method="spearman")[measure]
            lines.append({"algorithm": algorithm, "storage": storage, "measure": measure, **rho[list(PREDICTORS)]})
    if not lines:
        return pd.DataFrame(columns=[*METHOD, "measure", "workloads", *PREDICTORS])
    groups = pd.DataFrame(lines).groupby([*METHOD, "measure"], sort=True)
    means = groups[list(PREDICTORS)].mean()
    means.insert(0, "workloads", groups.size())
    return means.reset_index()
