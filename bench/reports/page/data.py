"""What the page shows, as one object: a pure function of one store, or of two that are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from bench.core.leaf import FilterType
from bench.reports.advice import Method, reasons_unserved, words_of_failures
from bench.reports.commands import method_words, panel_words, param_words
from bench.reports.figures.style import FAMILIES, Style, styles_of
from bench.reports.load import Results
from bench.reports.observations import RECALL, observations
from bench.reports.page.columns import SHOWN, Column, column_of
from bench.reports.page.latencies import quantiles_of
from bench.reports.page.logs import logs_of
from bench.reports.tables.comparison import compared
from bench.reports.titles import METRICS, natural_key, panel_facts, panel_title
from bench.results.curves import SETTING, failing_fractions
from bench.results.growth import student
from bench.results.ranking import noises
from bench.results.rows import METHOD, methods_in, self_timed
from bench.results.selection import FIGURE, PANEL, X_AXES, Y_AXES

AXES: dict[str, tuple[str, Callable[[pd.DataFrame], float]]] = {
    "selectivity": ("fraction of items that pass", lambda rows: rows["selectivity_mean"].mean()),
    "correlation": (
        "fraction of queries whose filter is that of a near item",
        lambda rows: rows["controlled_value"].where(rows["controlled"] == "correlation").mean(),
    ),
    "relevance": ("fraction of the nearest items that pass", lambda rows: rows["relevance_mean"].mean()),
    "hardness": ("rank of the k-th item that passes, over k", lambda rows: rows["hardness_mean"].mean()),
}
"""What workloads differ in: the title of each axis of the heat maps, and the value of a panel on it."""

_PANEL = [*FIGURE, *PANEL]
_CHANGES = ("dataset", "workload", "k", *METHOD, "build_params", "search_params", "before", "after", "ratio", "low",
            "high", "recall", "status")  # fmt: skip


@dataclass(frozen=True)
class PageData:
    """All that the page shows.

    Attributes:
        stores: the folders of the results.
        recall: the recall at which methods are compared at first.
        families: the families of methods.
        filter_types: the types of filters in the usual order.
        x_axes: titles of the columns of recalls.
        y_axes: titles of the columns of throughput.
        axes: titles of what workloads differ in; see `AXES`.
        panels: see `_panel`; rows name them by position.
        methods: see `_method`; rows name them by position.
        entries: what is said of a method in a panel; see `_entries`.
        columns: the rows: their panel, method and point, then the columns of `SHOWN`.
        words: of the command that makes a row again, by the parameters in the columns.
        quantiles: of the latencies, by point.
        observations: the paper's observations with their evidence, by store.
        changes: what differs between two stores, a column per field.
        logs: the ends of the logs that errors name.
        missing: columns without any value, as in a store of an earlier version.
        student: what `bench.results.growth.student` returns for 1, 2, ... degrees of freedom.
    """

    stores: list[str]
    panels: list[dict[str, Any]]
    methods: list[dict[str, Any]]
    entries: list[dict[str, Any]]
    columns: list[Column]
    words: dict[str, dict[str, str]]
    quantiles: dict[int, list[float]]
    observations: dict[str, list[dict[str, Any]]]
    changes: list[Column]
    logs: dict[str, str]
    missing: list[str]
    student: list[float]
    recall: float = RECALL
    families: Sequence[str] = FAMILIES
    filter_types: list[str] = field(default_factory=lambda: [str(one) for one in FilterType])
    x_axes: Mapping[str, str] = field(default_factory=lambda: X_AXES)
    y_axes: Mapping[str, str] = field(default_factory=lambda: Y_AXES)
    axes: dict[str, str] = field(default_factory=lambda: {name: title for name, (title, _) in AXES.items()})


def page_data(results: Mapping[str, Results]) -> PageData:
    """Return what the page shows of one or more stores, given by name."""
    rows = pd.concat([one.rows.assign(store=name) for name, one in results.items()], ignore_index=True)
    styles = styles_of(methods_in(rows), self_timed(rows))
    rows = _numbered(rows, styles)
    panels = [group for _, group in rows.groupby("panel")]
    methods = [group.iloc[0] for _, group in rows.groupby("method")]
    shown = [name for name in SHOWN if rows[name].notna().any()]
    return PageData(
        stores=list(results),
        panels=[_panel(group) for group in panels],
        methods=[_method(first, styles) for first in methods],
        entries=list(_entries(rows)),
        columns=[column_of(rows, name) for name in ("panel", "method", "point", *shown)],
        words={phase: _words(phase, rows[f"{phase}_params"]) for phase in ("build", "search")},
        quantiles=quantiles_of(rows, {name: one.store for name, one in results.items()}),
        observations={name: [vars(one) for one in observations(store)] for name, store in results.items()},
        changes=_changes([one.rows for one in results.values()]),
        logs=logs_of(rows, {name: one.store for name, one in results.items()}),
        missing=[name for name in SHOWN if name not in shown and name not in ("error", "rerank", "remarks")],
        student=[student(freedom) for freedom in range(1, len(panels))],
    )


def _numbered(rows: pd.DataFrame, styles: Mapping[Method, Style]) -> pd.DataFrame:
    """Return the rows with the numbers of their panel, method and point, sorted by them and by repeat."""
    place = {method: number for number, method in enumerate(sorted(styles, key=lambda m: natural_key(styles[m].label)))}
    order = {filter_type.value: position for position, filter_type in enumerate(FilterType)}
    rows = rows.assign(
        position=rows["filter_type"].map(order),
        place=[place[method] for method in methods_in(rows)],
    )
    by_panel = [*FIGURE, "machine", "position", "workload", "queries"]
    by = {"panel": by_panel, "method": ["place", "store"], "point": [*by_panel, "store", *SETTING]}
    numbers = {name: rows.groupby(columns, dropna=False).ngroup() for name, columns in by.items()}
    return rows.assign(**numbers).sort_values(["panel", "method", "point", "repeat"], kind="stable", ignore_index=True)


def _panel(rows: pd.DataFrame) -> dict[str, Any]:
    """Return what the rows of a panel share: its columns, titles, place on each axis, and the start of its command."""
    first = rows.iloc[0]
    return {
        **{name: _plain(first[name]) for name in _PANEL},
        "metric": METRICS[first["metric"]],
        "title": panel_title(rows),
        "facts": panel_facts(rows),
        "controlled": _plain(first["controlled"]),
        "axes": {name: _plain(value(rows)) for name, (_, value) in AXES.items()},
        "command": panel_words(first.to_dict()),
    }


def _method(first: pd.Series[Any], styles: Mapping[Method, Style]) -> dict[str, Any]:
    """Return the names, the look and the family of a method."""
    return {
        **{name: str(first[name]) for name in (*METHOD, "store")},
        **vars(styles[str(first["algorithm"]), str(first["storage"])]),
        "command": method_words(first.to_dict()),
    }


def _entries(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield what is said of a method in a panel: its noise, and what failed, is not served or fails the filter."""
    noise_of = {y: noises(rows, "recall", y, ["panel", "method"], ["point"]) for y in Y_AXES}
    for (panel, _), of_panel in rows.groupby(["panel", "store"]):
        failed, unserved_by, failing = (
            words_of_failures(of_panel),
            reasons_unserved(of_panel),
            failing_fractions(of_panel),
        )
        for first in of_panel.drop_duplicates("method").itertuples():
            method = (str(first.algorithm), str(first.storage))
            yield {
                "panel": int(str(panel)),
                "method": int(str(first.method)),
                "noise": {y: of_metric[panel, first.method] for y, of_metric in noise_of.items()},
                "failed": failed.get(method),
                "unserved": unserved_by.get(method),
                "failing": failing.get(method),
            }


def _words(phase: str, params: pd.Series[str]) -> dict[str, str]:
    return {str(text): param_words(phase, str(text)) for text in params.dropna().unique()}


def _changes(stores: list[pd.DataFrame]) -> list[Column]:
    """Return the columns of the comparison of two stores; nothing for one."""
    if len(stores) != 2:
        return []
    frame = compared(stores[0], stores[1], "qps")
    return [column_of(frame, name) for name in _CHANGES]


def _plain(value: Any) -> Any:
    """Return a scalar of a frame as JSON has it."""
    if value is None or pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value
