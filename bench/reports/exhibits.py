"""Every figure and table, those of the paper and others, by name: which rows it takes, and which study makes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from bench.core.leaf import FilterType
from bench.datasets.characteristics import Characteristics
from bench.reports.figures import characteristics as drawn
from bench.reports.figures.costs import costs
from bench.reports.figures.difficulty import by_difficulty
from bench.reports.figures.growth import growth
from bench.reports.figures.latency import latency_by_decile, latency_table
from bench.reports.figures.recall_qps import recall_qps
from bench.reports.figures.regret import regret_map, regret_profile
from bench.reports.figures.traces import parameters_table, search_traces
from bench.reports.load import Results
from bench.reports.tables.difficulty import predictor_table
from bench.reports.tables.fidelity import fidelity_table, with_original
from bench.reports.tables.growth import exponent_table, extrapolation_table
from bench.reports.tables.table import Table
from bench.reports.tables.taxonomy import taxonomy_table
from bench.reports.titles import data_title
from bench.results.selection import FIGURE, figures
from bench.results.store import Store

PUBLISHED = ("em", "r", "emis")
"""The names of the published workloads."""

FILTER_TYPES = (FilterType.EM, FilterType.R, FilterType.EMIS)
"""The filter types of the published workloads, and of those that control a quantity."""

_LARGE = 1_000_000
_RECALL = 0.95

Drawn = dict[str, Figure | Table]
"""Figures and tables, by what tells those of one exhibit apart: a dataset, or nothing."""


@dataclass(frozen=True)
class Exhibit:
    """A figure or a table.

    Attributes:
        name: of its files.
        study: the study whose runs it shows; empty if it needs none.
        draw: draws it, once per dataset; returns nothing where the rows are missing.
    """

    name: str
    study: str
    draw: Callable[[Results], Drawn]


def whole(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows over whole datasets rather than parts of them, on one search thread.

    That is with most items, and of these with most dimensions.
    """
    rows = rows[rows["threads_search"] == 1]
    for size in ("n", "dim"):
        rows = rows[rows[size] == rows.groupby("dataset")[size].transform("max")]
    return rows


def of_one_set(rows: pd.DataFrame) -> pd.DataFrame:
    """Where a workload was run with several sets of queries, return the rows of the set that most methods answered.

    Of equals, the newest counts. The workload then goes by its plain name.
    """
    by = [*FIGURE, "workload_name", "controlled_value", "machine"]
    sets = rows.groupby([*by, "workload"], dropna=False)
    sizes = rows.assign(methods=sets["algorithm"].transform("nunique"), newest=sets["started_at"].transform("max"))
    fullest = sizes.sort_values(["methods", "newest"]).groupby(by, dropna=False)["workload"].transform("last")
    chosen = rows[rows["workload"] == fullest.reindex(rows.index)]
    values = chosen.groupby(["dataset", "workload_name"])["controlled_value"].transform("nunique")
    return chosen.assign(workload=chosen["workload"].where(values > 1, chosen["workload_name"]))


def _per_dataset(rows: pd.DataFrame, draw: Callable[[pd.DataFrame], Figure | Table | None]) -> Drawn:
    drawn = {str(group["dataset"].iloc[0]): draw(group) for _, group in figures(of_one_set(rows))}
    return {name: one for name, one in drawn.items() if one is not None}


def _front(rows: pd.DataFrame) -> Figure:
    return recall_qps(rows, "recall", "qps")


def _every_front(rows: pd.DataFrame) -> Figure:
    return recall_qps(rows, "recall", "qps", curves=None)


def published(results: Results, *, large: bool) -> pd.DataFrame:
    """Return the rows of the published workloads over whole datasets of at least a million items, or of fewer."""
    rows = whole(results.rows)
    named = rows["workload_name"].isin(PUBLISHED)
    return of_one_set(rows[named & (rows["k"] == 10) & ((rows["n"] >= _LARGE) == large)])


def _by_k(workload: str) -> Callable[[Results], Drawn]:
    def draw(results: Results) -> Drawn:
        rows = whole(results.rows)
        rows = of_one_set(rows[(rows["workload_name"] == workload) & (rows["k"] >= 20)])
        titled = rows.assign(workload=rows["k"].map(lambda k: f"k = {k:3d}"))
        return {str(name): _front(group) for name, group in titled.groupby("dataset")}

    return draw


def controlled(results: Results, quantity: str) -> pd.DataFrame:
    """Return the rows of workloads that control a quantity, ``selectivity`` or ``correlation``."""
    rows = whole(results.rows)
    return of_one_set(rows[(rows["controlled"] == quantity) & (rows["k"] == 10)])


def _paper_selectivities(
    filter_type: FilterType, draw: Callable[[pd.DataFrame], Figure | Table]
) -> Callable[[Results], Drawn]:
    def draw_rows(results: Results) -> Drawn:
        rows = controlled(results, "selectivity")
        of_paper = (rows["filter_type"] == filter_type) & rows["controlled_value"].isin([0.2, 0.4, 0.6, 0.8])
        return _per_dataset(rows[of_paper], draw)

    return draw_rows


