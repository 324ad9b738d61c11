"""What a router over the existing methods would reach: it chooses a method for every cell.

The best choice in every cell is the ceiling, a fixed rule is the floor. Between them is a router that learns from the
rows of all other workloads which method to expect how much of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from bench.core.errors import BenchError
from bench.core.leaf import FilterType
from bench.results.regret import Regrets
from bench.results.rows import method_title
from bench.results.selection import FIGURE, PANEL

ROUTED = "routed"
"""Stands in place of the storage of a router, whose choices may differ in theirs."""

ROUTERS = {
    "oracle": "the oracle the best one",
    "rule": "the rule by filter type and selectivity",
    "learned": "the learned one by what it saw of all other workloads",
}
"""What each router goes by, in words."""

SCAN_BELOW = 0.02
"""The selectivity below which the rule scans, as Vespa does."""

IGNORE_ABOVE = 0.6
"""The selectivity above which the rule filters afterwards: Lucene searches without the filter from there."""

_SCANS = ("prefilter",)
_AFTERWARDS = ("hnsw_postfilter", "hnswlib_postfilter", "faiss_hnsw_postfilter")
_ANY_FILTER = ("acorn", "navix", "hnswlib_infilter", "faiss_hnsw_infilter")
_OF_TYPE = {
    FilterType.EM: ("filtered_vamana", "ung", "stitched_vamana"),
    FilterType.EMIS: ("ung", "filtered_vamana", "stitched_vamana"),
    FilterType.R: ("irangegraph", "digra", "serf"),
}

_FEATURES = ["selectivity_mean", "hardness_median", "relevance_mean"]
_LOGARITHMIC = ("selectivity_mean", "hardness_median", "n", "dim")
_NOT_REACHED = np.log(100.0)
"""The logarithm of the regret at which a recall that is not reached counts for the learned router."""

_UNKNOWN = -1e6
"""What an unknown input counts as: less than any that is known."""

_ITERATIONS, _FEWEST_IN_A_LEAF = 100, 3

Choices = NDArray[np.intp]
"""intp[cells], the position of the method that is chosen for each cell; -1 for none."""


def cell_features(each: Regrets, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of cells with what is known of their workloads before anything is searched.

    Args:
        each: the regret of methods in cells.
        rows: those of which it is.

    Returns:
        the columns of `bench.results.regret.CELL`, selectivity_mean, hardness_median and relevance_mean.
    """
    means = rows.groupby([*FIGURE, *PANEL], dropna=False)[_FEATURES].mean().reset_index()
    return each.cells.merge(means, on=[*FIGURE, *PANEL], how="left")


def oracle(each: Regrets) -> Choices:
    """Return the best method of every cell, as measured: the ceiling."""
    qps = np.where(np.isnan(each.qps[:, :, 0]), -np.inf, each.qps[:, :, 0])
    return np.where(np.isinf(qps).all(axis=1), -1, qps.argmax(axis=1))


def rule(each: Regrets, features: pd.DataFrame) -> Choices:
    """Return what follows from selectivity and filter type alone: the floor.

    Scan below `SCAN_BELOW`, filter afterwards above `IGNORE_ABOVE`; between, take an index for the filter type, or else
    one for any filter. Of each kind, the first that the rows have and that serves the cell is taken.
    """
    choices = []
    for served, filter_type, selectivity in zip(
        each.served, features["filter_type"], features["selectivity_mean"], strict=True
    ):
        order = (*_OF_TYPE.get(filter_type, ()), *_ANY_FILTER, *_AFTERWARDS, *_SCANS)
        if selectivity < SCAN_BELOW:
            order = (*_SCANS, *order)
        elif selectivity > IGNORE_ABOVE:
            order = (*_AFTERWARDS, *order)
        served_methods = [j for j in np.flatnonzero(served) if each.methods[j][0] in order]
        choices.append(min(served_methods, key=lambda j: order.index(each.methods[j][0]), default=-1))
    return np.array(choices, np.intp)


