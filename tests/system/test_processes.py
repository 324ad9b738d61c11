"""What a process holds and leaves."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.system import processes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")


def test_memory_of_mapped_files_is_not_counted(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(64 << 20))
    code = """
import mmap, sys
with open(sys.argv[1], "r+b") as file:
    view = mmap.mmap(file.fileno(), 0)
    total = sum(view[::4096])
    print("mapped", flush=True)
    sys.stdin.readline()
    held = bytearray(32 << 20)
    held[::4096] = b"1" * len(held[::4096])
    print("held", flush=True)
    sys.stdin.readline()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "file")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        before = processes.memory(processes.tree(child.pid))
        child.stdin.write("\n")
        child.stdin.flush()
        child.stdout.readline()
        after = processes.memory(processes.tree(child.pid))
        child.stdin.close()
    assert before < 32 << 20
    assert 32 << 20 <= after - before < 40 << 20


def test_shared_files_of_others_stay() -> None:
    shared = processes.SharedFiles()
    semaphore = multiprocessing.get_context("spawn").Semaphore()  # this process maps it, under another name
    name = f"/dev/shm/fanns-bench-test-{os.getpid()}"
    Path(name).write_bytes(bytes(1 << 20))
    assert shared.size([]) == 1 << 20
    shared.delete()
    assert not Path(name).exists()
    assert Path(f"/dev/shm/sem.{semaphore._semlock.name.lstrip('/')}").exists()  # type: ignore[attr-defined]


@pytest.mark.parametrize("is_listed", [True, False])
def test_a_tree_has_the_children_of_children(monkeypatch: pytest.MonkeyPatch, is_listed: bool) -> None:
    monkeypatch.setattr(processes, "_KERNEL_LISTS_CHILDREN", is_listed)
    with subprocess.Popen(["sh", "-c", "sleep 60 & echo $!; wait"], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        below = int(child.stdout.readline())
        assert processes.tree(child.pid) == [child.pid, below]
        os.kill(below, 9)
    assert processes.tree(child.pid) == []


def test_the_end_of_a_tree_takes_what_it_left_behind_and_spares_others() -> None:
    daemon = "setsid sleep 60 & echo $!"
    with subprocess.Popen(["sleep", "60"]) as before:
        first = processes.start_tree(["sh", "-c", daemon], stdout=subprocess.PIPE)
        second = processes.start_tree(["sleep", "60"])
        assert first.stdout is not None
        with first.stdout as said:
            strayed = int(said.readline())
        first.wait()
        processes.end_tree(first)
        assert not Path(f"/proc/{strayed}").exists()
        assert (before.poll(), second.poll()) == (None, None)
        processes.end_tree(second)
        assert (before.poll(), second.poll()) == (None, -9)
        before.kill()
