"""The page in a browser: every view, every control, the keyboard, narrow screens, paper, and accessibility."""

from __future__ import annotations

import csv
import importlib.resources
import io
from pathlib import Path
from typing import Any

import pytest

from bench.results.store import Store
from tests.support.browser import VIEWS, Opened, write
from tests.support.stores import large

CHARTS = {"compare", "where", "costs", "latency", "growth"}
CONTROLS = """() => [...document.querySelectorAll(
    "#bar select, #bar input, #view .segments button, .chip:nth-child(-n + 2)")].map((one) => one.id)"""


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_has_an_answer_and_its_charts_have_tables(opened: Opened, view: str) -> None:
    headline = opened.look_at(view)
    assert headline.endswith(".")
    assert opened.page.title().endswith("fanns-bench")
    assert bool(opened.page.locator("#view svg[role=img]").count()) == (view in CHARTS)
    for summary in opened.page.locator(".numbers > summary").all():
        summary.click()
    tables = opened.page.locator(".table table")
    assert tables.count() >= 1
    assert all(table.locator("tbody tr").count() for table in tables.all())
    opened.check()


def test_twenty_thousand_rows_are_one_small_file(browser: Any, tmp_path: Path) -> None:
    file = write(large(Store(tmp_path / "results")))
    assert file.stat().st_size < 8e6
    opened = Opened(browser, file)
    assert opened.page.evaluate("Data.rows.length") == 20_000
    for view in VIEWS:
        assert opened.look_at(view).endswith(".")
    assert "200 of 20,000 rows" in opened.page.inner_text("#view")
    opened.page.fill("#control-search", "METHOD_07 ok")
    assert "200 of 432 rows" in opened.page.inner_text("#view")
    opened.check()
    opened.context.close()


@pytest.mark.parametrize("view", VIEWS)
def test_every_control_works(opened: Opened, view: str) -> None:
    opened.look_at(view)
    page = opened.page
    for name in page.evaluate(CONTROLS):
        if not page.locator(f'[id="{name}"]').count():
            continue  # another control took it away
        control = page.locator(f'[id="{name}"]')
        match control.evaluate("one => one.type"):
            case "select-one":
                values = control.evaluate("one => [...one.options].map((option) => option.value)")
                control.select_option(values[-1])
                assert page.evaluate("key => State.get(key)", name.removeprefix("control-")) == values[-1]
                control.select_option(values[0])
            case "range":
                control.fill("900")
                assert page.evaluate("State.get('recall')") == "0.999"
                assert "recall=0.999" in page.evaluate("location.hash")
                control.fill("632")
            case "number":
                control.fill("50")
                assert f"{name.removeprefix('control-')}=50" in page.evaluate("location.hash")
                control.fill("")
            case "search":
                control.fill("acorn")
                control.fill("")
            case _:
                before = page.evaluate("location.hash")
                control.click()
                after = page.evaluate("location.hash")
                assert before != after or name == "control-methods-default"
                page.locator(f'[id="{name}"]').click()
        assert page.inner_text("#headline").endswith(".")
    opened.check()


def test_the_address_brings_a_colleague_to_the_same_view(browser: Any, opened: Opened) -> None:
    opened.look_at("choose")
    opened.page.select_option("#control-filter", "R")
    opened.page.fill("#control-memory", "400")
    opened.page.fill("#control-recall", "500")
    colleague = opened.context.new_page()
    colleague.goto(opened.page.url)
    for place in ("#headline", "#subtitle", "#view", "#bar"):
        assert colleague.inner_text(place) == opened.page.inner_text(place)
    assert colleague.input_value("#control-memory") == "400"
    colleague.close()


def test_methods_are_singled_out_by_name_and_by_family(opened: Opened) -> None:
    page = opened.page
    pressed = page.locator(".chip[aria-pressed=true]")
    assert pressed.count() == 8
    first = pressed.first.inner_text()
    pressed.first.click()
    assert pressed.count() == 7
    assert first not in pressed.all_inner_texts()
    page.click("#control-methods-library")
    assert pressed.all_inner_texts() == ["hnswlib, in-filtering"]
    page.select_option("#control-rest", "hidden")
    curves = page.evaluate("document.querySelectorAll('.panel svg [data-mark=line] path').length")
    page.select_option("#control-rest", "grey")
    assert page.evaluate("document.querySelectorAll('.panel svg [data-mark=line] path').length") > curves


