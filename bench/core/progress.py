"""Progress on a terminal: bars for work of more than a second, one line for what a run is doing."""

from __future__ import annotations

import os
import time
from types import TracebackType
from typing import Any

from tqdm import tqdm


def bar(description: str, total: int, unit: str, **options: Any) -> Any:
    """Return a tqdm bar that appears after a second, leaves nothing behind, and is silent where no terminal is."""
    return tqdm(
        desc=description,
        total=total,
        unit=unit,
        unit_scale=True,
        delay=1,
        leave=False,
        disable=_disable(),
        **options,
    )


def _disable() -> bool | None:
    """Return what tqdm is told: None is to ask whether there is a terminal."""
    return True if "TQDM_DISABLE" in os.environ else None


class StatusLine:
    """A line that says what is being done and for how long; gone at its end, silent where no terminal is."""

    def __init__(self, title: str) -> None:
        """Show `title` before whatever is being done, from the first time on that something is."""
        self._title = title
        self._shown = (0, "")
        self._line: Any = None

    def __enter__(self) -> StatusLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._line is not None:
            self._line.close()

    def __call__(self, doing: str) -> None:
        """Show what is being done; cheap enough to call at every turn of a loop."""
        now = (int(time.monotonic()), doing)
        if self._line is None:
            self._line = tqdm(total=0, bar_format="{desc} [{elapsed}]", leave=False, disable=_disable())
        if now != self._shown:
            self._shown = now
            self._line.set_description_str(f"{self._title}: {doing}")
