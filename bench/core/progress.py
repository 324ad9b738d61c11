"""Progress on a terminal: bars for work that takes more than a second, and a line that says what a run is doing."""

from __future__ import annotations

import os
import time
from types import TracebackType
from typing import Any

from tqdm import tqdm


def bar(description: str, total: int, unit: str, **options: Any) -> Any:
    """Return a tqdm bar that appears after a second, clears itself, and is silent without a terminal."""
    return tqdm(
        desc=description,
        total=total,
        unit=unit,
        unit_scale=True,
        delay=1,
        leave=False,
        disable=_disabled(),
        **options,
    )


def _disabled() -> bool | None:
    """Return tqdm's `disable`; None lets tqdm check whether there is a terminal."""
    return True if "TQDM_DISABLE" in os.environ else None


class StatusLine:
    """A line that says what is being done and for how long; cleared at the end, silent without a terminal."""

    def __init__(self, title: str) -> None:
        """Start with `title`; nothing is shown before the first call."""
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
        """Show what is being done; cheap enough to call in every iteration of a loop."""
        now = (int(time.monotonic()), doing)
        if self._line is None:
            self._line = tqdm(total=0, bar_format="{desc} [{elapsed}]", leave=False, disable=_disabled())
        if now != self._shown:
            self._shown = now
            self._line.set_description_str(f"{self._title}: {doing}")
