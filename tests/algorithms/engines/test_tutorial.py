"""The engine of the tutorial, run from the files that the page shows."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench import run
from bench.core.paths import PROJECT
from bench.results.store import Store
from tests.support.commands import Commands
from tests.test_docs import files_of


def test_the_engine_of_the_tutorial_is_exact(
    configs: Path, layout: Path, command: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, block in files_of((PROJECT / "docs" / "tutorials" / "engines.md").read_text()).items():
        path = configs.parent / name if name.startswith("configs/") else tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(block)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "ours", raising=False)
    words = ["dataset=local", f"dataset.path={layout}", "algorithm=plain_sqlite", "results=results"]
    said = command(run.entry, *words, "workload=r", "latency_queries=2", "timed_seconds=0.01")
    assert said.code == 0, said
    (row,) = Store(tmp_path / "results").rows().to_dict("records")
    assert (row["status"], row["recall"], row["violations"], row["kind"]) == ("ok", 1, 0, "engine")
