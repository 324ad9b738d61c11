"""Where compiled kernels go: to the first of several folders that can be written."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bench.core import kernel_cache as module
from bench.core.kernel_cache import choose_kernel_cache, kernel_cache
from bench.core.paths import PROJECT, data_folder, is_writable, user_cache


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A path below which nobody can write, not even root, since it leads through a file; no other folder is chosen."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr(module, "PROJECT", tmp_path / "file")
    monkeypatch.setattr(module, "_replaced", [])
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["command", f"results={tmp_path / 'file' / 'results'}"])
    return tmp_path / "file"


def chosen() -> Path:
    choose_kernel_cache()
    return kernel_cache()


def test_the_variable_of_numba_wins(locked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "given"))
    assert chosen() == tmp_path / "given"
    assert (tmp_path / "given").is_dir()


def test_a_checkout_comes_first_and_then_the_cache_of_the_user(
    locked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert chosen() == tmp_path / "cache" / "fanns-bench" / "kernels"
    assert capsys.readouterr().err.count("is not writable\n") == 1
    monkeypatch.setattr(module, "PROJECT", tmp_path)
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    assert chosen() == tmp_path / ".numba_cache"
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("word", ["results={}", "results='{}'"])
def test_results_are_the_next_place_and_one_sentence_says_so(
    locked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["command", word.format(tmp_path / "my results")])
    folder = tmp_path / "my results" / "cache" / "kernels"
    assert chosen() == kernel_cache() == folder
    usual = locked / ".numba_cache"
    assert capsys.readouterr().err == f"compiled kernels go to {folder}, because {usual} is not writable\n"


def test_the_last_place_is_temporary_and_of_this_user_alone(locked: Path, tmp_path: Path) -> None:
    folder = chosen()
    assert folder.parent == tmp_path
    assert folder.stat().st_mode & 0o777 == 0o700
    os.environ["NUMBA_CACHE_DIR"] = ""
    assert chosen() == folder  # kernels are compiled once
    os.environ["NUMBA_CACHE_DIR"] = ""
    folder.chmod(0o777)  # anybody may have put code there
    assert chosen() != folder


def test_a_link_of_somebody_else_is_not_followed(locked: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    link = tmp_path / f"fanns-bench-kernels-{os.getuid()}"
    link.symlink_to(tmp_path / "elsewhere")
    assert chosen() not in (link, tmp_path / "elsewhere")


def test_the_cache_of_a_user_is_absolute_with_or_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    for given, cache in (("/c", "/c/fanns-bench"), ("relative", "/h/.cache/fanns-bench")):
        monkeypatch.setenv("HOME", "/h")
        monkeypatch.setenv("XDG_CACHE_HOME", given)
        assert user_cache() == Path(cache)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # as for a user without a home
    assert user_cache().is_absolute()


def test_generated_data_goes_where_it_is_or_can_be_written(
    locked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.core.paths.DATASETS", locked / "datasets")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert data_folder("x", "n1") == tmp_path / "cache" / "fanns-bench" / "datasets" / "x" / "n1"
    monkeypatch.setattr("bench.core.paths.DATASETS", tmp_path / "datasets")
    assert data_folder("x", "n1") == tmp_path / "datasets" / "x" / "data" / "n1"
    (tmp_path / "cache" / "fanns-bench" / "datasets" / "x" / "n1").mkdir(parents=True)
    assert data_folder("x", "n1").is_relative_to(tmp_path / "cache")
    assert not is_writable(locked / "x")


def test_a_system_without_locks_is_refused_in_one_sentence() -> None:
    program = "import sys; sys.modules['fcntl'] = None; import bench"
    refused = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert refused.stderr.startswith("fanns-bench runs on Linux and macOS, not on")
    assert refused.stderr.count("\n") == 1
