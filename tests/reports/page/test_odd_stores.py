"""Stores that nobody hopes for: empty, of failures, of two machines, with markup in names, from long ago."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.results.rows import Status, to_table, with_log
from bench.results.store import Store
from tests.conftest import Write
from tests.support import browser as browsers
from tests.support.browser import VIEWS, Opened
from tests.support.rows import curve, failed, many, row

MARKUP = "<img src=x onerror=alert(1)></script><script>alert(2)</script>&amp;"


@pytest.fixture
def open_page(browser: Any) -> Iterator[Any]:
    pages: list[Opened] = []

    def open_page_of(*folders: Path) -> Opened:
        pages.append(Opened(browser, browsers.write(*folders)))
        return pages[-1]

    yield open_page_of
    for opened in pages:
        opened.check()
        opened.context.close()


def headlines(opened: Opened) -> dict[str, str]:
    return {view: opened.look_at(view) for view in VIEWS}


def test_an_empty_store_says_how_to_fill_it(open_page: Any, tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    opened = open_page(tmp_path / "results")
    for view in VIEWS:
        assert opened.look_at(view) == "There are no results yet."
    assert "python -m bench.run" in opened.page.inner_text("#subtitle")


def test_one_row_is_enough(open_page: Any, write: Write) -> None:
    shown = headlines(open_page(write(row())))
    assert shown["choose"] == "No method qualifies."
    assert shown["runs"] == "Nothing failed."
    assert shown["growth"] == "Nothing grows here yet."
    assert shown["latency"] == "This store has no latencies."


def test_failures_are_told_with_their_logs(open_page: Any, write: Write, tmp_path: Path) -> None:
    root = tmp_path / "results"
    log = Store(root).log_file("r0", 0, "search")
    log.parent.mkdir(parents=True)
    log.write_text("the last words")
    error = with_log("Traceback\nValueError: too narrow", log)
    opened = open_page(write(*(failed(Status.CRASHED, error, search_params={"ef": ef}) for ef in (1, 2))))
    shown = headlines(opened)
    assert shown["compare"] == "No method reaches a recall of 0.95."
    assert shown["runs"] == "2 of 2 rows failed."
    opened.page.click("summary:text-is('ValueError: too narrow') >> nth=0")
    assert opened.page.locator("pre.log").first.inner_text() == "the last words"
    opened.look_at("choose")
    assert "crashed in all 2: ValueError: too narrow" in opened.page.inner_text("#view")


def test_machines_are_never_mixed(open_page: Any, write: Write) -> None:
    opened = open_page(write(*curve("acorn", 1), *curve("ung", 2), *curve("ung", 9, cpu_model="Fast CPU")))
    options = opened.page.locator("#control-machine option").all_inner_texts()
    assert [option.split(",")[0] for option in options] == ["Fast CPU", "Test CPU"]
    assert opened.page.locator(".panel").count() == 1
    assert opened.page.locator(".chip").count() == 2
    opened.page.select_option("#control-machine", index=0)
    assert opened.page.locator(".chip").count() == 1


def test_text_of_the_store_is_text(open_page: Any, write: Write) -> None:
    values = {"dataset": MARKUP, "workload": MARKUP, "cpu_model": MARKUP, "build_params": {MARKUP: MARKUP}}
    rows = [*curve(MARKUP, 1, **values), *curve("acorn", 2, **values)]
    rows += [failed(Status.CRASHED, MARKUP, algorithm="ung", remarks=MARKUP, **values)]
    opened = open_page(write(*rows))
    for view in VIEWS:
        opened.look_at(view)
        assert opened.page.locator("img").count() == 0
    assert MARKUP in opened.page.inner_text("#view")
    opened.page.evaluate("location.hash = 'view=%3Cimg%20src=x%3E&data=%3Cimg%3E&methods=%3Cimg%3E&recall=x'")
    opened.look_at("compare")
    assert opened.page.locator("img").count() == 0


def test_forty_five_methods_are_eight_curves_at_first(open_page: Any, write: Write) -> None:
    opened = open_page(write(*many(45)))
    assert opened.page.locator(".chip").count() == 45
    assert opened.page.locator(".chip[aria-pressed=true]").count() == 8
    opened.page.click("#control-methods-all")
    assert opened.page.locator(".chip[aria-pressed=true]").count() == 45


def test_missing_columns_are_named(open_page: Any, tmp_path: Path) -> None:
    table = to_table([*curve("acorn", 1), *curve("ung", 2)])
    later = table.column_names.index("controlled")
    kept = [name for name in table.column_names[:later] if name not in ("recall_paper", "underfill", "cores")]
    folder = tmp_path / "results" / "runs"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({name: table.column(name) for name in kept}), folder / "r0-0.parquet")
    opened = open_page(tmp_path / "results")
    assert "UNG" in headlines(opened)["choose"]
    opened.look_at("runs")
    assert "no values of" in opened.page.inner_text("#subtitle")
    for name in ("recall_paper", "underfill", "latency_p50_ms"):
        assert name in opened.page.inner_text("#subtitle")
    opened.look_at("compare")
    assert "unknown machine" in opened.page.inner_text("#conditions")


def test_two_stores_are_compared(open_page: Any, write: Write, tmp_path: Path) -> None:
    before = write(*curve("acorn", 1, 1), *curve("caps", 1, 1), root=tmp_path / "before")
    after = write(*curve("acorn", 3, 1, code_digest="c1"), *curve("ung", 1, 1), root=tmp_path / "after")
    opened = open_page(before, after)
    assert opened.page.locator(".chip").count() == 4
    assert "is 3.00\N{MULTIPLICATION SIGN} as fast as" in opened.look_at("changes")
    text = opened.page.inner_text("#subtitle")
    assert "6 settings are faster" in text
    assert "6 are new, 6 are gone" in text
