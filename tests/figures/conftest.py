"""Stores of made-up rows, written through `Store.write` as a run writes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.store import Store

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Store rows, as those of one run, and return the results folder."""

    def written(*rows: dict[str, Any], root: Path = tmp_path / "results") -> Path:
        Store(root).write("run", 0, rows, [])
        return root

    return written
