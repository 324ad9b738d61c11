"""One browser for all tests of the page, and a page with a bit of everything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.results.store import Store
from tests.support.browser import Opened, running_browser, write
from tests.support.stores import varied


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def varied_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("varied") / "results"
    return varied(Store(root))


@pytest.fixture(scope="module")
def opened(browser: Any, varied_store: Path) -> Iterator[Opened]:
    """The page of the varied store, open on the first view; tests leave it where they like."""
    opened = Opened(browser, write(varied_store))
    yield opened
    opened.context.close()


@pytest.fixture(autouse=True)
def _at_the_start(request: pytest.FixtureRequest) -> None:
    if "opened" in request.fixturenames:
        page = request.getfixturevalue("opened").page
        page.evaluate("location.hash = ''")
        page.wait_for_function("State.get('view') === 'compare'")
