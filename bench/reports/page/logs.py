"""The logs that errors name, so that a failure can be read where it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from bench.results.rows import log_of
from bench.results.store import Store

_CHARACTERS = 6_000  # of the end of a log, where the reason is
_LOGS = 100


def logs_of(rows: pd.DataFrame, stores: Mapping[str, Store]) -> dict[str, str]:
    """Return the ends of the logs, by the path that the error names; a log that is gone is left out.

    Args:
        rows: with a column `store`.
        stores: by the names in that column.
    """
    texts: dict[str, str] = {}
    named = rows[rows["error"].notna()].drop_duplicates(["store", "error"])
    for store, error in zip(named["store"], named["error"], strict=True):
        name = log_of(error)
        if name is None or name in texts or len(texts) == _LOGS:
            continue
        path = stores[store].root / "logs" / Path(name).name  # the store may have moved
        if path.is_file():
            text = path.read_text(errors="replace")
            texts[name] = text if len(text) <= _CHARACTERS else f"…{text[-_CHARACTERS:]}"
    return texts
