"""Locks that end with their holder, and claims of CPUs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from bench.core.errors import BenchError
from bench.system import cpus
from bench.system.cache import Cache
from bench.system.cpus import claim_cpus
from bench.system.locks import lock, try_lock


@pytest.fixture
def four_cpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of four CPUs without other claims."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(cpus, "allowed_cpus", lambda: [2, 3, 6, 7])


def test_a_lock_is_held_once(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "x"
    with lock(path):
        assert try_lock(path) is None
        with lock(tmp_path / "deep" / "y"):
            pass
    with lock(path):
        pass


def test_a_waiting_process_is_notified_and_gets_the_lock(tmp_path: Path) -> None:
    first = lock(tmp_path / "x")
    waited = []

    def waiting() -> None:
        waited.append(1)
        first.close()

    with lock(tmp_path / "x", waiting):
        assert waited == [1]
        assert try_lock(tmp_path / "x") is None


def test_a_killed_holder_frees_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "x"
    code = (
        f"import time; from pathlib import Path; from bench.system.locks import lock; held = lock(Path({str(path)!r}));"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", f"{code} print('held', flush=True); time.sleep(600)"], stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    with holder, holder.stdout:
        assert holder.stdout.readline() == b"held\n"
        assert try_lock(path) is None
        holder.kill()
        holder.wait()
        with lock(path, lambda: pytest.fail("the lock of a dead process is still held")):
            pass


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BenchError, match=r"cannot write .*file/x"):
        try_lock(tmp_path / "file" / "x")


def test_an_entry_of_another_process_is_not_made_again(tmp_path: Path) -> None:
    cache, calls = Cache(tmp_path), []

    def make(out: Path) -> None:
        assert try_lock(tmp_path / "locks" / "group-key.txt") is None
        calls.append(out)
        out.write_text("whole")

    for _ in range(2):
        assert cache.file("group", "key", ".txt", make).read_text() == "whole"
    assert len(calls) == 1
    with lock(tmp_path / "locks" / "group-key.txt"):  # a complete entry needs no lock
        assert cache.file("group", "key", ".txt", make).read_text() == "whole"


@pytest.mark.usefixtures("four_cpus")
def test_claims_are_disjoint_and_take_the_highest_cpus_first() -> None:
    with claim_cpus(1) as one, claim_cpus(2) as two:
        assert (one, two) == ([7], [3, 6])
    with claim_cpus(9) as every:
        assert every == [2, 3, 6, 7]


@pytest.mark.usefixtures("four_cpus")
def test_a_claim_keeps_its_cpus_while_it_waits_for_more() -> None:
    calls = []
    with ExitStack() as first, ExitStack() as second:
        assert first.enter_context(claim_cpus(2)) == [6, 7]
        assert second.enter_context(claim_cpus(1)) == [3]

        def waiting() -> None:
            calls.append("")
            if len(calls) == 3:
                first.close()
            if len(calls) == 6:
                second.close()

        with claim_cpus(4, waiting) as every:
            assert every == [2, 3, 6, 7]
            assert len(calls) == 6
