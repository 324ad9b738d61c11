"""Plans over made-up queries whose figures are known, and the command that lists them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench import explain as door
from bench.reports.tables.table import NONE
from bench.results.curves import at_recall
from bench.results.plans import by_plan, planned_queries, worst_estimates
from bench.results.rows import Row, query_table
from bench.results.store import Store
from tests.support.commands import Commands
from tests.support.rows import row

QUERIES = 10
SELECTIVITY = np.linspace(0.1, 1.0, QUERIES)
SCANS = SELECTIVITY < 0.35  # three of ten
TOOK = np.where(np.arange(QUERIES) < 8, 2.0, np.nan)  # two were not timed
EXPECTED = np.where(SCANS, 4.0, 2.0)
EXPECTED[1] = 20.0


def stored(root: Path, *rows: Row, plans: bool = True) -> Store:
    """Store a run per row, with plans by selectivity, and return the store."""
    store = Store(root)
    for one in rows:
        columns = {
            "search_params": [one.search_params] * QUERIES,
            "query": np.arange(QUERIES),
            "recall": np.where(SCANS, 1.0, 0.9),
            "latency_ms": TOOK,
            "selectivity": SELECTIVITY,
            "returned": np.full(QUERIES, 10),
        }
        if plans:
            columns |= {"plan": np.where(SCANS, "scan", "walk"), "estimate_ms": EXPECTED}
        table = query_table({name: pd.array(values) for name, values in columns.items()})
        store.write(one.run_id, one.repeat, [one], [table])
    return store


def test_plans_are_compared_with_what_queries_took(tmp_path: Path) -> None:
    store = stored(tmp_path, row(run_id="a"), row(run_id="a", repeat=1, seed=1))
    queries = planned_queries(store.rows(), store)
    walk, scan = by_plan(queries).to_dict("records")
    assert (walk["plan"], walk["queries"], walk["timed"]) == ("walk", 7, 10)  # the mean and the sum over two repeats
    assert (walk["selectivity_low"], walk["selectivity_high"]) == pytest.approx((0.4, 1.0))
    assert (walk["recall"], walk["estimate_ms"], walk["latency_ms"]) == pytest.approx((0.9, 2, 2))
    assert walk["bias"] == pytest.approx(0)
    assert (scan["plan"], scan["queries"], scan["timed"]) == ("scan", 3, 6)
    assert scan["bias"] == pytest.approx((2 * np.log(2) + np.log(10)) / 3)
    worst = worst_estimates(queries, 3)
    assert worst["query"].tolist()[:2] == [1, 1]
    assert worst["query"].tolist()[2] in (0, 2)


def test_the_fastest_setting_that_reaches_the_recall_is_explained() -> None:
    points = {"a": {0.9: 50, 0.96: 20, 0.97: 30}, "b": {0.5: 90, 0.6: 80}}
    rows = pd.DataFrame(
        vars(row(algorithm=name, search_params={"ef": i}, recall=recall, qps=qps, repeat=repeat))
        for name, settings in points.items()
        for i, (recall, qps) in enumerate(settings.items())
        for repeat in (0, 1)
    )
    chosen = at_recall(rows, "qps", 0.95)
    assert chosen[["algorithm", "recall", "repeat"]].to_numpy().tolist() == [
        ["a", 0.97, 0], ["a", 0.97, 1], ["b", 0.6, 0], ["b", 0.6, 1],
    ]  # fmt: skip
    assert len(at_recall(rows, "qps", None)) == len(rows)


def test_the_command_lists_plans_and_the_worst_estimates(tmp_path: Path, command: Commands) -> None:
    stored(tmp_path, row(run_id="a", algorithm="router"))
    shown = command(door.entry, f"results={tmp_path}", "worst=1")
    assert shown.code == 0, shown.err
    lines = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in shown.out.splitlines()]
    assert ["router", "ef 10", "walk", "7", "0.4 to 1", "0.900", "2.000", "2.000", "+0.00"] in lines
    assert ["router", "ef 10", "scan", "3", "0.1 to 0.3", "1.000", "4.000", "2.000", "+1.23"] in lines
    assert ["router", "scan", "1", "0", "0.2", NONE, "20.000", "2.000", "10.00"] in lines
    shown = command(door.entry, f"results={tmp_path}", "format=csv")
    assert pd.read_csv(io.StringIO(shown.out))["plan"].tolist() == ["walk", "scan"]
    shown = command(door.entry, f"results={tmp_path}", "format=json")
    assert [line["queries"] for line in json.loads(shown.out)] == [7, 3]


def test_rows_without_plans_are_an_error_that_says_why(tmp_path: Path, command: Commands) -> None:
    stored(tmp_path, row(run_id="a"), plans=False)
    shown = command(door.entry, f"results={tmp_path}")
    assert shown.code == 2
    assert "none of these rows has plans" in shown.err


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("recall=2", "recall=2 is out of range"),
        ("worst=-1", "worst=-1 is out of range"),
        ("x=recall_paper", "x=recall_paper is not possible here"),
        ("format=html", "format=html is unknown"),
        ("algorithms=rooter", "did you mean 'router'?"),
    ],
)
def test_bad_keys(tmp_path: Path, command: Commands, word: str, message: str) -> None:
    stored(tmp_path, row(run_id="a", algorithm="router"))
    shown = command(door.entry, f"results={tmp_path}", word)
    assert shown.code == 2
    assert message in shown.err
