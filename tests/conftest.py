"""Fixtures of all tests: a small dataset, commands, and children that can import the methods of the tests."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter
from hypothesis import HealthCheck, settings

from bench.core.paths import CONFIGS, PROJECT
from bench.datasets.dataset import Dataset
from bench.datasets.sources import LayoutSource
from bench.results.rows import Row
from bench.results.store import Store
from bench.system.cache import Cache
from tests.support import durations
from tests.support.commands import Commands
from tests.support.small_dataset import write_layout

Write = Callable[..., Path]

# The same examples in every run, without limits on their time.
settings.register_profile("tests", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of `tests/test_fuzz.py` and of `tests/support/durations.py`."""
    parser.addoption("--mutations", type=int, default=1000, help="damaged files of each format that the fuzzers try")
    parser.addoption("--record-durations", action="store_true", help="write tests/durations.csv anew")


def pytest_configure() -> None:
    """Heed signals that whoever started the tests in the background had ignored, as children inherit that."""
    for number in (signal.SIGHUP, signal.SIGINT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that `make test-fast` leaves out, and those whose coverage is not measured."""
    seconds = durations.seconds_by_test()
    for item in items:
        took = seconds.get(durations.owner_of(item.nodeid), 0.0)
        if took >= durations.SLOW:
            item.add_marker(pytest.mark.slow)
        if took >= durations.LONG:
            item.add_marker(pytest.mark.long)


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Record how long the tests took, if that was asked for."""
    if config.getoption("record_durations"):
        reports = [each for kind in terminalreporter.stats.values() for each in kind]
        durations.record((each.nodeid, each.duration) for each in reports if isinstance(each, pytest.TestReport))


@pytest.fixture(scope="session")
def claims() -> Iterator[str]:
    """A folder for claims of CPUs; its path is short, because it may contain sockets."""
    with tempfile.TemporaryDirectory(prefix="fb") as folder:
        yield folder


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, claims: str) -> None:
    """Let children import ``tests.*`` from any folder, and let parallel tests not wait for each other's CPUs."""
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    monkeypatch.setenv("TMPDIR", claims)
    monkeypatch.setenv("XDG_CONFIG_HOME", claims)
    monkeypatch.setattr(tempfile, "tempdir", claims)
    monkeypatch.setenv("FANNS_BENCH_CLAIMS", Path(claims).name)


@pytest.fixture(scope="session")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the published layout; tests must not write into it."""
    return write_layout(tmp_path_factory.mktemp("layout"))


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """A cache for all tests; nothing in it can become stale."""
    return Cache(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def dataset(layout: Path, cache: Cache) -> Dataset:
    """The small dataset, opened."""
    return LayoutSource("small", str(layout)).open(cache)


@pytest.fixture
def configs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of ``configs/`` that every module takes for the original."""
    copy = shutil.copytree(CONFIGS, tmp_path / "configs")
    for name, module in list(sys.modules.items()):
        if name.startswith("bench.") and hasattr(module, "CONFIGS"):
            monkeypatch.setattr(module, "CONFIGS", copy)
    return copy


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Commands:
    """Calls commands in this process."""
    return Commands(monkeypatch, capfd)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A function that stores rows as one run and returns the results folder."""

    def write_rows(*rows: Row, root: Path = tmp_path / "results") -> Path:
        Store(root).write("run", 0, rows, [])
        return root

    return write_rows
