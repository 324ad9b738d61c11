"""Regret over made-up rows whose answer is known."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench import regret as door
from bench.results.regret import Regrets, regrets
from bench.results.rows import Row, Status, query_table
from bench.results.selection import with_machines
from bench.results.store import Store
from tests.support.commands import Commands
from tests.support.rows import failed, row

QUERIES = 100


def stored(root: Path, *runs: list[Row], recalls: dict[str, Any] | None = None) -> Store:
    """Store runs, with the recall of every query of a method if there is one, and return the store."""
    store = Store(root)
    for number, rows in enumerate(runs):
        tables = []
        for one in rows:
            recall = (recalls or {}).get(one.algorithm)
            if recall is not None:
                columns = {
                    "search_params": [one.search_params] * QUERIES,
                    "query": np.arange(QUERIES, dtype=np.int32),
                    "recall": np.asarray(recall, np.float32),
                    "selectivity": np.full(QUERIES, 0.1, np.float32),
                    "returned": np.full(QUERIES, 10, np.int32),
                }
                tables.append(query_table(columns))
        store.write(f"r{number}", rows[0].repeat, rows, tables)
    return store


def run(number: int, algorithm: str, points: dict[float, float], **values: Any) -> list[Row]:
    """Return the rows of a run with these QPS by recall."""
    return [
        row(run_id=f"r{number}", algorithm=algorithm, search_params={"ef": i}, recall=recall, qps=qps, **values)
        for i, (recall, qps) in enumerate(points.items())
    ]


def regrets_of(store: Store, recalls: tuple[float, ...] = (0.9, 0.99), **options: Any) -> Regrets:
    rows = with_machines(store.rows(), "", across_machines=False)
    return regrets(rows, store, "qps", recalls, **options)


def test_regret_is_the_best_over_the_own(tmp_path: Path) -> None:
    store = stored(
        tmp_path,
        run(0, "fast", {0.9: 1000, 0.99: 100}),
        run(1, "slow", {0.9: 500, 0.95: 300}),
        run(2, "fast", {0.9: 100, 0.99: 50}, workload="r", filter_type="R"),
        run(3, "slow", {0.9: 400, 0.99: 100}, workload="r", filter_type="R"),
        [failed(Status.UNSUPPORTED, "no", run_id="r4", algorithm="narrow")],
        run(5, "narrow", {0.9: 400, 0.99: 10}, workload="r", filter_type="R"),
    )
    each = regrets_of(store, draws=10)
    assert each.methods == [("fast", "float32"), ("narrow", "float32"), ("slow", "float32")]
    assert each.cells[["workload", "recall"]].to_numpy().tolist() == [
        ["em", 0.9],
        ["em", 0.99],
        ["r", 0.9],
        ["r", 0.99],
    ]
    nan, inf = float("nan"), float("inf")
    np.testing.assert_allclose(each.values[:, :, 0], [[1, nan, 2], [1, nan, inf], [4, 1, 1], [2, 10, 1]], rtol=1e-9)
    overall = each.of_methods(1.1).set_index("algorithm")
    assert overall.index.tolist() == ["slow", "fast", "narrow"]
    assert overall["near"].tolist() == [0.5, 0.5, 0.25]
    assert overall["served"].tolist() == [4, 4, 2]
    assert overall["reached"].tolist() == [3, 4, 2]
    np.testing.assert_allclose(overall["mean"], [2 ** (1 / 3), 8 ** (1 / 4), 10 ** (1 / 2)])
    np.testing.assert_allclose(overall["greatest"], [2, 4, 10])


def test_a_cell_that_nobody_reaches_is_left_out(tmp_path: Path) -> None:
    store = stored(tmp_path, run(0, "a", {0.5: 100}), run(1, "b", {0.5: 50}))
    overall = regrets_of(store, (0.4, 0.9), draws=0).of_methods(1.1)
    assert overall["cells"].tolist() == [1, 1]
    assert overall["near"].tolist() == [1, 0]
    assert overall["near_low"].isna().all()


def test_intervals_follow_queries_and_repeats(tmp_path: Path) -> None:
    """Half of the queries decide whether a method reaches the recall; two repeats of another differ twofold."""
    halves = np.repeat([1.0, 0.8], QUERIES // 2)
    runs = [
        run(0, "steady", {1.0: 100}),
        run(1, "doubtful", {0.9: 100}),
        *(run(2 + repeat, "uneven", {1.0: 100.0 * 2**repeat}, repeat=repeat, seed=repeat) for repeat in (0, 1)),
    ]
    recalls = {"steady": np.ones(QUERIES), "doubtful": halves, "uneven": np.ones(QUERIES)}
    each = regrets_of(stored(tmp_path, *runs, recalls=recalls), (0.9,), draws=400)
    cells = each.of_cells().set_index("algorithm")
    assert cells.loc["doubtful", "regret_high"] == np.inf  # drawn queries may fall below the recall
    np.testing.assert_allclose(cells.loc["uneven", ["regret_low", "regret_high"]].tolist(), [1, 1])
    np.testing.assert_allclose(cells.loc["steady", ["regret_low", "regret_high"]].tolist(), [1, 2])
    assert cells.loc["steady", "regret"] == pytest.approx(1.5)


def test_the_same_seed_draws_the_same(tmp_path: Path) -> None:
    store = stored(tmp_path, *(run(i, "a", {0.9: 100 + i}, repeat=i, seed=i) for i in range(3)))
    first, again = (regrets_of(store, draws=50).qps for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_the_command_lists_methods_and_cells(tmp_path: Path, command: Commands) -> None:
    stored(tmp_path, run(0, "a", {0.9: 1000, 0.99: 100}), run(1, "b", {0.9: 500, 0.95: 300}))
    shown = command(door.entry, f"results={tmp_path}", "recalls=[0.9]", "draws=20")
    assert shown.code == 0, shown.err
    lines = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in shown.out.splitlines()]
    assert [line[:4] for line in lines[4:6]] == [["a", "1 of 1", "1", "100%"], ["oracle router", "1 of 1", "1", "100%"]]
    assert ["rule router", "0 of 1", "0", "0%"] in [line[:4] for line in lines]  # it knows neither of the two
    assert lines[-1][0].startswith("The learned router needs")
    shown = command(door.entry, f"results={tmp_path}", "recalls=[0.9]", "cells=true", "format=csv")
    assert pd.read_csv(io.StringIO(shown.out))["regret"].round(9).tolist() == [1, 2, 1]
    shown = command(door.entry, f"results={tmp_path}", "recalls=[0.9]", "cells=true", "routers=false")
    assert "router" not in shown.out


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("within=0.5", "within=0.5 is out of range"),
        ("recalls=[]", "recalls=[] is out of range"),
        ("recalls=[2]", "recalls=[2.0] is out of range"),
        ("draws=-1", "draws=-1 is out of range"),
        ("x=recall_paper", "x=recall_paper is not possible here"),
        ("format=html", "format=html is unknown"),
    ],
)
def test_bad_keys(tmp_path: Path, command: Commands, word: str, message: str) -> None:
    stored(tmp_path, run(0, "a", {0.9: 1000}))
    shown = command(door.entry, f"results={tmp_path}", word)
    assert shown.code == 2
    assert message in shown.err
