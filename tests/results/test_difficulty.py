"""What makes a query hard: tenths and correlations over made-up queries whose answers are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from bench import findings as door
from bench.reports.figures.difficulty import by_difficulty
from bench.reports.tables.difficulty import predictor_table, verdict
from bench.results.difficulty import by_tenth, correlations, queries_at
from bench.results.rows import query_table
from bench.results.selection import with_distinct_names, with_machines
from bench.results.store import Store
from tests.support.commands import Commands
from tests.support.rows import row

QUERIES = 100
HARDNESS = np.geomspace(1, 1000, QUERIES)


def frame_of(**columns: Any) -> pd.DataFrame:
    facts = {"algorithm": "a", "storage": "float32", "workload": "em", "query": np.arange(QUERIES)}
    random = np.random.default_rng(0).uniform(0.1, 1, QUERIES)
    return pd.DataFrame(
        facts | {"hardness": HARDNESS, "selectivity": random, "relevance": random, "recall": 1 / HARDNESS} | columns
    )


def stored(root: Path) -> pd.DataFrame:
    """Store a fast setting below the recall and a slow one above it, whose latency rises with hardness."""
    store, random = Store(root), np.random.default_rng(0)
    for run_id, recall, qps in (("low", 0.5, 2000.0), ("high", 0.96, 1000.0)):
        one = row(run_id=run_id, search_params={"ef": int(qps)}, recall=recall, qps=qps)
        columns = {
            "search_params": [one.search_params] * QUERIES, "query": np.arange(QUERIES),
            "recall": np.linspace(1.0, 0.5, QUERIES), "latency_ms": HARDNESS if run_id == "high" else HARDNESS * 0,
            "selectivity": random.uniform(0.1, 1, QUERIES), "returned": np.full(QUERIES, 10),
            "relevance": random.uniform(0.1, 1, QUERIES), "hardness": HARDNESS,
        }  # fmt: skip
        store.write(run_id, 0, [one], [query_table({name: pd.array(values) for name, values in columns.items()})])
    return with_distinct_names(with_machines(store.rows(), "", across_machines=False))


def test_tenths_are_means_of_equally_many_queries() -> None:
    tenths = by_tenth(frame_of(), "hardness", "recall")
    assert len(tenths) == 10
    assert tenths["x"].tolist() == pytest.approx(HARDNESS.reshape(10, 10).mean(axis=1))
    assert tenths["y"].tolist() == pytest.approx((1 / HARDNESS).reshape(10, 10).mean(axis=1))


def test_queries_of_equal_value_stay_together() -> None:
    halves = np.repeat([0.1, 0.5], QUERIES // 2)
    tenths = by_tenth(frame_of(selectivity=halves), "selectivity", "recall")
    assert tenths["x"].tolist() == pytest.approx([0.1, 0.5])
    assert len(by_tenth(frame_of(selectivity=0.5), "selectivity", "recall")) == 1
    assert by_tenth(frame_of(latency_ms=np.nan), "hardness", "latency_ms").empty


def test_correlations_are_of_ranks_and_within_workloads() -> None:
    """Hardness orders the queries of each workload perfectly, though the second is faster throughout."""
    latency = HARDNESS**2
    other = frame_of(workload="r", latency_ms=latency / 1e9)
    frame = correlations(pd.concat([frame_of(latency_ms=latency), other])).set_index("measure")
    assert frame["workloads"].tolist() == [2, 2]
    assert frame.loc["recall", "hardness"] == pytest.approx(-1)
    assert frame.loc["latency_ms", "hardness"] == pytest.approx(1)
    assert abs(frame.loc["recall", "selectivity"]) < 0.3


def test_workloads_where_a_predictor_is_constant_do_not_count() -> None:
    constant = frame_of(workload="r", selectivity=0.1, latency_ms=HARDNESS)
    assert correlations(constant).empty
    assert correlations(pd.concat([frame_of(latency_ms=1.0), constant]))["workloads"].tolist() == [1]  # of recall


def test_the_verdict_counts_methods() -> None:
    lines = [("recall", 0.9, 0.1, 0.2), ("recall", -0.8, 0.2, 0.3), ("recall", 0.1, 0.5, 0.3), ("recall", 0.3, 0.3, 0)]
    frame = pd.DataFrame(lines, columns=["measure", "hardness", "selectivity", "relevance"])
    assert verdict(frame, "recall") == (
        "Hardness predicts recall better than selectivity: for 2 of 4 methods, against 1 for which selectivity does "
        "(median |rho|: hardness 0.55, selectivity 0.25, relevance 0.25)."
    )
    weak = frame.assign(hardness=0.05, selectivity=-0.09, relevance=0.0)
    assert verdict(weak, "recall").startswith(
        "Nothing predicts recall for most of 4 methods (median |rho|: hardness 0.05"
    )
    assert verdict(frame, "latency_ms") == "No method has queries that say what predicts latency."


def test_the_queries_are_those_of_the_setting_that_reaches_the_recall(tmp_path: Path) -> None:
    rows = stored(tmp_path)
    queries = queries_at(rows, Store(tmp_path), 0.95)
    assert queries["latency_ms"].tolist() == pytest.approx(HARDNESS.tolist(), rel=1e-6)
    assert queries_at(rows, Store(tmp_path), 0.97).empty
    table = predictor_table(rows, Store(tmp_path), 0.95)
    assert table is not None
    assert [line[1:4] for line in table.rows] == [["latency", "1", "+1.00"], ["recall", "1", "-1.00"]]
    assert predictor_table(rows, Store(tmp_path), 0.97) is None


def test_the_figure_has_a_line_per_method_predictor_and_measure(tmp_path: Path) -> None:
    figure = by_difficulty(stored(tmp_path), Store(tmp_path), 0.95)
    assert isinstance(figure, Figure)
    assert [len(axes.lines) for axes in figure.axes] == [1, 1, 1, 1]
    qps = figure.axes[0].lines[0].get_ydata()
    np.testing.assert_allclose(qps, 1000 / HARDNESS.reshape(10, 10).mean(axis=1), rtol=1e-5)
    assert by_difficulty(stored(tmp_path / "again"), Store(tmp_path / "again"), 0.97) is None


def test_findings_say_what_makes_a_query_hard(tmp_path: Path, command: Commands) -> None:
    stored(tmp_path)
    shown = command(door.entry, f"results={tmp_path}")
    assert shown.code == 0, shown.err
    assert "Hardness predicts latency better than selectivity: for 1 of 1 methods" in shown.out
