"""What the page computes is what the tables and the adviser of the command line compute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.reports.advice import LIMITS, advise
from bench.reports.figures.focus import closest_to_front
from bench.reports.load import load
from bench.reports.tables.advice import reason
from bench.reports.tables.summary import summary
from bench.results.curves import points
from bench.results.growth import fit
from bench.results.regret import regrets
from bench.results.rows import METHOD
from bench.results.selection import FIGURE, PANEL, figures, panels
from bench.results.store import Store
from tests.support.browser import Opened

RECALLS = [0.6, 0.9, 0.95, 0.99]
QPS = """([x, y, recalls]) => Data.panels.flatMap((panel) => Data.methodsIn(panel).map((method) => ({
    ...panel, ...method, at: recalls.map((recall) => Curves.bestAt(Curves.points(panel, method, x, y), recall)) })))"""
ADVICE = """([panel, recall, limits]) => {
    const methods = Data.methodsIn(Data.panels[panel]);
    const { choices, dropouts } = Advice.advise(Data.panels[panel], methods, "recall", "qps", recall, limits);
    const name = ({ algorithm, storage }) => [algorithm, storage];
    return {
      choices: choices.map((one) => [name(one.method), one.place, one.isTied, one.throughput, one.noise, one.point.x]),
      dropouts: dropouts.map((one) => [name(one.method), one.reason]),
    };
  }"""


@pytest.fixture(scope="module")
def rows(varied_store: Path) -> pd.DataFrame:
    return load(varied_store, across_machines=True).rows


def panels_of(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the panels in the order of the page."""
    return [panel for _, figure in figures(rows) for panel in panels(figure)]


@pytest.mark.parametrize(("x", "y"), [("recall", "qps"), ("recall_paper", "qps_with_prepare")])
def test_throughput_at_recalls_is_that_of_the_table(opened: Opened, rows: pd.DataFrame, x: str, y: str) -> None:
    shown = {
        tuple(str(line[name]) for name in (*FIGURE, *PANEL, *METHOD)): line["at"]
        for line in opened.page.evaluate(QPS, [x, y, RECALLS])
    }
    lines = summary(rows, x, y, RECALLS)
    assert len(lines) > 50
    for line in lines.to_dict("records"):
        values = shown[tuple(str(line[name]) for name in (*FIGURE, *PANEL, *METHOD))]
        expected = [line[f"{y}_at_{recall:g}"] for recall in RECALLS]
        got = [np.nan if value is None else value for value in values]
        np.testing.assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("recall", "limits"),
    [
        (0.9, {"memory": 300 * 2**20}),
        (0.6, {"index": 60 * 2**20, "build": 30.0}),
        (0.9, {"latency": 2.0, "build": 20.0, "memory": 600 * 2**20}),
        (0.999999, {}),
    ],
)
def test_the_adviser_agrees_with_that_of_the_command_line(
    opened: Opened, rows: pd.DataFrame, recall: float, limits: dict[str, float]
) -> None:
    assert set(limits) <= set(LIMITS)
    dropped = 0
    for number, panel in enumerate(panels_of(rows)[:6]):
        expected = advise(panel, "recall", "qps", recall, limits)
        shown = opened.page.evaluate(ADVICE, [number, recall, limits])
        assert [one[:3] for one in shown["choices"]] == [[list(c.method), c.place, c.tied] for c in expected.choices]
        for one, choice in zip(shown["choices"], expected.choices, strict=True):
            assert one[3:] == pytest.approx([choice.throughput, choice.noise, choice.point["x"]], rel=1e-12)
        assert sorted(shown["dropouts"]) == sorted([list(d.method), reason(d)] for d in expected.dropouts)
        dropped += len(expected.dropouts)
    assert dropped > 0


def test_the_methods_that_stand_out_are_those_of_the_figures(opened: Opened, rows: pd.DataFrame) -> None:
    script = """(panels) => Focus.ranked(panels.map((id) => Data.panels[id]), "recall", "qps")
        .map(({ method }) => [method.algorithm, method.storage])"""
    of_figure = [(number, panel) for number, panel in enumerate(panels_of(rows)) if panel["n"].iloc[0] == 1000]
    shown = opened.page.evaluate(script, [number for number, _ in of_figure])
    assert [tuple(one) for one in shown] == closest_to_front([points(panel, "recall", "qps") for _, panel in of_figure])


def test_shown_numbers_are_written_as_in_the_table(opened: Opened, rows: pd.DataFrame) -> None:
    opened.look_at("choose")
    panel = next(p for p in panels_of(rows) if p["filter_type"].iloc[0] == "EM" and p["k"].iloc[0] == 10)
    choices = advise(panel, "recall", "qps", 0.95, {}).choices
    text = opened.page.inner_text(".ranking tbody")
    for choice in choices:
        assert f"{choice.throughput:,.0f}" in text
        assert f"±{choice.noise:.0%}" in text
        assert f"{choice.point['index_bytes'] / 2**20:,.1f}" in text
    assert text.count("Copy command") == len(choices)


def test_the_regret_of_a_cell_is_that_of_the_reports(opened: Opened, rows: pd.DataFrame, varied_store: Path) -> None:
    script = """() => Data.panels.flatMap((panel) => Where.cellsOf(panel, 0.95, "selectivity")
        .map(({ method, regret }) => ({ ...panel, ...method, regret: String(regret) })))"""
    names = [*FIGURE, *PANEL, *METHOD]
    shown = {tuple(str(one[name]) for name in names): float(one["regret"]) for one in opened.page.evaluate(script)}
    cells = regrets(rows, Store(varied_store), "qps", [0.95], draws=0).of_cells()
    expected = {tuple(str(one[name]) for name in names): one["regret"] for one in cells.to_dict("records")}
    assert np.isinf(list(expected.values())).any()
    assert shown == pytest.approx({cell: value for cell, value in expected.items() if not np.isnan(value)}, rel=1e-12)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_exponents_and_their_intervals_are_those_of_the_tables(opened: Opened, count: int) -> None:
    sizes = [10.0**power for power in range(count)]
    values = [3 * n**0.7 * noise for n, noise in zip(sizes, (1.1, 0.8, 1.2, 0.9, 1.0), strict=False)]
    line = [{"at": at, "value": value} for at, value in zip(sizes, values, strict=True)]
    shown = opened.page.evaluate("(line) => Growth.fit(line)", line)
    got = [np.nan if shown[name] is None else shown[name] for name in ("power", "low", "high")]
    exponent = fit(sizes, values).exponent
    assert got == pytest.approx([exponent.value, exponent.low, exponent.high], rel=1e-9, nan_ok=True)


def test_points_carry_the_mean_and_the_spread_of_repeats(opened: Opened, rows: pd.DataFrame) -> None:
    script = """() => Data.panels.flatMap((panel) => Data.methodsIn(panel).flatMap((method) =>
        Curves.points(panel, method, "recall", "qps").map(({ y, spread, rows }) => [y, spread, rows.length])))"""
    shown: list[list[Any]] = opened.page.evaluate(script)
    good = rows[rows["status"] == "ok"]
    groups = good.groupby([*FIGURE, *PANEL, *METHOD, "build_params", "search_params", "rerank"], dropna=False)["qps"]
    expected = groups.agg(["mean", "std", "size"]).fillna(0.0)
    assert len(shown) == len(expected)
    np.testing.assert_allclose(
        np.sort(np.array(shown, np.float64), axis=0), np.sort(expected.to_numpy(np.float64), axis=0), rtol=1e-9
    )
