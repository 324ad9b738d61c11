"""A sweep on a terminal: a table of its runs that grows while they are made."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import TracebackType

import numpy as np
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bench.config.sweeps import expand, merged
from bench.core.errors import plain
from bench.results.curves import best_at
from bench.results.rows import Row, Status, method_title

TARGET = 0.95
"""The recall at which the table gives QPS."""

_AROUND = 7  # lines of the terminal that are not rows of the table
_NONE = "\N{EN DASH}"
_TITLES = ("workload", "method", "recall up to", f"QPS @ {TARGET}", "build s", "peak MiB", "")


class SweepTable:
    """The table of a sweep, on stderr. Until it is started, and without a terminal, it shows nothing."""

    def __init__(self, words: Sequence[str]) -> None:
        """Prepare the table of the sweep that the words of a command line ask for."""
        self._words = [word for word in words if "=" in word and not word.startswith("-")]
        self._live: Live | None = None
        self._lines: list[tuple[Text, ...]] = []
        self._total = self._number = self._finished = 0
        self._seconds = 0.0
        self._doing = ""

    @property
    def is_shown(self) -> bool:
        """Whether the table is on the screen."""
        return self._live is not None

    def start(self, console: Console | None = None) -> None:
        """Show the table from now on, where stderr is a terminal.

        Args:
            console: where to show it; None for stderr.
        """
        console = console or Console(stderr=True)
        if self._live is not None or not console.is_terminal or "TQDM_DISABLE" in os.environ:
            return
        self._total = sum(1 for _ in expand("run", merged(self._words)))
        os.environ["TQDM_DISABLE"] = "1"  # bars would write into the table
        screen = partial(self._screen, console)
        self._live = Live(console=console, get_renderable=screen, refresh_per_second=4, transient=True)
        self._live.start()

    def __enter__(self) -> SweepTable:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live.console.print(self._table(self._lines))
            self._live = None
            del os.environ["TQDM_DISABLE"]

    @contextmanager
    def running(self, title: str) -> Iterator[Callable[[str], None]]:
        """Show what a run is doing, as the function says that it yields, and count the time of the run."""
        started = time.monotonic()

        def show(doing: str) -> None:
            self._doing = f"{title}: {doing}"

        show("starting")
        yield show
        self._doing = ""
        self._finished += 1
        self._seconds += time.monotonic() - started

    def add(self, number: int, workload: str, rows: Sequence[Row]) -> None:
        """Add a line for rows of a run.

        Args:
            number: of the run in the sweep, from 1.
            workload: its name.
            rows: of one repeat, or all that are stored.
        """
        self._number = number
        self._lines.append(_line(workload, rows))

    def _screen(self, console: Console) -> Table:
        """Return the newest lines, as many as fit, with what is being done and how long the rest may take."""
        fitting = max(1, console.height - _AROUND)
        table = self._table(self._lines[-fitting:])
        table.caption = plain(f"{self._number} of {self._total} runs{self._remaining()}\n{self._doing}")
        table.caption_justify = "left"
        return table

    def _remaining(self) -> str:
        """Return about how long the runs that remain take, from those that were made."""
        if not self._finished or self._number >= self._total:
            return ""
        seconds = self._seconds / self._finished * (self._total - self._number)
        return f", about {seconds / 60:.0f} min left" if seconds >= 90 else f", about {seconds:.0f} s left"

    def _table(self, lines: Sequence[tuple[Text, ...]]) -> Table:
        table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
        for number, title in enumerate(_TITLES):
            table.add_column(title, justify="right" if 2 <= number < len(_TITLES) - 1 else "left", no_wrap=number < 6)
        for line in lines:
            table.add_row(*line)
        return table


def is_terminal_busy(table: SweepTable) -> bool:
    """Return whether lines on stdout would only repeat the table, since both are on a terminal."""
    return table.is_shown and sys.stdout.isatty()


def _line(workload: str, rows: Sequence[Row]) -> tuple[Text, ...]:
    """Return the cells of a line."""
    good = [row for row in rows if row.status is Status.OK and row.recall is not None and row.qps is not None]
    recall = np.array([row.recall for row in good], np.float64)
    qps = np.array([row.qps for row in good], np.float64)
    best = f"{recall.max():.4f}" if good else _NONE
    at_target = float(best_at(recall, qps, np.array([TARGET]))[0])
    build = next((row.build_seconds for row in good if row.build_seconds is not None), None)
    memory = [value for row in good for value in (row.build_memory_bytes, row.search_memory_bytes) if value is not None]
    ended = {row.status for row in rows} - {Status.OK}
    cells = [
        workload,
        method_title(rows[0].algorithm, rows[0].storage),
        best,
        _NONE if np.isnan(at_target) else f"{at_target:,.0f}",
        _NONE if build is None else f"{build:,.1f}",
        f"{max(memory) / 2**20:,.0f}" if memory else _NONE,
    ]
    style = "" if not ended else "dim" if ended == {Status.UNSUPPORTED} else "red"
    words = ", ".join(sorted(status.replace("_", " ") for status in ended))
    return (*(Text(plain(cell), style) for cell in cells), Text(words, style))
