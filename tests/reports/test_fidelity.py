"""The authors' programs beside this project's methods."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from bench.core.paths import CONFIGS, options
from bench.reports.exhibits import EXHIBITS
from bench.reports.load import Results
from bench.reports.tables.fidelity import fidelity_table, originals, with_original
from bench.results.rows import Row, Status
from bench.results.selection import with_distinct_names, with_machines
from bench.results.store import Store
from tests.conftest import Write
from tests.support.rows import failed, row


def settings(algorithm: str, gain: float, speed: float, **values: Any) -> list[Row]:
    """Return rows of a method at three widths."""
    return [
        row(algorithm=algorithm, search_params={"L": width}, recall=recall + gain, qps=speed * 1e5 / width,
            build_params={"R": 32}, **values)
        for width, recall in ((10, 0.90), (50, 0.95), (100, 0.98))
    ]  # fmt: skip


@pytest.fixture
def rows(write: Write) -> pd.DataFrame:
    """Rows of UNG and its original, and of a method without one."""
    theirs = settings("ung_original", 0.0, 1.0, timed_by="program", build_seconds=4.0)
    ours = settings("ung", 0.001, 2.0, timed_by="harness", build_seconds=2.0)
    ours = [replace(one, search_params=one.search_params.replace("}", ', "widen": 1}')) for one in ours]
    broken = failed(Status.CRASHED, "no", algorithm="irangegraph_original", workload="r")
    root = write(*theirs, *ours, *settings("acorn", 0.0, 1.0), broken)
    return with_distinct_names(with_machines(Store(root).rows(), str(root), across_machines=False))


def test_only_pairs_are_shown(rows: pd.DataFrame) -> None:
    assert set(with_original(rows)["algorithm"]) == {"ung", "ung_original"}


def test_the_table_compares_equal_settings(rows: pd.DataFrame) -> None:
    table = fidelity_table(with_original(rows))
    (line,) = table.rows
    cells = dict(zip(table.header, line, strict=True))
    assert cells["method"] == "UNG"
    assert (cells["settings"], cells["recall"], cells["greatest"]) == ("3", "+0.0010", "+0.0010")
    assert cells["QPS @ 0.9"] == "2.00"
    assert cells["QPS @ 0.99"] == "\N{EN DASH}"  # neither reaches it
    assert cells["build s"] == "0.50"


def test_every_original_names_a_method_of_this_project() -> None:
    files = [name for name in options(CONFIGS / "algorithm") if name.startswith("originals/")]
    assert len(originals()) == len(files)
    for original, method in originals().items():
        assert f"originals/{method}" in files
        assert original == f"{method}_original"


def test_the_figure_marks_programs_that_time_themselves(rows: pd.DataFrame) -> None:
    (exhibit,) = (one for one in EXHIBITS if one.name == "fidelity")
    (figure,) = exhibit.draw(Results(None, rows, [], {})).values()  # type: ignore[arg-type]
    fillings = {line.get_label(): line.get_fillstyle() for line in figure.legends[0].get_lines()}  # type: ignore[union-attr]
    assert (fillings["UNG original (self-timed)"], fillings["UNG"]) == ("none", "full")
    assert exhibit.draw(Results(None, rows[:0], [], {})) == {}  # type: ignore[arg-type]


def test_the_figure_tells_all_pairs_apart(write: Write) -> None:
    names = [name for pair in list(originals().items())[:6] for name in pair]
    root = write(*(one for name in names for one in settings(name, 0.0, 1.0)))
    (exhibit,) = (one for one in EXHIBITS if one.name == "fidelity")
    rows = with_distinct_names(with_machines(Store(root).rows(), str(root), across_machines=False))
    (figure,) = exhibit.draw(Results(None, rows, [], {})).values()  # type: ignore[arg-type]
    assert len([line for line in figure.legends[0].get_lines() if line.get_marker() != "None"]) == len(names)  # type: ignore[union-attr]
