"""Engines from end to end, by the command: what is stored, and that nothing goes on afterwards."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from bench import run
from bench.results.store import Store
from tests.support.commands import Commands
from tests.support.engines import ENGINES, engine

QUICK = ["latency_queries=2", "timed_seconds=0.01", "threads_build=1", "k=5"]


@pytest.mark.parametrize("name", ENGINES)
def test_a_run_is_stored_and_ends_with_all_that_it_started(
    name: str, command: Commands, layout: Path, tmp_path: Path
) -> None:
    config, _ = engine(name)
    few = [f"algorithm.search.{key}={value[-1]}" for key, value in config.search.items() if isinstance(value, list)]
    said = command(
        run.entry, "dataset=local", f"dataset.path={layout}", f"algorithm={name}", f"results={tmp_path}", *QUICK, *few
    )
    assert said.code == 0, said
    assert psutil.Process().children(recursive=True) == []
    (row,) = Store(tmp_path).rows().to_dict("records")
    assert row["kind"] == "engine"
    if row["status"] == "unsupported":
        assert row["error"]
        return
    assert (row["status"], row["violations"]) == ("ok", 0)
    assert row["recall"] > 0.9
    assert row["index_bytes_with_vectors"] > 0
