"""Regret: how many times as fast the best method of a cell is as another. A cell is a workload at a recall.

Recall and QPS of a method are those of its Pareto front over all builds and settings that the store has. Their
uncertainty is estimated by the bootstrap: queries are drawn again, the same ones for every method of a cell, and so are
the repeats of every method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.results.curves import SETTING, best_at, unserved
from bench.results.rows import METHOD, Status
from bench.results.selection import FIGURE, PANEL, figures, panels
from bench.results.store import Store

CELL = [*FIGURE, *PANEL, "recall"]
"""The columns that name a cell; `recall` is the recall at which methods are compared."""

LEVEL = 0.95
"""The probability of the intervals."""


@dataclass(frozen=True)
class Regrets:
    """The regret of methods in cells.

    Attributes:
        cells: the columns of `CELL`, a row per cell.
        methods: algorithm and storage of each method.
        served: bool[cells, methods], whether the method serves the filters.
        qps: float64[cells, methods, 1 + draws], first as measured, then as drawn; NaN where a recall is not reached.
    """

    cells: pd.DataFrame
    methods: list[tuple[str, str]]
    served: NDArray[np.bool_]
    qps: NDArray[np.float64]

    @property
    def values(self) -> NDArray[np.float64]:
        """float64[cells, methods, 1 + draws]: best QPS over QPS, infinite where not reached, NaN where not served.

        NaN for all methods of a cell whose recall none reaches.
        """
        qps = np.where(np.isnan(self.qps), 0.0, self.qps)
        best = qps.max(axis=1, keepdims=True, initial=0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            values = best / qps  # 0 / 0 where nobody reaches the recall
        return np.where(self.served[:, :, None], values, np.nan)

    @property
    def reachable(self) -> NDArray[np.bool_]:
        """bool[cells], whether some method reaches the recall."""
        return np.asarray(np.isfinite(self.values[:, :, 0]).any(axis=1))

    def of_methods(self, within: float) -> pd.DataFrame:
        """Return a row per method, the one that is nearest to the best most often first.

        Args:
            within: the regret up to which a method counts as near.

        Returns:
            algorithm, storage, cells (all that some method reaches), served, reached, near (the fraction of all cells
            with a regret of at most `within`), mean (the geometric mean of the regret where it is finite), greatest
            (the greatest finite regret), and ``near_low``, ``near_high``, ``mean_low``, ``mean_high``: their intervals.
        """
        reachable = self.reachable
        values = self.values[reachable]
        finite = np.isfinite(values)
        with np.errstate(invalid="ignore", divide="ignore"):
            near = (finite & (values <= within)).sum(axis=0) / len(values)
            mean = np.exp(np.where(finite, np.log(np.where(finite, values, 1)), 0).sum(axis=0) / finite.sum(axis=0))
        frame = pd.DataFrame(self.methods, columns=METHOD)
        frame["cells"], frame["served"] = len(values), self.served[reachable].sum(axis=0)
        frame["reached"] = finite[:, :, 0].sum(axis=0)
        frame["near"], frame["mean"] = near[:, 0], mean[:, 0]
        frame["greatest"] = np.where(finite[:, :, 0], values[:, :, 0], -np.inf).max(axis=0, initial=-np.inf)
        frame.loc[frame["reached"] == 0, ["mean", "greatest"]] = np.nan
        for name, drawn in (("near", near), ("mean", mean)):
            frame[f"{name}_low"], frame[f"{name}_high"] = interval(drawn[:, 1:])
        return frame.sort_values(["near", "mean"], ascending=[False, True], kind="stable").reset_index(drop=True)

    def of_cells(self) -> pd.DataFrame:
        """Return a row per cell and method that serves it.

        Returns:
            the columns of `CELL` and `METHOD`, qps, regret, regret_low and regret_high.
        """
        values = self.values
        low, high = interval(values[:, :, 1:])
        parts = [
            self.cells.assign(
                **dict(zip(METHOD, method, strict=True)),
                qps=self.qps[:, j, 0],
                regret=values[:, j, 0],
                regret_low=low[:, j],
                regret_high=high[:, j],
            )[self.served[:, j]]
            for j, method in enumerate(self.methods)
        ]
        return pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)


def interval(drawn: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and the upper end of the middle `LEVEL` along the last axis; NaN where nothing was drawn."""
    if not drawn.shape[-1]:
        return np.full(drawn.shape[:-1], np.nan), np.full(drawn.shape[:-1], np.nan)
    ends = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=-1, method="nearest")
    return ends[0], ends[1]