def learned(each: Regrets, features: pd.DataFrame, *, seed: int = 0) -> Choices:
    """Return what gradient-boosted trees expect to be best, having seen all workloads but that of the cell.

    They learn the regret of a method in a cell from the method, the filter type, selectivity, hardness, relevance, k,
    the recall, and the number of items and dimensions.

    Args:
        each: the regret of methods in cells.
        features: see `cell_features`.
        seed: of the trees.

    Raises:
        BenchError: scikit-learn is not installed, or there are fewer than two workloads.
    """
    try:
        from sklearn.ensemble import HistGradientBoostingRegressor
    except ImportError as error:
        raise BenchError("the learned router needs an extra: pip install 'fanns-bench[routers]'") from error
    values = each.values[:, :, 0]
    reachable = np.asarray(np.isfinite(values).any(axis=1))
    workloads = features["workload"].tolist()
    if features.loc[reachable, "workload"].nunique() < 2:
        raise BenchError("the learned router needs two workloads or more, as it learns from all but that of the cell")
    x = np.nan_to_num(_inputs(features, len(each.methods)), nan=_UNKNOWN)
    y = np.minimum(np.log(np.where(np.isnan(values), 1.0, values)), _NOT_REACHED)
    usable = each.served & reachable[:, None]
    choices = np.full(len(features), -1, np.intp)
    for workload in dict.fromkeys(workloads):
        here = np.array([name == workload for name in workloads])
        learnt = usable & ~here[:, None]
        model = HistGradientBoostingRegressor(
            max_iter=_ITERATIONS,
            min_samples_leaf=_FEWEST_IN_A_LEAF,
            early_stopping=False,
            random_state=seed,
        )
        # Figures are drawn in forked processes, where a pool of OpenMP threads of the parent would be waited for.
        with threadpool_limits(limits=1, user_api="openmp"):
            model.fit(x[learnt], y[learnt])
            expected = model.predict(x[here].reshape(-1, x.shape[-1])).reshape(int(here.sum()), -1)
        expected[~each.served[here]] = np.inf
        choices[here] = np.where(np.isinf(expected).all(axis=1), -1, expected.argmin(axis=1))
    return choices


def _inputs(features: pd.DataFrame, methods: int) -> NDArray[np.float64]:
    """Return float64[cells, methods, inputs]: which method, which filter type, and then what is known of the cell.

    Methods and filter types have a column each, as a split by categories would need ten rows of each.
    """
    numbers = features[["recall", "k", "n", "dim", *_FEATURES]].astype(np.float64)
    with np.errstate(divide="ignore"):
        logs = {name: np.log(numbers[name].clip(lower=np.finfo(np.float64).tiny)) for name in _LOGARITHMIC}
    types = features["filter_type"].to_numpy()[:, None] == np.array([str(one) for one in FilterType])
    of_cell = np.column_stack([types, numbers.assign(**logs)]).astype(np.float64)
    method = np.broadcast_to(np.eye(methods), (len(features), methods, methods))
    return np.concatenate([method, np.repeat(of_cell[:, None, :], methods, axis=1)], axis=2)


def routed(each: Regrets, choices: Mapping[str, Choices]) -> Regrets:
    """Return the regret of methods and, after them, of routers; the storage of a router is `ROUTED`."""
    qps, served = [each.qps], [each.served]
    for chosen in choices.values():
        of_router = np.take_along_axis(each.qps, np.maximum(chosen, 0)[:, None, None], axis=1)
        qps.append(np.where((chosen >= 0)[:, None, None], of_router, np.nan))
        served.append((chosen >= 0)[:, None])
    methods = [*each.methods, *((name, ROUTED) for name in choices)]
    return replace(each, methods=methods, qps=np.concatenate(qps, axis=1), served=np.concatenate(served, axis=1))


def title_of(algorithm: str, storage: str) -> str:
    """Return the name of a method or a router in words."""
    return f"{algorithm} router" if storage == ROUTED else method_title(algorithm, storage)


def route(each: Regrets, rows: pd.DataFrame) -> tuple[dict[str, Choices], str]:
    """Return the choices of the oracle, of the rule and of the learned router, and why one is missing.

    Args:
        each: the regret of methods in cells.
        rows: those of which it is.

    Returns:
        the choices by the names of the routers, and a sentence; empty if all are there.
    """
    features = cell_features(each, rows)
    choices = {"oracle": oracle(each), "rule": rule(each, features)}
    try:
        return choices | {"learned": learned(each, features)}, ""
    except BenchError as error:
        return choices, str(error)