def _controlled(quantity: str, label: str, note: str, *, logarithmic: bool) -> Callable[[Results], Drawn]:
    def draw(results: Results) -> Drawn:
        figures_of: Drawn = {}
        for name, of_dataset in controlled(results, quantity).groupby("dataset"):
            groups = _by_filter_type(of_dataset, "controlled_value")
            if groups:
                title = f"{data_title(next(iter(groups.values())))}: {note}"
                figures_of[str(name)] = growth(groups, "controlled_value", label, title, measures=["qps"],
                                               recall=_RECALL, exponents=False, logarithmic_x=logarithmic)  # fmt: skip
        return figures_of

    return draw


Series = dict[str, pd.DataFrame]
"""Rows that differ in one quantity, by what they share: the filter type, and the machine if there are several."""


def _against(by: str, draw: Callable[[Series, str], Figure | Table | None]) -> Callable[[Results], Drawn]:
    """Return a function that draws published workloads against a quantity, everything else being equal.

    Args:
        by: ``n``, ``dim`` or ``threads_search``.
        draw: gets the rows of a dataset, and the title of the data.
    """

    def draw_all(results: Results) -> Drawn:
        rows = results.rows[results.rows["workload_name"].isin(PUBLISHED) & (results.rows["k"] == 10)]
        if by != "threads_search":
            rows = rows[rows["threads_search"] == 1]
        drawn_of: Drawn = {}
        for name, of_dataset in of_one_set(rows).groupby("dataset"):
            series = _longest(of_dataset, by)
            groups = _by_filter_type(series, by)
            shown = draw(groups, _title(series, by)) if groups else None
            if shown is not None:
                drawn_of[str(name)] = shown
        return drawn_of

    return draw_all


