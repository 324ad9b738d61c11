"""Routers over methods: on made-up cells where selectivity decides which is best, and where nothing does."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from bench.core.errors import BenchError
from bench.results.regret import CELL, Regrets
from bench.results.routers import ROUTED, cell_features, learned, oracle, route, routed, rule, title_of
from bench.results.selection import FIGURE, PANEL

RECALLS = (0.8, 0.9, 0.95, 0.99)
METHODS = [("graph", "float32"), ("scan", "float32"), ("other", "int8")]


def cells_of(selectivities: list[float], filter_type: str = "EM") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return cells at four recalls of a workload per selectivity, and rows that say what is known of the workloads."""
    facts = {"dataset": "toy", "n": 1000, "dim": 8, "data_digest": "d", "k": 10, "threads_search": 1, "machine": "m",
             "filter_type": filter_type, "queries": 100}  # fmt: skip
    lines = [
        facts | {"workload": f"w{i}", "selectivity_mean": selectivity, "hardness_median": 2.0, "relevance_mean": None}
        for i, selectivity in enumerate(selectivities)
    ]
    rows = pd.DataFrame(lines)
    cells = pd.DataFrame([line | {"recall": recall} for line in lines for recall in RECALLS])[CELL]
    return cells, rows.astype({"relevance_mean": float})


def regrets_of(cells: pd.DataFrame, best: list[int], methods: list[tuple[str, str]] = METHODS) -> Regrets:
    """Return regrets: the best method of each cell has 100 QPS, the others 25."""
    qps = np.full((len(cells), len(methods), 1), 25.0)
    qps[np.arange(len(cells)), best, 0] = 100
    return Regrets(cells, methods, np.ones((len(cells), len(methods)), np.bool_), qps)


def separable() -> tuple[Regrets, pd.DataFrame]:
    """Return cells where the scan is best up to a selectivity of 0.1, and the graph above."""
    selectivities = [0.001, 0.01, 0.05, 0.2, 0.5, 0.9] * 3
    cells, rows = cells_of(selectivities)
    return regrets_of(cells, [int(s <= 0.1) for s in selectivities for _ in RECALLS]), rows


def test_the_learned_router_is_right_where_selectivity_decides() -> None:
    pytest.importorskip("sklearn")
    each, rows = separable()
    chosen = learned(each, cell_features(each, rows))
    np.testing.assert_array_equal(chosen, oracle(each))
    np.testing.assert_array_equal(chosen, learned(each, cell_features(each, rows)))  # the same seed, the same choices


def test_the_learned_router_never_saw_the_workload_of_a_cell() -> None:
    """Two workloads that look the same have different best methods: each teaches the wrong choice for the other."""
    pytest.importorskip("sklearn")
    cells, rows = cells_of([0.1, 0.1])
    each = regrets_of(cells, [0, 0, 0, 0, 1, 1, 1, 1])
    chosen = learned(each, cell_features(each, rows))
    assert chosen.tolist() == [1, 1, 1, 1, 0, 0, 0, 0]
    assert routed(each, {"learned": chosen}).values[:, -1, 0].tolist() == [4.0] * 8


def test_the_learned_router_avoids_what_does_not_serve_or_reach() -> None:
    pytest.importorskip("sklearn")
    each, rows = separable()
    each.served[:, 1] = False
    each.qps[:, 0] = np.nan  # the graph serves, and never reaches the recall
    chosen = learned(each, cell_features(each, rows))
    assert set(chosen.tolist()) == {2}
    each.served[:4] = False
    assert learned(each, cell_features(each, rows))[:5].tolist() == [-1, -1, -1, -1, 2]


def test_one_workload_is_too_little_to_learn_from() -> None:
    pytest.importorskip("sklearn")
    cells, rows = cells_of([0.1])
    each = regrets_of(cells, [0, 0, 0, 0])
    with pytest.raises(BenchError, match="needs two workloads or more"):
        learned(each, cell_features(each, rows))


def test_without_scikit_learn_the_other_routers_remain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    each, rows = separable()
    choices, missing = route(each, rows)
    assert list(choices) == ["oracle", "rule"]
    assert missing == "the learned router needs an extra: pip install 'fanns-bench[routers]'"


def test_the_oracle_takes_the_best_that_reaches_the_recall() -> None:
    cells, _ = cells_of([0.1])
    each = regrets_of(cells, [0, 1, 2, 0])
    each.qps[0, 0] = np.nan
    each.qps[3] = np.nan
    assert oracle(each).tolist() == [1, 1, 2, -1]


@pytest.mark.parametrize(
    ("filter_type", "choices"),
    [
        ("EM", ["prefilter", "filtered_vamana", "filtered_vamana", "hnsw_postfilter"]),
        ("EMIS", ["prefilter", "ung", "ung", "hnsw_postfilter"]),
        ("R", ["prefilter", "serf", "serf", "hnsw_postfilter"]),
        ("C", ["prefilter", "acorn", "acorn", "hnsw_postfilter"]),
    ],
)
def test_the_rule_goes_by_filter_type_and_selectivity(filter_type: str, choices: list[str]) -> None:
    names = ["acorn", "hnsw_postfilter", "prefilter", "filtered_vamana", "ung", "serf", "mine"]
    methods = [(name, "float32") for name in names]
    cells, rows = cells_of([0.019, 0.02, 0.6, 0.61], filter_type)
    each = regrets_of(cells, [0] * 16, methods)
    chosen = rule(each, cell_features(each, rows))[::4]
    assert [names[j] for j in chosen] == choices
    each.served[:, [0, 3, 4, 5]] = False  # no index of the type, nor for any filter
    assert [names[j] for j in rule(each, cell_features(each, rows))[4:12:4]] == ["hnsw_postfilter"] * 2
    each.served[:, :6] = False  # the rule knows nothing of the one that is left
    assert set(rule(each, cell_features(each, rows)).tolist()) == {-1}


def test_routers_stand_behind_the_methods() -> None:
    cells, _ = cells_of([0.1])
    each = routed(regrets_of(cells, [0, 2, 0, 0]), {"rule": np.array([1, -1, -1, -1])})
    assert each.methods == [*METHODS, ("rule", ROUTED)]
    np.testing.assert_array_equal(each.values[:, -1, 0], [4, np.nan, np.nan, np.nan])
    assert each.of_methods(1.1).set_index("algorithm").loc["rule", ["served", "reached", "near"]].tolist() == [1, 1, 0]
    assert title_of("rule", ROUTED) == "rule router"


def test_what_is_known_of_a_workload_does_not_depend_on_the_order_of_rows() -> None:
    each, rows = separable()
    features = cell_features(each, rows.sample(frac=1, random_state=0))
    assert features[[*FIGURE, *PANEL, "recall"]].equals(each.cells[[*FIGURE, *PANEL, "recall"]])
    assert features["selectivity_mean"].tolist() == list(np.repeat(rows["selectivity_mean"], len(RECALLS)))