def test_a_point_shows_its_card_to_pointer_and_keyboard(opened: Opened) -> None:
    page, card = opened.page, opened.page.locator(".card")
    chart = page.locator(".panel svg").first
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.4)
    dot = chart.locator("[data-mark=dot] path").first
    dot.hover(force=True)
    assert "Latency p50 / p95 / p99" in card.inner_text()
    page.mouse.move(5, 5)
    chart.focus()
    page.keyboard.press("ArrowRight")
    first = card.inner_text()
    page.keyboard.press("ArrowRight")
    assert card.inner_text() != first
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "Copy the command"
    assert "python -m bench.run" in card.inner_text()
    page.keyboard.press("Escape")
    assert card.is_hidden()
    opened.check()


def test_a_command_is_copied(opened: Opened) -> None:
    opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened.look_at("choose")
    opened.page.locator(".ranking button").first.click()
    opened.page.locator(".ranking button", has_text="Copied").wait_for()
    text = opened.page.evaluate("navigator.clipboard.readText()")
    assert text.startswith("python -m bench.run ")
    assert "algorithm.search.ef=" in text


def test_csv_has_what_is_shown_with_all_digits(opened: Opened, varied_store: Path) -> None:
    opened.look_at("runs")
    opened.page.select_option("#control-algorithm", "acorn/float32")
    opened.page.click("th button:text-is('recall')")
    with opened.page.expect_download() as download:
        opened.page.click("button:text-is('CSV')")
    lines = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    rows = Store(varied_store).rows()
    rows = rows[(rows["algorithm"] == "acorn") & (rows["storage"] == "float32")]
    assert [float(line["recall"]) for line in lines] == sorted(rows["recall"], reverse=True)
    assert sorted(float(line["qps"]) for line in lines) == sorted(rows["qps"])
    assert f"{len(rows)} rows" in opened.page.inner_text("#view")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_view_is_accessible(browser: Any, varied_store: Path, scheme: str) -> None:
    axe = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text()
    opened = Opened(browser, varied_store / "report.html", color_scheme=scheme, bypass_csp=True)
    opened.page.evaluate(axe)
    opened.page.evaluate("State.set({ algorithm: 'acorn/float32', workload: 'em' })")  # fewer elements
    rules = {"runOnly": ["color-contrast"]} if scheme == "dark" else {}
    for view in VIEWS:
        opened.look_at(view)
        for summary in opened.page.locator(".numbers > summary").all():
            summary.click()
        opened.page.evaluate("document.querySelectorAll('tbody tr:nth-child(n + 4)').forEach((row) => row.remove())")
        violations = opened.page.evaluate("(rules) => axe.run(document, rules).then((r) => r.violations)", rules)
        words = [f"{one['id']}: {node['html']} {node['failureSummary']}" for one in violations for node in one["nodes"]]
        assert not words, f"{view}: {words[:3]}"
    opened.context.close()


def test_a_phone_has_no_page_wider_than_itself(browser: Any, varied_store: Path) -> None:
    opened = Opened(browser, varied_store / "report.html")
    opened.page.set_viewport_size({"width": 375, "height": 800})
    for view in VIEWS:
        opened.look_at(view)
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= 375, view
    opened.check()
    opened.context.close()


def test_paper_has_charts_and_no_controls(opened: Opened) -> None:
    opened.page.evaluate("State.set({ theme: 'dark' })")
    opened.page.emulate_media(media="print")
    assert opened.page.locator("nav").is_hidden()
    assert opened.page.locator("#bar").is_hidden()
    assert opened.page.locator(".panel svg").first.is_visible()
    paper = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(252, 251, 248)"
    opened.page.emulate_media(media="screen")


def test_the_scheme_can_be_chosen(opened: Opened) -> None:
    color = "getComputedStyle(document.body).backgroundColor"
    light = opened.page.evaluate(color)
    opened.page.click("#theme")
    opened.page.click("#theme")
    assert "theme=dark" in opened.page.url
    assert opened.page.evaluate(color) != light
    opened.page.click("#theme")
