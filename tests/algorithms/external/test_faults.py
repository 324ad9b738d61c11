"""A program with a fault at each search setting, through real workers: no fault costs another setting."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench import run
from bench.core.paths import PROJECT
from bench.results.store import Store
from tests.support.commands import Commands
from tests.support.programs import COMPILER, compiled

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no g++")

METHOD = """
name: faulty
target: algorithms.external.Program
search: {fault: [crash, wrong, short, hang, liar, late, silent, memory, holding, honest]}
external:
  paper: none
  year: 2026
  approach: none
  technique: none
  serves: [none]
  search: ./faulty {search.fault} {count} {k} {ids}
  ids: {format: text}
  seconds: {pattern: "took (.*)"}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = (PROJECT / "tests" / "support" / "faulty.cpp").read_text()
    return compiled(tmp_path_factory.mktemp("faulty"), "faulty", source=source)


@pytest.fixture
def ran(
    configs: Path, program: Path, layout: Path, command: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Any:
    """A function that runs the program, and returns what was said."""
    (configs / "algorithm" / "faulty.yaml").write_text(METHOD)
    monkeypatch.chdir(program.parent)

    def run_method(*words: str) -> Any:
        options = ["dataset=local", f"dataset.path={layout}", "workload=none", "algorithm=faulty", *words]
        return command(run.entry, *options, "timed_seconds=0.01", f"results={tmp_path / 'results'}")

    return run_method


def test_every_fault_is_told_and_costs_no_other_setting(ran: Any, tmp_path: Path) -> None:
    said = ran("limits.search_seconds=3", "limits.memory_gib=0.6")
    assert said.code == 4, said
    rows = {
        json.loads(row["search_params"])["fault"]: row for row in Store(tmp_path / "results").rows().to_dict("records")
    }
    expected = {
        "crash": ("crashed", "died by SIGABRT; its last words: the graph is broken"),
        "wrong": ("invalid", "out of range"),
        "short": ("invalid", "the program returned [7, 10] ids for 8 queries"),
        "hang": ("timeout", "took more than 3 s"),
        "liar": ("invalid", "the program claims to have searched 1e+03 s; the search took"),
        "silent": ("invalid", "the program does not say how long it searched"),
        "memory": ("out_of_memory", "above the limit of 0.60 GiB"),
    }
    for fault, (status, reason) in expected.items():
        assert rows[fault]["status"] == status, rows[fault]
        assert reason in rows[fault]["error"], rows[fault]
    assert [rows[fault]["status"] for fault in ("late", "holding", "honest")] == ["ok"] * 3
    assert "the program says 1e-06 s, but all queries took" in rows["late"]["remarks"]
    assert "by the clock of the harness" not in str(rows["honest"]["remarks"])
    assert rows["holding"]["search_memory_bytes"] >= 100 << 20 > rows["honest"]["search_memory_bytes"]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("algorithm.external.search='./faulty {cuont}'", "has no placeholder {cuont}; did you mean 'count'?"),
        ("algorithm.external.search='./faluty {count}'", "/faluty, which is missing; build it first"),
        ("+algorithm.external.ids.formt=text", "algorithm.external.ids has no key 'formt'; did you mean 'format'?"),
    ],
)
def test_a_faulty_section_is_one_sentence(ran: Any, tmp_path: Path, word: str, message: str) -> None:
    said = ran(word)
    assert said.code == 2, said
    assert message in said.err
    assert len([line for line in said.err.splitlines() if not line.startswith("warning")]) == 1
    assert not (tmp_path / "results" / "runs").exists()
