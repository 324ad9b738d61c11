"""A headless browser that opens pages from files, and notices what no page may do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.reports.load import load
from bench.reports.page.data import page_data
from bench.reports.page.write import write_page

EXECUTABLES = ("chromium", "chromium-browser", "google-chrome")
VIEWS = ("compare", "choose", "where", "costs", "latency", "growth", "observations", "runs")


@contextmanager
def running_browser() -> Iterator[Any]:
    """Start Debian's Chromium; the test is skipped where it or its driver is not installed."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    executable = next(filter(None, map(shutil.which, EXECUTABLES)), None)
    if executable is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


class Opened:
    """A page of some results folders, with all that it asked for and complained about."""

    def __init__(self, browser: Any, file: Path, **context: Any) -> None:
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, **context)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.complaints.append(dialog.message), dialog.dismiss()))
        self.url = file.as_uri()
        self.page.goto(self.url)

    def look_at(self, view: str) -> str:
        """Go to a view, and return its headline."""
        self.page.click(f"#view-{view}")
        return str(self.page.inner_text("#headline"))

    def check(self) -> None:
        """Fail if the page asked for anything but itself, or complained."""
        assert not self.complaints, self.complaints
        asked = {url.partition("#")[0] for url in self.requests if not url.startswith(("data:", "blob:"))}
        assert asked == {self.url}, asked


def write(*folders: Path) -> Path:
    """Write the page of results folders, and return its file."""
    file = folders[-1] / "report.html"
    write_page(page_data({str(folder): load(folder, across_machines=True) for folder in folders}), file)
    return file
