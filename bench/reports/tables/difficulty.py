"""The table of what makes a query hard: how well hardness, selectivity and relevance predict recall and latency."""

from __future__ import annotations

import pandas as pd

from bench.reports.figures.style import style_of
from bench.reports.tables.table import Table
from bench.reports.titles import data_title, natural_key
from bench.results.difficulty import MEASURES, PREDICTORS, correlations, queries_at
from bench.results.store import Store

_WORDS = {"recall": "recall", "latency_ms": "latency"}
_WEAK = 0.1
"""A correlation below this predicts nothing."""

_DRAW = 0.02
"""By how much one correlation has to be stronger than another to count as such."""


def predictor_table(rows: pd.DataFrame, store: Store, recall: float) -> Table | None:
    """Return a line per method and measure with Spearman's correlations, and a verdict; None without queries.

    Args:
        rows: of one figure.
        store: gives the values of every query.
        recall: that of the settings whose queries are compared.
    """
    queries = queries_at(rows, store, recall)
    frame = correlations(queries) if len(queries) else queries
    if frame.empty:
        return None
    frame = frame.assign(
        label=[style_of(a, s).label for a, s in zip(frame["algorithm"], frame["storage"], strict=True)]
    )
    lines = [
        [line["label"], _WORDS[line["measure"]], str(line["workloads"]), *(f"{line[name]:+.2f}" for name in PREDICTORS)]
        for line in sorted(frame.to_dict("records"), key=lambda line: (natural_key(line["label"]), line["measure"]))
    ]
    title = f"What predicts a query's recall and latency (Spearman). {data_title(rows)}; recall of {recall:g} or more"
    header = ["method", "measure", "workloads", *PREDICTORS]
    return Table(title, header, "llrrrr", lines, "\n".join(verdict(frame, measure) for measure in MEASURES))


def verdict(frame: pd.DataFrame, measure: str) -> str:
    """Return in words which predictor is strongest for a measure, over the methods of `correlations`."""
    strengths = frame.loc[frame["measure"] == measure, list(PREDICTORS)].abs()
    if strengths.empty:
        return f"No method has queries that say what predicts {_WORDS[measure]}."
    medians = ", ".join(f"{name} {strengths[name].median():.2f}" for name in PREDICTORS)
    if strengths.median().max() < _WEAK:
        return f"Nothing predicts {_WORDS[measure]} for most of {len(strengths)} methods (median |rho|: {medians})."
    stronger = strengths["hardness"] - strengths["selectivity"]
    wins, losses = int((stronger > _DRAW).sum()), int((stronger < -_DRAW).sum())
    better = "better than" if wins > losses else "worse than" if losses > wins else "as well as"
    return (
        f"Hardness predicts {_WORDS[measure]} {better} selectivity: for {wins} of {len(strengths)} methods, against "
        f"{losses} for which selectivity does (median |rho|: {medians})."
    )
