"""Expected figures against made-up rows."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
import yaml

from bench.config.typed import typed
from bench.core.errors import BenchError
from bench.reports.tables.reproduction import reproduction_table
from bench.reports.tables.table import NONE
from bench.results.reproduction import Cell, Outcome
from bench.results.rows import Status
from tests.support.rows import failed, row

ROWS = pd.DataFrame(
    vars(one)
    for one in [
        *(
            row(algorithm="fast", search_params={"ef": ef, "w": 8}, recall=recall, qps=qps, repeat=repeat,
                distance_computations=100 * ef)
            for repeat in (0, 1)
            for ef, recall, qps in ((10, 0.9, 1000.0), (20, 1.0, 250.0 + 500 * repeat))
        ),
        row(algorithm="slow", search_params={"L": 5}, recall=1.0, qps=100.0),
        row(algorithm="slow", search_params={"L": 5}, recall=0.5, qps=9000.0, workload="r"),
        failed(Status.CRASHED, "no", algorithm="broken"),
    ]
)  # fmt: skip


def cell(column: str, **values: Any) -> Cell:
    return Cell(**({"workload": "em", "algorithm": "fast", "absolute": 0.01, "column": column} | values))


@pytest.mark.parametrize(
    ("asked", "figure"),
    [
        (cell("recall", search={"ef": 10}), 0.9),
        (cell("recall", search={"ef": 10, "w": 8}), 0.9),
        (cell("recall", search={"ef": 11}), None),
        (cell("recall"), 0.95),
        (cell("distances_per_query", search={"ef": 20}), 20),
        (cell("index_bytes"), 10 << 20),
        (cell("qps", recall=1.0), 500),
        (cell("qps", recall=0.95), (1000 * 500) ** 0.5),
        (cell("qps", recall=1.0, over="slow"), 5),
        (cell("qps", recall=1.0, over="broken"), None),
        (cell("qps", recall=1.0, algorithm="slow", workload="r"), None),
        (cell("recall", algorithm="broken"), None),
        (cell("underfill"), None),
    ],
    ids=str,
)
def test_a_figure_is_that_of_the_selected_rows(asked: Cell, figure: float | None) -> None:
    assert asked.measured(ROWS) == (None if figure is None else pytest.approx(figure))


@pytest.mark.parametrize(
    ("expected", "measured", "outcome"),
    [
        (cell("recall", value=0.9), 0.909, Outcome.OK),
        (cell("recall", value=0.9), 0.889, Outcome.CLOSE),
        (cell("recall", value=0.9), 0.931, Outcome.OFF),
        (cell("recall", value=0.9), None, Outcome.MISSING),
        (cell("recall"), 0.9, Outcome.UNKNOWN),
        (cell("recall"), None, Outcome.MISSING),
        (cell("qps", value=1000, absolute=None, relative=0.2), 1200, Outcome.OK),
        (cell("qps", value=1000, absolute=None, relative=0.2), 1600, Outcome.CLOSE),
        (cell("qps", value=1000, absolute=None, relative=0.2), 300, Outcome.OFF),
        (cell("violations", value=0, absolute=0), 0, Outcome.OK),
        (cell("violations", value=0, absolute=0), 1, Outcome.OFF),
    ],
    ids=str,
)
def test_the_outcome_follows_the_tolerance(expected: Cell, measured: float | None, outcome: Outcome) -> None:
    assert expected.outcome(measured) is outcome


@pytest.mark.parametrize(
    "written",
    [
        cell("recall", search={"ef": 10, "rule": "local", "flag": True}, value=0.912345),
        cell("index_bytes", value=1234567.0, absolute=None, relative=0.01),
        cell("qps", recall=0.95, over="slow"),
    ],
)
def test_a_cell_is_read_as_it_was_written(written: Cell) -> None:
    (values,) = yaml.safe_load(written.line())
    assert typed(Cell, values, "cell") == written


def test_a_measured_figure_becomes_the_expected_one() -> None:
    assert cell("recall", value=0.5).recorded(0.123456789).value == 0.123457
    assert cell("recall", value=0.5).recorded(None).value == 0.5


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (cell("recal"), "cells[3].column=recal is unknown; did you mean 'recall'?"),
        (cell("recall", relative=0.1), "cells[3]: give one of 'absolute' and 'relative'"),
        (cell("recall", absolute=None), "cells[3]: give one of 'absolute' and 'relative'"),
        (cell("recall", absolute=-1.0), "cells[3]: its tolerance is -1"),
    ],
)
def test_a_bad_cell_is_an_error_that_names_it(bad: Cell, message: str) -> None:
    with pytest.raises(BenchError) as error:
        bad.check("cells[3]")
    assert str(error.value).startswith(message)
    cell("recall").check("cells[3]")


def test_the_table_shows_both_figures() -> None:
    cells = [cell("recall", search={"ef": 10}, value=0.9), cell("qps", recall=0.95, over="slow", value=None)]
    table = reproduction_table("t", cells, [0.95, None])
    assert [list(line) for line in table.rows] == [
        ["em", "fast", "recall at ef 10", "0.9", "0.01", "0.95", "off"],
        ["em", "fast over slow", "qps at recall 0.95", NONE, "0.01", NONE, "missing"],
    ]
    assert [len(line) for line in reproduction_table("t", cells).rows] == [5, 5]