def regrets(
    rows: pd.DataFrame, store: Store, y: str, recalls: Sequence[float], *, draws: int = 200, seed: int = 0
) -> Regrets:
    """Return the regret of every method in every cell.

    Args:
        rows: of the store, with a column `machine`.
        store: gives the recall of every query; where it is missing, queries are not drawn again.
        y: the column of throughput.
        recalls: the recalls of the cells.
        draws: how often queries and repeats are drawn.
        seed: of what is drawn.

    Raises:
        BenchError: a file of the store is damaged.
    """
    methods = sorted({(str(a), str(s)) for a, s in rows[METHOD].itertuples(index=False)})
    targets = np.asarray(sorted(recalls), np.float64)
    names: list[dict[str, object]] = []
    served: list[NDArray[np.bool_]] = []
    qps: list[NDArray[np.float64]] = []
    for _, figure in figures(rows):
        for panel in panels(figure):
            rng = np.random.Generator(np.random.Philox(seed))
            by_method = {(str(a), str(s)): group for (a, s), group in panel.groupby(METHOD)}
            serving = np.array([method in by_method and method not in unserved(panel) for method in methods])
            values = np.full((len(methods), len(targets), 1 + draws), np.nan)
            counts = _drawn(int(panel["queries"].iloc[0]), draws, rng)
            for j, method in enumerate(methods):
                if serving[j]:
                    values[j] = _throughput(by_method[method], store, y, targets, counts, rng)
            for t, recall in enumerate(targets):
                names.append({name: panel[name].iloc[0] for name in [*FIGURE, *PANEL]} | {"recall": recall})
                served.append(serving)
                qps.append(values[:, t])
    shape = (len(names), len(methods))
    return Regrets(
        pd.DataFrame(names, columns=CELL),
        methods,
        np.array(served, np.bool_).reshape(shape),
        np.array(qps, np.float64).reshape(*shape, 1 + draws),
    )


def _drawn(count: int, draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return float64[count, 1 + draws], how often each of `count` things counts: once as measured, then as drawn."""
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=draws)
    return np.column_stack([np.ones(count), drawn.T])


def _throughput(
    rows: pd.DataFrame,
    store: Store,
    y: str,
    targets: NDArray[np.float64],
    counts: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Return float64[targets, 1 + draws], the throughput of a method at each recall."""
    good = rows[(rows["status"] == Status.OK) & rows["recall"].notna() & rows[y].notna()]
    values = np.full((len(targets), counts.shape[1]), np.nan)
    if good.empty:
        return values
    runs = good[["run_id", "repeat"]].drop_duplicates().itertuples(index=False)
    recall_of = {(str(run_id), int(repeat)): _recalls(store, run_id, repeat) for run_id, repeat in runs}
    repeats = sorted(good["repeat"].unique())
    # A repeat is drawn with all of its settings, which one index answered.
    weight_of = dict(zip(repeats, _drawn(len(repeats), counts.shape[1] - 1, rng), strict=True))
    x, y_of = [], []
    for _, setting in good.groupby(SETTING, sort=True, dropna=False):
        weights = np.array([weight_of[repeat] for repeat in setting["repeat"]])
        recall = np.array([_drawn_recall(row, recall_of, counts) for row in setting.to_dict("records")])
        with np.errstate(invalid="ignore"):  # NaN where no repeat of the setting was drawn
            x.append((weights * recall).sum(axis=0) / weights.sum(axis=0))
            y_of.append((weights * setting[y].to_numpy(np.float64)[:, None]).sum(axis=0) / weights.sum(axis=0))
    points = np.array([x, y_of])
    for b in range(counts.shape[1]):
        of_draw = points[:, ~np.isnan(points[0, :, b]), b]
        values[:, b] = best_at(of_draw[0], of_draw[1], targets)
    return values


def _recalls(store: Store, run_id: str, repeat: int) -> dict[str, NDArray[np.float64]]:
    """Return the recall of every query by search parameters; nothing where the store has none."""
    if not store.has_queries(run_id, repeat):
        return {}
    table = store.queries(run_id, repeat).sort_values("query", kind="stable")
    return {str(params): group["recall"].to_numpy(np.float64) for params, group in table.groupby("search_params")}


def _drawn_recall(
    row: dict[Any, Any],
    recall_of: dict[tuple[str, int], dict[str, NDArray[np.float64]]],
    counts: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return float64[1 + draws], the mean recall of a row over the drawn queries."""
    recall = recall_of[row["run_id"], row["repeat"]].get(row["search_params"])
    measured = float(row["recall"])
    if recall is None or len(recall) != len(counts):
        return np.full(counts.shape[1], measured)
    matched = ~np.isnan(recall)
    some = counts[matched]
    drawn = (recall[matched] @ some) / np.maximum(some.sum(axis=0), 1)
    drawn[0] = measured  # per query, recall is stored with fewer digits
    return drawn