def _longest(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return the rows of a dataset at the numbers of items and dimensions that have most values of the column `by`.

    Of several, the greatest count.
    """
    sizes = [group for _, group in rows.groupby([name for name in ("n", "dim") if name != by])]
    return max(reversed(sizes), key=lambda group: group[by].nunique())


def _title(rows: pd.DataFrame, by: str) -> str:
    row = rows.iloc[0]
    facts = {"n": f"{row['n']:,} items", "dim": f"{row['dim']:,} dimensions"}
    return f"{row['dataset']}: {' x '.join(words for name, words in facts.items() if name != by)}"


def _growth(by: str, label: str, measures: list[str], *, exponents: bool) -> Callable[[Results], Drawn]:
    note = "; at the ends of the lines, their fitted exponents" if exponents else ""

    def draw(groups: Series, title: str) -> Figure:
        return growth(groups, by, label, f"{title}{note}", measures=measures, recall=_RECALL, exponents=exponents)

    return _against(by, draw)


def _exponents(by: str, label: str) -> Callable[[Results], Drawn]:
    return _against(by, lambda groups, title: exponent_table(groups, by, label, title, recall=_RECALL))


def _by_filter_type(rows: pd.DataFrame, by: str) -> Series:
    """Return the rows of each published filter type that has several values in the column `by`.

    Workloads that control a selectivity beside a correlation are apart from those that do not, and from each other; and
    so are machines.
    """
    groups: Series = {}
    several = rows["machine"].nunique() > 1
    for filter_type in FILTER_TYPES:
        of_type = rows[rows["filter_type"] == filter_type]
        for (_, machine), group in of_type.groupby(["controlled_selectivity", "machine"], dropna=False):
            selectivity = group["controlled_selectivity"].iloc[0]
            passing = "" if pd.isna(selectivity) else f", {100 * selectivity:g}% pass"
            groups[f"{filter_type}{passing}{f', {machine}' if several else ''}"] = group
    return {title: group for title, group in groups.items() if group[by].nunique() > 1}


def _other_datasets(results: Results) -> pd.DataFrame:
    rows = controlled(results, "selectivity")
    return rows[(rows["filter_type"] == FilterType.EM) & (rows["controlled_value"] == 0.1)]


def _regret(draw: Callable[[pd.DataFrame, Store], Figure]) -> Callable[[Results], Drawn]:
    def draw_all(results: Results) -> Drawn:
        rows = whole(results.rows)
        return _per_dataset(rows[rows["k"] == 10], lambda of_dataset: draw(of_dataset, results.store))

    return draw_all


def _latency(results: Results) -> Drawn:
    return _per_dataset(published(results, large=False), lambda rows: latency_table(rows, _RECALL))


def _deciles(results: Results) -> Drawn:
    return _per_dataset(published(results, large=False), lambda rows: latency_by_decile(rows, results.store, _RECALL))


def _hardness(results: Results) -> Drawn:
    return _per_dataset(published(results, large=False), lambda rows: by_difficulty(rows, results.store, _RECALL))


def hardness_tables(results: Results) -> Drawn:
    """Return what predicts the recall and the latency of a query, over all workloads of each dataset."""
    rows = whole(results.rows)
    return _per_dataset(rows[rows["k"] == 10], lambda one: predictor_table(one, results.store, _RECALL))


def _characteristics(
    draw: Callable[[Mapping[str, Characteristics]], Figure | Table], *, together: bool, of: str = "norms"
) -> Callable[[Results], Drawn]:
    def draw_all(results: Results) -> Drawn:
        datasets = {name: one for name, one in results.characteristics.items() if getattr(one, of)}
        if together:
            return {"": draw(datasets)} if datasets else {}
        return {name: draw({name: one}) for name, one in datasets.items()}

    return draw_all


EXHIBITS = (
    Exhibit("tab1_taxonomy", "", lambda _: {"": taxonomy_table()}),
    Exhibit("tab2_embeddings", "characteristics", _characteristics(drawn.embedding_table, together=True)),
    Exhibit("tab3_attributes", "characteristics",
            _characteristics(drawn.attribute_table, together=False, of="attributes")),
    Exhibit("tab4_parameters", "tuning", lambda results: parameters_table(results.traces)),
    Exhibit("fig15_norms", "characteristics", _characteristics(drawn.norms, together=True)),
    Exhibit("fig16_distances", "characteristics", _characteristics(drawn.pairwise_distances, together=True)),
    Exhibit("fig17_correlations", "characteristics", _characteristics(drawn.correlations, together=True)),
    Exhibit("fig18_other_datasets", "other_datasets", lambda r: _per_dataset(_other_datasets(r), _front)),
    Exhibit("fig19_other_datasets_costs", "other_datasets", lambda r: _per_dataset(_other_datasets(r), costs)),
    Exhibit("fig20_attributes", "characteristics", _characteristics(drawn.attributes, together=False, of="attributes")),
    Exhibit("fig21_selectivities", "characteristics", _characteristics(drawn.selectivities, together=False)),
    Exhibit("fig22_greedy_grid", "greedy_vs_grid", lambda results: search_traces(results.traces)),
    Exhibit("fig23_em_r_emis", "main", lambda r: _per_dataset(published(r, large=False), _front)),
    Exhibit("fig24_costs", "main", lambda r: _per_dataset(published(r, large=False), costs)),
    Exhibit("fig25_large_em_r_emis", "main scale=million", lambda r: _per_dataset(published(r, large=True), _front)),
    Exhibit("fig26_large_costs", "main scale=million", lambda r: _per_dataset(published(r, large=True), costs)),
    Exhibit("fig27_k_em", "k", _by_k("em")),
    Exhibit("fig28_k_r", "k", _by_k("r")),
    Exhibit("fig29_k_emis", "k", _by_k("emis")),
    Exhibit("fig30_selectivity_em_costs", "selectivity", _paper_selectivities(FilterType.EM, costs)),
    Exhibit("fig31_selectivity_em", "selectivity", _paper_selectivities(FilterType.EM, _front)),
    Exhibit("fig32_selectivity_r_costs", "selectivity", _paper_selectivities(FilterType.R, costs)),
    Exhibit("fig33_selectivity_r", "selectivity", _paper_selectivities(FilterType.R, _front)),
    Exhibit("fig34_selectivity_emis_costs", "selectivity", _paper_selectivities(FilterType.EMIS, costs)),
    Exhibit("fig35_selectivity_emis", "selectivity", _paper_selectivities(FilterType.EMIS, _front)),
    Exhibit("selectivity", "selectivity", _controlled(
        "selectivity", "fraction of items that pass", "filters that pass a given fraction of the items",
        logarithmic=True)),
    Exhibit("correlation", "correlation", _controlled(
        "correlation", "fraction of queries whose filter is that of a near item", "filters that match what is near",
        logarithmic=False)),
    Exhibit("size", "size", _growth("n", "items", ["qps", "build_seconds", "build_memory_bytes", "index_bytes"],
                                    exponents=True)),
    Exhibit("tab_size", "size", _exponents("n", "items")),
    Exhibit("tab_extrapolation", "size", _against("n", partial(extrapolation_table, recall=_RECALL))),
    Exhibit("dimension", "dimension", _growth("dim", "dimensions", ["qps", "build_seconds"], exponents=True)),
    Exhibit("tab_dimension", "dimension", _exponents("dim", "dimensions")),
    Exhibit("threads", "threads", _growth("threads_search", "search threads", ["qps"], exponents=False)),
    Exhibit("regret", "regret", _regret(regret_map)),
    Exhibit("regret_profile", "regret", _regret(regret_profile)),
    Exhibit("fidelity", "fidelity", lambda r: _per_dataset(with_original(whole(r.rows)), _every_front)),
    Exhibit("tab_fidelity", "fidelity", lambda r: _per_dataset(with_original(whole(r.rows)), fidelity_table)),
    Exhibit("latency", "main", _latency),
    Exhibit("latency_deciles", "main", _deciles),
    Exhibit("hardness", "main", _hardness),
    Exhibit("tab_hardness", "main", hardness_tables),
)  # fmt: skip
"""Those of the paper in its order, then the others."""


def file_name(exhibit: Exhibit, key: str, keys: Mapping[str, object]) -> str:
    """Return the name of a file without its suffix: the exhibit's, and the dataset's where there are several."""
    return exhibit.name if len(keys) == 1 else f"{exhibit.name}_{Path(key.replace('/', '-')).name}"
