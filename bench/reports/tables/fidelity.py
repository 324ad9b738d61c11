"""The authors' programs beside this project's methods, at equal parameters."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from omegaconf import OmegaConf

from bench.core.paths import CONFIGS
from bench.reports.figures.style import style_of
from bench.reports.tables.table import NONE, Table
from bench.reports.titles import conditions, data_title
from bench.results.curves import best_at, points
from bench.results.rows import Status
from bench.results.selection import panels

_RECALLS = (0.9, 0.95, 0.99)
_NOTE = (
    "Ratios are this project's method over the original. Recalls differ by what the method has more than the original "
    "at the same parameters: the mean over the settings, and the greatest difference."
)


def originals() -> dict[str, str]:
    """Return the name of the method that each original program is set beside, by that of the original."""
    nodes = (OmegaConf.to_container(OmegaConf.load(path)) for path in sorted((CONFIGS / "algorithm").rglob("*.yaml")))
    described = (node for node in nodes if isinstance(node, dict) and node.get("original_of"))
    return {str(node["name"]): str(node["original_of"]) for node in described}


def with_original(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of original programs, and of the methods beside them, for the workloads that have both."""
    kept = []
    for original, method in originals().items():
        pair = rows[rows["algorithm"].isin([original, method])]
        by_panel = pair.groupby(["dataset", "data_digest", "workload", "k", "machine"])["algorithm"]
        kept.append(pair[by_panel.transform("nunique") == 2])
    return pd.concat(kept).drop_duplicates().sort_index() if kept else rows[:0]


def fidelity_table(rows: pd.DataFrame) -> Table:
    """Return a line per workload and pair: recall at equal settings, QPS at equal recall, and the time of the build.

    Args:
        rows: of one figure, from `with_original`.
    """
    lines = [_line(panel, original, method) for panel in panels(rows) for original, method in _pairs(panel)]
    header = ["workload", "method", "settings", "recall", "greatest", *(f"QPS @ {recall:g}" for recall in _RECALLS)]
    title = f"{data_title(rows)}; {conditions(rows)}"
    return Table(title, [*header, "build s"], "llrrr" + "r" * len(_RECALLS) + "r", lines, _NOTE)


def _pairs(panel: pd.DataFrame) -> Iterator[tuple[str, str]]:
    there = set(panel["algorithm"])
    yield from ((original, method) for original, method in originals().items() if {original, method} <= there)


def _line(panel: pd.DataFrame, original: str, method: str) -> list[str]:
    good = panel[panel["status"] == Status.OK]
    theirs, ours = good[good["algorithm"] == original], good[good["algorithm"] == method]
    differences = recall_differences(theirs, ours)
    mean, greatest = (differences.mean(), max(differences, key=abs)) if len(differences) else (np.nan, np.nan)
    qps = _qps(ours) / _qps(theirs)
    build = ours["build_seconds"].mean() / theirs["build_seconds"].mean()
    return [
        str(panel["workload"].iloc[0]),
        style_of(method).label,
        str(len(differences)),
        *(NONE if np.isnan(value) else f"{value:+.4f}" for value in (mean, greatest)),
        *(NONE if np.isnan(value) else f"{value:.2f}" for value in (*qps, build)),
    ]


def recall_differences(theirs: pd.DataFrame, ours: pd.DataFrame) -> np.ndarray:
    """Return by how much our recall exceeds that of an original, float64[*], at each setting that both have.

    Settings are equal if the parameters that both methods have are.
    """
    differences = []
    settings = list(zip(ours["build_params"], ours["search_params"], strict=True))
    for (build, search), of_setting in theirs.groupby(["build_params", "search_params"]):
        same = [_agree(str(build), b) and _agree(str(search), s) for b, s in settings]
        if any(same):
            differences.append(ours.loc[same, "recall"].mean() - of_setting["recall"].mean())
    return np.array(differences, np.float64)


def _agree(one: str, other: str) -> bool:
    a: Mapping[str, Any] = json.loads(one)
    b: Mapping[str, Any] = json.loads(other)
    return all(a[name] == b[name] for name in a.keys() & b.keys())


def _qps(rows: pd.DataFrame) -> np.ndarray:
    curve = points(rows, "recall", "qps")
    return best_at(curve["x"].to_numpy(np.float64), curve["y"].to_numpy(np.float64), np.array(_RECALLS))
