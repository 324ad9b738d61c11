"""``bench.reproduce``: runs are made once, figures are compared and recorded, and the exit code says how it went."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bench import reproduce as door
from bench.config.reproduction import ReproductionFile, commands_of
from bench.config.typed import typed
from bench.core.paths import CONFIGS
from bench.results.reproduction import Cell
from tests.support.commands import Commands

FILES = sorted((CONFIGS / "reproduction").glob("*.yaml"))
HEAD = """# A test.
name: tiny
title: A tiny test
overrides: [dataset=arxiv-sim, dataset.n=300, dataset.dim=8, dataset.queries=10, latency_queries=0, timed_seconds=0.01]
runs:
  - [workload=em, algorithm=prefilter]
cells:
"""
LINES = """  - {workload: em, algorithm: prefilter, column: recall, absolute: 0.001}
  - {workload: em, algorithm: prefilter, column: violations, value: 1, absolute: 0}
"""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_of_a_reproduction_can_be_read(path: Path) -> None:
    file = typed(ReproductionFile, yaml.safe_load(path.read_text()), path.stem)
    assert file.name == path.stem
    assert file.cells
    for i, values in enumerate(file.cells):
        cell = typed(Cell, values, f"cells[{i}]")
        cell.check(f"cells[{i}]")
        assert any(
            f"workload={cell.workload}" in runs and all(name in runs[1] for name in (cell.algorithm, cell.over or ""))
            for runs in file.runs
        )


def test_commands_can_be_pasted_into_a_shell() -> None:
    file = ReproductionFile("n", "t", ["dataset.n=5"], [["workload=em", "algorithm=glob(*)"]], [])
    assert commands_of(file) == [
        "python -m bench.reproduce n",
        "python -m bench.run -m dataset.n=5 workload=em 'algorithm=glob(*)'",
    ]


@pytest.fixture
def tiny(configs: Path) -> Path:
    """A reproduction of a tiny run, in a copy of the configurations, where it is found by name."""
    path = configs / "reproduction" / "tiny.yaml"
    path.write_text(HEAD + LINES)
    return path


def test_figures_are_compared_recorded_and_compared_again(tiny: Path, tmp_path: Path, command: Commands) -> None:
    results = f"results={tmp_path}"
    shown = command(door.entry, "tiny", results)
    assert shown.code == 5, shown.err
    assert [line.split()[-1] for line in shown.out.splitlines() if line.startswith("em ")] == ["recorded", "off"]
    assert "1 off, 1 not recorded" in shown.out

    recorded = command(door.entry, "tiny", results, "record=missing")
    assert recorded.code == 0
    assert "recall up to" not in recorded.out  # nothing was run again
    assert "not recorded" not in recorded.out
    assert tiny.read_text().startswith(HEAD)
    assert [cell["value"] for cell in yaml.safe_load(tiny.read_text())["cells"]] == [1, 1]

    assert command(door.entry, "tiny", results, "record=all").code == 0
    assert [cell["value"] for cell in yaml.safe_load(tiny.read_text())["cells"]] == [1, 0]
    page = tmp_path / "page.md"
    assert command(door.entry, "tiny", results, "format=markdown", f"out={page}").code == 0
    assert page.read_text().count("| OK") == 2
    assert "    python -m bench.reproduce tiny\n    python -m bench.run -m dataset=arxiv-sim" in page.read_text()


def test_a_dry_run_prints_commands_and_expected_figures(tiny: Path, tmp_path: Path, command: Commands) -> None:
    shown = command(door.entry, "tiny", f"results={tmp_path}", "dry_run=true")
    assert shown.code == 0
    assert "python -m bench.run -m dataset=arxiv-sim" in shown.out
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tinny"], "did you mean 'tiny'?"),
        (["tiny", "record=some"], "record=some is unknown"),
        (["tiny", "format=html"], "format=html is unknown"),
    ],
)
def test_bad_keys(tiny: Path, command: Commands, words: list[str], message: str) -> None:
    shown = command(door.entry, *words)
    assert shown.code == 2
    assert message in shown.err
