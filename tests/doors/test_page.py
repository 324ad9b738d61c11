"""``bench.page`` and ``bench.advise`` from the command line, and what the page is made of."""

from __future__ import annotations

import hashlib
import re
from importlib.resources import files
from pathlib import Path

import pytest

from bench.advise import entry as advise
from bench.page import entry as page
from bench.reports.load import load
from bench.reports.page.data import AXES, PageData, page_data
from bench.reports.page.write import LIBRARIES, SCRIPTS, STYLES, html
from tests.conftest import Write
from tests.support.commands import Commands
from tests.support.rows import curve, many, row

PACKAGE = files("bench.reports.page")


def test_the_page_is_written_beside_the_results(command: Commands, write: Write) -> None:
    results = write(*many(6))
    said = command(page, f"results={results}")
    assert (said.code, said.out.strip()) == (0, str(results / "report.html"))
    first = (results / "report.html").read_bytes()
    command(page, f"results={results}", f"out={results / 'other.html'}")
    assert (results / "other.html").read_bytes() == first


def test_two_folders_are_given_with_a_comma(command: Commands, write: Write, tmp_path: Path) -> None:
    a = write(row(), root=tmp_path / "a")
    b = write(row(qps=2000.0), root=tmp_path / "b")
    said = command(page, f"results={a},{b}")
    assert (said.code, said.out.strip()) == (0, str(b / "report.html"))
    assert '"ratio"' in (b / "report.html").read_text()


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ("{folder}/nowhere", "this folder does not exist"),
        ("{folder},{folder}/b,{folder}/c", "a page shows one results folder, or compares two"),
    ],
)
def test_folders_that_do_not_fit_are_refused(command: Commands, tmp_path: Path, results: str, message: str) -> None:
    said = command(page, f"results={results.format(folder=tmp_path)}")
    assert said.code == 2
    assert message in said.err
    assert len(said.err.strip().splitlines()) == 1


def test_advice_is_printed(command: Commands, write: Write) -> None:
    results = write(*curve("acorn", 1), *curve("ung", 2))
    said = command(advise, f"results={results}", "recall=0.9", "filter=em", "memory=1GiB", "selectivity=0.3")
    assert said.code == 0
    assert re.search(r"1=? +ung +[\d,]+ +±\d+%", said.out)
    said = command(advise, f"results={results}", "filter=range")
    assert (said.code, said.out) == (2, "")
    assert "filter=range is unknown" in said.err


@pytest.fixture
def text(write: Write) -> str:
    return html(page_data({"results": load(write(*many(6)), across_machines=True)}))


def test_libraries_are_the_published_files() -> None:
    about = PACKAGE.joinpath("vendor/README.md").read_text()
    assert len(re.findall(r"^\| \S+\.js \|", about, re.MULTILINE)) == len(LIBRARIES)
    for name in LIBRARIES:
        digest = hashlib.sha256(PACKAGE.joinpath(f"vendor/{name}").read_bytes()).hexdigest()
        assert re.search(rf"^\| {name} \|.*\| {digest} \|$", about, re.MULTILINE)


def test_every_script_and_style_is_in_the_page() -> None:
    folder = Path(str(PACKAGE))
    assert {path.relative_to(folder / "js").as_posix() for path in (folder / "js").rglob("*.js")} == set(SCRIPTS)
    assert {path.name for path in (folder / "css").iterdir()} == set(STYLES)
    for path in folder.rglob("*.js"):
        if path.parent.name != "vendor":
            assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", path.read_text()), (
                path
            )


def test_the_policy_allows_the_scripts_of_the_page_and_no_request(text: str) -> None:
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy.startswith("default-src 'none'; ")
    assert len(re.findall("'sha256-", policy)) == text.count("<script>") == len(LIBRARIES) + len(SCRIPTS)
    assert "unsafe-inline" not in policy.partition("script-src")[2]
    assert {link for link in re.findall(r'(?:src|href)="([^"]*)"', text) if not link.startswith("$")} == {"data:,"}


def test_an_axis_of_the_maps_is_one_line(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(AXES, "width", ("dimensions", lambda rows: rows["dim"].mean()))
    data: PageData = page_data({"results": load(write(row(dim=64)), across_machines=True)})
    assert data.axes["width"] == "dimensions"
    assert data.panels[0]["axes"]["width"] == 64
