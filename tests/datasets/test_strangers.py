"""Files of strangers: nothing in them runs code, reads other files, fills a disk, or reaches a terminal."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.core.errors import BenchError, plain
from bench.core.ivecs import read_ivecs, write_ivecs
from bench.core.paths import PROJECT
from bench.core.vectors import check_rows, write_fvecs
from bench.datasets import hub
from bench.datasets.json_attributes import attributes_to_parquet
from bench.datasets.manifest import MANIFEST, damaged_files
from bench.datasets.sources import VectorsSource
from bench.system.cache import Cache

ROWS = np.ones((4, 3), np.float32)


def hdf5(path: Path) -> Any:
    return pytest.importorskip("h5py").File(path, "w")


def refused(path: Path, match: str) -> None:
    with pytest.raises(BenchError, match=match):
        VectorsSource("x", str(path)).open(Cache(path.parent / "cache"))


def test_an_hdf5_file_reads_no_other_file(tmp_path: Path) -> None:
    h5py, secret = pytest.importorskip("h5py"), tmp_path / "secret"
    secret.write_bytes(bytes(1 << 10))
    with hdf5(tmp_path / "external.hdf5") as file:
        file.create_dataset("train", (4, 3), "f4", external=[(str(secret), 0, 48)])
        file["test"] = ROWS
    refused(tmp_path / "external.hdf5", "'train' refers to other files")
    with hdf5(tmp_path / "source.hdf5") as file:
        file["rows"] = ROWS
    with hdf5(tmp_path / "link.hdf5") as file:
        file["train"], file["test"] = ROWS, h5py.ExternalLink("source.hdf5", "rows")
    refused(tmp_path / "link.hdf5", "'test' refers to other files")
    with hdf5(tmp_path / "virtual.hdf5") as file:
        layout = h5py.VirtualLayout((4, 3), "f4")
        layout[:] = h5py.VirtualSource(str(tmp_path / "source.hdf5"), "rows", (4, 3))
        file.create_virtual_dataset("train", layout)
        file["test"] = ROWS
    refused(tmp_path / "virtual.hdf5", "'train' refers to other files")


def test_a_small_file_does_not_become_a_large_one(tmp_path: Path) -> None:
    with hdf5(tmp_path / "bomb.hdf5") as file:
        file.create_dataset("train", (1 << 22, 64), "f4", chunks=(1 << 10, 64))
        file["test"] = ROWS
    refused(tmp_path / "bomb.hdf5", "claims 1,073,741,824 bytes in a file of")
    write_ivecs(tmp_path / "bomb.ivecs", [np.arange(50_000), *[np.arange(1)] * 40_000])
    with pytest.raises(BenchError, match="row 0 has 50000 ids, far more than the others"):
        read_ivecs(tmp_path / "bomb.ivecs")


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/b", ".", ""])
def test_a_manifest_names_files_of_its_folder_only(tmp_path: Path, name: str) -> None:
    (tmp_path / MANIFEST).write_text(json.dumps({"files": {name: "0"}}))
    (tmp_path / hub.MARK).write_text(json.dumps({"sha256": {name: "0"}}))
    for read in (damaged_files, hub.verify):
        with pytest.raises(BenchError, match="is not the name of a file in this folder"):
            read(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"files": 3, "sha256": 3}'])
def test_a_damaged_manifest_is_refused(tmp_path: Path, content: str) -> None:
    for name, read in ((MANIFEST, damaged_files), (hub.MARK, hub.verify)):
        (tmp_path / name).write_text(content)
        with pytest.raises(BenchError, match=f"{name} is not a readable"):
            read(tmp_path)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"word": "\\ud800"}', "line 2 is not JSON"),
        ('{"\\uDC00": 1}', "line 2 is not JSON"),
        ('{"word": ' + "[" * 50_000, "line 2 is not JSON"),
        ('{"word": "a", "word": "b"}', "the key 'word' repeats"),
    ],
)
def test_lines_that_are_not_what_they_seem_are_refused(tmp_path: Path, line: str, complaint: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"word": "a"}\n' + line + "\n")
    with pytest.raises(BenchError, match=complaint):
        attributes_to_parquet(path, tmp_path / "out")


@pytest.mark.parametrize("scale", [1e19, 1e-23])
def test_lengths_beyond_float32_are_refused(tmp_path: Path, scale: float) -> None:
    write_fvecs(tmp_path / "v.fvecs", [np.vstack([ROWS, ROWS[:1] * np.float32(scale)])])
    with pytest.raises(BenchError, match=r"row 4 has the length .* leaves the range of float32"):
        check_rows(tmp_path / "v.fvecs")


def test_a_row_of_zeros_is_accepted(tmp_path: Path) -> None:
    write_fvecs(tmp_path / "v.fvecs", [ROWS * 0])
    check_rows(tmp_path / "v.fvecs")


@pytest.mark.parametrize("module", ["numpy", "json", "psutil", "hydra"])
def test_modules_in_the_current_folder_are_not_imported(tmp_path: Path, layout: Path, module: str) -> None:
    (tmp_path / f"{module}.py").write_text("raise SystemExit('a stranger is in the house')")
    words = [sys.executable, "-m", "bench.run", "dataset=local", f"dataset.path={layout}", "dry_run=true"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ended = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (ended.returncode, "stranger" in ended.stderr) == (0, False), ended.stderr
    assert str(PROJECT) not in str(tmp_path)


@pytest.mark.parametrize("module", ["algorithms/baselines/prefilter.py", "bench/measuring/serving.py"])
def test_a_checkout_runs_its_own_code_and_not_what_is_installed(tmp_path: Path, layout: Path, module: str) -> None:
    for name in ("bench", "algorithms", "configs"):
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / module).open("a") as file:
        file.write("\nraise ImportError('this is the other checkout')\n")
    words = [sys.executable, "-m", "bench.run", "dataset=local", f"dataset.path={layout}", "dry_run=true"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ended = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert "this is the other checkout" in ended.stdout + ended.stderr


def test_control_characters_do_not_reach_a_terminal() -> None:
    assert plain("a\x1b[31mb\tc\nd\x00") == "a\\x1b[31mb\tc\nd\\x00"
