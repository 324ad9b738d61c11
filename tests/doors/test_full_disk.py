"""A full disk is not a result: the command ends with one sentence, and goes on when there is space."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.core.vectors import write_fvecs
from bench.results.store import Store
from bench.run import entry
from tests.support.commands import Commands
from tests.support.small_dataset import clustered, write_layout


def mount(*words: str) -> bool:
    """Mount, and return whether that is possible here."""
    return os.geteuid() == 0 and not subprocess.run(["mount", *words], capture_output=True, check=False).returncode


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not mount("-t", "tmpfs", "-o", "size=1024k", "tmpfs", str(folder)):
        pytest.skip("no file system can be mounted")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("algorithm", ["prefilter", "hnswlib_postfilter", "faiss_hnsw_postfilter"])
def test_a_run_goes_on_when_there_is_space_again(command: Commands, disk: Path, tmp_path: Path, algorithm: str) -> None:
    layout = write_layout(tmp_path / "layout")
    write_fvecs(layout / "database_vectors.fvecs", [clustered(400, 2000, 1)])
    write_fvecs(layout / "query_vectors.fvecs", [clustered(24, 2000, 2)])
    words = ["dataset=local", f"dataset.path={layout}", f"algorithm={algorithm}", "latency_queries=2"]
    said = command(entry, *words, f"results={disk / 'results'}", "threads_build=1")
    if algorithm != "prefilter":  # which saves nothing
        assert said.code == 2, said
        assert said.err.splitlines()[-1].startswith("error: ")
        assert "Traceback" not in said.err
        assert len(Store(disk / "results").rows()) == 0
    subprocess.run(["mount", "-o", "remount,size=200m", str(disk)], check=True)
    assert command(entry, *words, f"results={disk / 'results'}", "threads_build=1").code == 0
    assert set(Store(disk / "results").rows()["status"]) == {"ok"}
