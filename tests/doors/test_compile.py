"""``bench.compile``: it compiles what a run calls, and stores nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.compile import entry
from bench.core.paths import PROJECT
from tests.support.commands import Commands

FEW = ["dataset.n=300", "dataset.dim=8", "dataset.queries=6", "workload=r"]


def test_nothing_is_stored_or_left_behind(command: Commands, tmp_path: Path) -> None:
    said = command(entry, *FEW, "algorithm=prefilter", f"results={tmp_path}")
    assert said.code == 0
    assert re.fullmatch(r"arxiv-sim r prefilter: compiled in \d+\.\d s\n", said.out)
    assert not (tmp_path / "runs").exists()
    assert not list((tmp_path / "work").iterdir())


@pytest.mark.parametrize("words", [["algorithm=ung"], ["algorithm=prefilter", "dry_run=true"]])
def test_an_unserved_workload_and_a_dry_run_compile_nothing(
    words: list[str], command: Commands, tmp_path: Path
) -> None:
    said = command(entry, *FEW, *words, f"results={tmp_path}")
    assert (said.code, said.out) == (0, "")


def test_a_run_finds_everything_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kernels"))
    compiled = []
    for module in ("bench.compile", "bench.run"):
        words = [*FEW, "algorithm=caps", "workload=em", "latency_queries=2", f"results={tmp_path}"]
        subprocess.run([sys.executable, "-m", module, *words], cwd=PROJECT, check=True, capture_output=True)
        compiled.append({path.name for path in (tmp_path / "kernels").rglob("*.nbc")})
    assert len(compiled[0]) > 5
    assert compiled[0] == compiled[1]
