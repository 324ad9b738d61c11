"""Which rows of the store a command shows, and how they are divided into figures and panels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bench.core.errors import BenchError, suggestion
from bench.core.leaf import FilterType
from bench.results.rows import in_shards
from bench.results.store import Store
from bench.system.machine import machine_name

FIGURE = ["dataset", "n", "dim", "data_digest", "k", "threads_search"]
"""Rows that differ in one of these are never in the same figure."""

_SUFFIXES = {"n": "n", "dim": "d", "data_digest": "data", "threads_search": "t"}

PANEL = ["machine", "filter_type", "workload", "queries"]
"""Rows of a figure that differ in one of these are never in the same panel."""

X_AXES = {"recall": "recall@{k}", "recall_paper": "recall@{k} (true answers / k)"}
Y_AXES = {"qps": "queries per second", "qps_with_prepare": "queries per second, filter evaluation included"}


_KEYS = {"dataset": "datasets", "workload": "workloads", "algorithm": "algorithms", "storage": "storages", "k": "k"}
"""The key that selects by each column."""

_UNKNOWN_MACHINE = "unknown machine"


@dataclass
class View:
    """The keys that ``configs/plot.yaml`` and ``configs/table.yaml`` have in common.

    Attributes:
        results: the results folder.
        datasets: names of datasets; one, a list, or None for all.
        workloads: names of workloads, likewise.
        algorithms: names of methods, likewise.
        storages: formats of the vectors that methods search, likewise.
        k: answers per query; None for all.
        x: one of `X_AXES`.
        y: one of `Y_AXES`.
        across_machines: whether rows of several machines may be shown, each in panels of their machine.
    """

    results: str
    datasets: Any
    workloads: Any
    algorithms: Any
    storages: Any
    k: int | None
    x: str
    y: str
    across_machines: bool

    def rows(self, *, raw: bool = False) -> pd.DataFrame:
        """Return the selected rows of the store, with a column `machine`.

        Args:
            raw: return also rows that newer ones replace, and workloads by their names alone.

        Raises:
            BenchError: a key does not fit, nothing matches, or rows of several machines do without `across_machines`.
        """
        for key, choices in (("x", X_AXES), ("y", Y_AXES)):
            if getattr(self, key) not in choices:
                raise BenchError(f"{key}={getattr(self, key)} is not one of {', '.join(choices)}")
        store = Store(Path(self.results))
        rows = store.all_rows() if raw else store.rows()
        if rows.empty:
            raise BenchError(f"there are no results in '{self.results}'; 'python -m bench.run' makes some")
        selected = with_machines(self._selected(rows), self.results, across_machines=raw or self.across_machines)
        return selected if raw else with_distinct_names(selected)

    def _selected(self, rows: pd.DataFrame) -> pd.DataFrame:
        keys = {
            "dataset": self.datasets,
            "workload": self.workloads,
            "algorithm": self.algorithms,
            "storage": self.storages,
            "k": self.k,
        }
        selected = pd.Series(True, rows.index)
        for column, value in keys.items():
            if value is None:
                continue
            names = value if isinstance(value, list) else [value]
            if not names or not all(isinstance(name, str | int) for name in names):
                raise BenchError(f"{_KEYS[column]}={value} is neither a name nor a list of names")
            stored = rows[column].unique()
            for name in names:
                if name not in stored:
                    raise BenchError(
                        f"'{self.results}' has no rows of {column} '{name}'{suggestion(str(name), stored)}"
                    )
            selected &= rows[column].isin(names)
        if not selected.any():
            pairs = sorted({f"{row.dataset} {row.workload}" for row in rows.itertuples()})
            raise BenchError(
                f"no rows of '{self.results}' match all of {', '.join(f'{c}={v}' for c, v in keys.items() if v)}; "
                f"datasets with their workloads there: {', '.join(pairs)}"
            )
        return rows[selected]


def with_machines(rows: pd.DataFrame, where: str, *, across_machines: bool) -> pd.DataFrame:
    """Return rows of the store with a column `machine`.

    Args:
        rows: of the store.
        where: the store, for the error.
        across_machines: whether there may be several machines.

    Raises:
        BenchError: the rows are of several machines, and they may not be.
    """
    facts = zip(rows["cpu_model"], rows["cores"], rows["memory_bytes"], strict=True)
    rows = rows.assign(machine=[_UNKNOWN_MACHINE if any(map(pd.isna, one)) else machine_name(*one) for one in facts])
    names = sorted(rows["machine"].unique())
    if len(names) > 1 and not across_machines:
        raise BenchError(
            f"'{where}' holds rows of {len(names)} machines ({'; '.join(names)}), whose timings do not "
            "compare; across_machines=true shows each apart"
        )
    return rows


def with_distinct_names(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows whose workloads and methods have distinct names.

    Workloads of one name that ask other questions get a suffix, and so does a method in shards. The names without
    suffixes are in the columns `workload_name` and `algorithm_name`.
    """
    names = [in_shards(name, count) for name, count in zip(rows["algorithm"], rows["shards"], strict=True)]
    return _with_distinct_workloads(rows).assign(algorithm=names, algorithm_name=rows["algorithm"])


def _with_distinct_workloads(rows: pd.DataFrame) -> pd.DataFrame:
    titles = rows["workload"].astype(str).copy()
    for (_, _, name), group in rows.groupby(["dataset", "data_digest", "workload"]):
        if group["workload_digest"].nunique(dropna=False) < 2:
            continue
        several = [c for c in ("skip", "queries", "controlled_value") if group[c].nunique() > 1]
        is_enough = bool(several) and group.groupby(several)["workload_digest"].nunique().max() == 1
        for digest, same in group.groupby("workload_digest", dropna=False):
            parts = [f"{c.partition('_')[0]} {same[c].iloc[0]:g}" for c in several]
            titles[same.index] = f"{name} ({', '.join(parts if is_enough else [*parts, str(digest)[:6]])})"
    return rows.assign(workload=titles, workload_name=rows["workload"])


def figures(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield a name for each figure with its rows: the dataset and k, and whatever else tells figures apart."""
    for _, group in rows.groupby(FIGURE, dropna=False):
        first = group.iloc[0]
        of_same_name = rows[(rows["dataset"] == first["dataset"]) & (rows["k"] == first["k"])]
        several = [column for column in _SUFFIXES if of_same_name[column].nunique(dropna=False) > 1]
        suffix = "".join(f"_{_SUFFIXES[column]}{first[column]}" for column in several)
        yield f"{str(first['dataset']).replace('/', '-')}_k{first['k']}{suffix}", group


def panels(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the rows of each panel of a figure: by machine, then filter type in the usual order, then name."""
    order = {filter_type.value: position for position, filter_type in enumerate(FilterType)}
    ordered = rows.assign(position=rows["filter_type"].map(order))
    by = ["machine", "position", "workload", "queries"]
    return [group.drop(columns="position") for _, group in ordered.groupby(by)]
