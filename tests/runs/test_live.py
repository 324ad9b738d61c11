"""The table of a sweep: on a terminal it shows every run, elsewhere nothing."""

from __future__ import annotations

import io
import os
import sys

import pytest
from rich.console import Console

from bench.results.rows import Status
from bench.runs import live
from bench.runs.live import SweepTable, is_terminal_busy
from tests.support.rows import failed, row

WORDS = ["-m", "workload=em,r", "algorithm=glob(acorn*)", "dataset.n=1000"]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Console:
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    return Console(file=io.StringIO(), force_terminal=True, width=120, height=12, color_system=None)


def lines_of(screen: Console) -> list[str]:
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue().splitlines()


def test_the_table_gives_each_run_a_line(screen: Console) -> None:
    points = [row(recall=0.9, qps=1000.0), row(recall=0.98, qps=400.0, search_memory_bytes=300 << 20)]
    with SweepTable(WORDS) as table:
        table.start(screen)
        table.add(1, "em", points)
        table.add(2, "r", [failed(Status.TIMEOUT, "slow", algorithm="b", storage="int8"), row(algorithm="b")])
        table.add(3, "r", [failed(Status.UNSUPPORTED, "no", algorithm="c")])
        table.add(4, "r", [row(algorithm="d", recall=None)])
    title, *lines = lines_of(screen)[-5:]
    assert "workload" in title
    assert "QPS @ 0.95" in title
    assert [line.split() for line in lines] == [
        ["em", "hnswlib_infilter", "0.9800", "564", "2.0", "300"],
        ["r", "b", "(int8)", "0.9000", "–", "2.0", "200", "timeout"],  # noqa: RUF001
        ["r", "c", "–", "–", "–", "–", "unsupported"],  # noqa: RUF001
        ["r", "d", "–", "–", "–", "–"],  # noqa: RUF001
    ]


def test_it_says_what_runs_and_how_long_the_rest_takes(screen: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 60.0])
    with SweepTable(WORDS) as table:
        table.start(screen)
        with monkeypatch.context() as patch:
            patch.setattr(live.time, "monotonic", lambda: next(clock))
            with table.running("[1] em acorn") as show:
                show("building")
                shown = render(table, screen)
        assert "[1] em acorn: building" in shown
        assert "0 of 4 runs" in shown
        table.add(1, "em", [row()])
        assert "1 of 4 runs, about 3 min left" in render(table, screen)


def render(table: SweepTable, screen: Console) -> str:
    with screen.capture() as capture:
        screen.print(table._screen(screen))
    return capture.get()


def test_a_long_sweep_shows_its_newest_runs_and_ends_with_all(screen: Console) -> None:
    with SweepTable(WORDS) as table:
        table.start(screen)
        for number in range(30):
            table.add(number, f"workload_{number}", [row()])
        shown = render(table, screen)
        assert "workload_29" in shown
        assert "workload_0 " not in shown
        assert len(shown.splitlines()) < screen.height
    assert sum("workload_" in line for line in lines_of(screen)[-31:]) == 30


def test_without_a_terminal_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    console = Console(file=io.StringIO())
    with SweepTable(WORDS) as table:
        table.start(console)
        table.add(1, "em", [row()])
        assert not table.is_shown
    assert lines_of(console) == []
    assert "TQDM_DISABLE" not in os.environ


def test_lines_still_go_to_a_file(screen: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    with SweepTable(WORDS) as table:
        table.start(screen)
        monkeypatch.setattr(sys.stdout, "isatty", lambda: False, raising=False)
        assert not is_terminal_busy(table)


def test_names_are_shown_without_control_characters(screen: Console) -> None:
    with SweepTable(WORDS) as table:
        table.start(screen)
        table.add(1, "a\x1b[31mred[bold]x", [row()])
    assert "a\\x1b[31mred[bold]x" in lines_of(screen)[-1]
