"""The paper's eight observations, checked against the results."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import pandas as pd

from bench.core.formats import Storage
from bench.core.leaf import FilterType
from bench.core.method import ENGINE
from bench.reports.exhibits import PUBLISHED, controlled, of_one_set, published, whole
from bench.reports.load import Results
from bench.reports.tables.taxonomy import SURVEYED
from bench.results.growth import measured

RECALL = 0.95
"""The recall at which QPS are compared."""

_BY = ["dataset", "n", "dim", "machine"]


class Conclusion(StrEnum):
    """What the results say about an observation."""

    HOLDS = "holds"
    FAILS = "does not hold"
    UNKNOWN = "not enough data"


@dataclass(frozen=True)
class Observation:
    """An observation of the paper, and whether it holds here.

    Attributes:
        claim: the observation in words, with the rule by which it is judged.
        conclusion: what the results say.
        evidence: the numbers behind the conclusion, or what is missing.
    """

    claim: str
    conclusion: Conclusion
    evidence: list[str]


def observations(results: Results) -> list[Observation]:
    """Return all eight, in the order of the paper. As there, only searches of float32 vectors by methods count."""
    rows = results.rows
    results = replace(results, rows=rows[(rows["storage"] == Storage.FLOAT32) & (rows["kind"] != ENGINE)])
    return [
        _observation(
            "embeddings differ: their mean |correlation| by 1.5 times, or the best fit of their distances",
            _embeddings(results),
            "two datasets (study=characteristics)",
        ),
        _observation(
            "embeddings decide: between datasets, the QPS of most methods over the median method's change by 1.5x",
            _dependence(results),
            "EM at one selectivity on two datasets (study=other_datasets)",
        ),
        _observation(
            "a method for one filter type beats every versatile one",
            _specialised(results),
            "methods of both kinds (study=main)",
        ),
        _observation(
            "build times differ by 5 times or more, and their rank correlation with QPS is below 0.6",
            _build_times(results),
            "four published methods on one workload (study=main)",
        ),
        _observation(
            "at a million items or more some methods stay below a recall of 0.2",
            _large(results),
            "a million items (study=main scale=million)",
        ),
        _observation(
            "a build of a million items or more takes over an hour",
            _large_builds(results),
            "a million items (study=main scale=million)",
        ),
        _observation(
            "the order of the methods is the same for any k: rank correlation of QPS of 0.8 or more",
            _by_k(results),
            "k of 10 or 20, and 100 (study=k)",
        ),
        _observation(
            "QPS of most methods change by less than 2 times between selectivities of 0.2 and 0.8",
            _by_selectivity(results),
            "both selectivities (study=selectivity)",
        ),
    ]


Cases = Iterator[tuple[bool, str]]
"""Whether the observation holds in a case, and the numbers of that case, in words."""


def _observation(claim: str, judged: Cases, needed: str) -> Observation:
    cases = list(judged)
    if not cases:
        return Observation(claim, Conclusion.UNKNOWN, [f"needs {needed}"])
    conclusion = Conclusion.HOLDS if all(holds for holds, _ in cases) else Conclusion.FAILS
    return Observation(claim, conclusion, [f"{'' if holds else 'not so: '}{words}" for holds, words in cases])


def _qps(rows: pd.DataFrame) -> pd.Series[float]:
    """Return the QPS at `RECALL` of each method that reaches it."""
    return measured(rows, "workload", RECALL).groupby("algorithm")["qps"].max().dropna()


def _cases(rows: pd.DataFrame, *columns: str) -> Iterator[tuple[str, pd.DataFrame]]:
    for _, group in rows.groupby([*_BY, *columns]):
        first = group.iloc[0]
        yield " ".join([f"{first['dataset']}", *(str(first[column]) for column in columns)]), group


def _embeddings(results: Results) -> Cases:
    datasets = list(results.characteristics.values())
    if len(datasets) > 1:
        correlations = [one.correlation for one in datasets]
        fits = {next(iter(one.fits)) for one in datasets}
        ratio = max(correlations) / max(min(correlations), 1e-12)
        words = "; ".join(f"{one.dataset}: {one.correlation:.3f}, {next(iter(one.fits))}" for one in datasets)
        yield ratio >= 1.5 or len(fits) > 1, words


def _dependence(results: Results) -> Cases:
    rows = controlled(results, "selectivity")
    rows = rows[rows["filter_type"] == FilterType.EM]
    for selectivity, at_selectivity in rows.groupby("controlled_value"):
        by_dataset = {str(name): _qps(group) for name, group in at_selectivity.groupby("dataset")}
        relative = {name: qps / qps.median() for name, qps in by_dataset.items() if len(qps) > 2}
        for (a, first), (b, second) in itertools.combinations(relative.items(), 2):
            change = _change(first, second)
            if len(change) > 2:
                changed = float((change >= 1.5).mean())
                yield changed > 0.5, f"selectivity {selectivity:g}, {a} and {b}: {changed:.0%} of {len(change)} methods"


def _versatile() -> set[str]:
    everything = set(FilterType) - {FilterType.NONE}
    return {name for one in SURVEYED if everything <= set(one.serves) for name in one.runs_as}


def _published_names() -> set[str]:
    return {name for one in SURVEYED for name in one.runs_as}


def _specialised(results: Results) -> Cases:
    for case, rows in _cases(published(results, large=False), "workload"):
        qps = _qps(rows)
        versatile = qps[qps.index.isin(_versatile())]
        others = qps[qps.index.isin(_published_names() - _versatile())]
        if len(versatile) and len(others):
            ratio = others.max() / versatile.max()
            yield ratio > 1, f"{case}: {others.idxmax()} {ratio:.1f} times {versatile.idxmax()}"


def _build_times(results: Results) -> Cases:
    for case, rows in _cases(published(results, large=False), "workload"):
        rows = rows[rows["algorithm"].isin(_published_names())]  # noqa: PLW2901
        qps, seconds = _qps(rows), rows.groupby("algorithm")["build_seconds"].mean()
        both = pd.DataFrame({"qps": qps, "seconds": seconds}).dropna()
        if len(both) > 3:
            ratio, rho = both["seconds"].max() / both["seconds"].min(), _spearman(both["qps"], both["seconds"])
            slowest, fastest = both["seconds"].idxmax(), both["seconds"].idxmin()
            words = f"{case}: {slowest} {ratio:.0f} times {fastest}, correlation {rho:.2f}"
            yield ratio >= 5 and abs(rho) < 0.6, words


def _change(first: pd.Series[float], second: pd.Series[float]) -> pd.Series[float]:
    """Return the factors by which two values differ, up or down, where there are both."""
    ratio = (first / second).dropna()
    return ratio.where(ratio > 1, 1 / ratio)


def _spearman(a: pd.Series[float], b: pd.Series[float]) -> float:
    """Return the rank correlation."""
    return float(np.corrcoef(a.rank(), b.rank())[0, 1])


def _large(results: Results) -> Cases:
    for case, rows in _cases(published(results, large=True), "workload"):
        best = rows.groupby("algorithm")["recall"].max().dropna()
        low = best[best < 0.2]
        yield len(low) > 0, f"{case}: {', '.join(map(str, low.index)) or 'none'} of {len(best)} methods"


def _large_builds(results: Results) -> Cases:
    for case, rows in _cases(published(results, large=True), "workload"):
        seconds = rows.groupby("algorithm")["build_seconds"].max().dropna()
        if len(seconds):
            yield bool(seconds.max() > 3600), f"{case}: {seconds.idxmax()} {seconds.max() / 3600:.1f} hours"


def _by_k(results: Results) -> Cases:
    rows = whole(results.rows)
    for case, group in _cases(of_one_set(rows[rows["workload_name"].isin(PUBLISHED)]), "workload"):
        low, high = group[group["k"] <= 20], group[group["k"] == 100]
        if low.empty or high.empty:
            continue
        both = pd.DataFrame({"low": _qps(low[low["k"] == low["k"].min()]), "high": _qps(high)}).dropna()
        if len(both) > 3:
            rho = _spearman(both["low"], both["high"])
            yield rho >= 0.8, f"{case}: k = {low['k'].min()} and 100, {len(both)} methods: {rho:.2f}"


def _by_selectivity(results: Results) -> Cases:
    for case, rows in _cases(controlled(results, "selectivity"), "filter_type"):
        low, high = (_qps(rows[rows["controlled_value"] == s]) for s in (0.2, 0.8))
        change = _change(low, high)
        if len(change):
            steady = float((change < 2).mean())
            most = f", most for {change.idxmax()} ({change.max():.1f} times)"
            yield steady > 0.5, f"{case}: {steady:.0%} of {len(change)} methods{most}"
