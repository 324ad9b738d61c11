"""Files that appear whole or not at all, entries that are made once, and digests of files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.core.errors import BenchError
from bench.system.cache import Cache
from bench.system.files import atomic_file, atomic_folder, digest_of, make_folder


def test_a_file_appears_whole(tmp_path: Path) -> None:
    with atomic_file(tmp_path / "deep" / "x") as path:
        path.write_text("half")
        assert not (tmp_path / "deep" / "x").exists()
        path.write_text("whole")
    assert (tmp_path / "deep" / "x").read_text() == "whole"
    assert [entry.name for entry in (tmp_path / "deep").iterdir()] == ["x"]


def test_a_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("old")

    def fail(error: Exception) -> None:
        with atomic_file(tmp_path / "x") as path:
            path.write_text("new")
            raise error

    with pytest.raises(ZeroDivisionError):
        fail(ZeroDivisionError())
    with pytest.raises(BenchError, match=r"cannot write .*x: .*full"):
        fail(OSError("the disk is full"))
    assert (tmp_path / "x").read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["x"]


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "x") as path:
        (path / "part").touch()
        assert not (tmp_path / "x").exists()

    def fail() -> None:
        with atomic_folder(tmp_path / "x") as path:
            (path / "another").touch()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [str(entry.relative_to(tmp_path)) for entry in sorted(tmp_path.rglob("*"))] == ["x", "x/part"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BenchError, match=r"cannot create the folder .*file/results"):
        make_folder(tmp_path / "file" / "results")


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(BenchError, match="is not writable; choose another with results=PATH"):
        make_folder(tmp_path)


def test_an_entry_is_made_once(tmp_path: Path) -> None:
    cache, calls = Cache(tmp_path), []

    def make(path: Path) -> None:
        calls.append(path)
        path.write_text("content")

    first = cache.file("group", "digest", ".txt", make)
    assert cache.file("group", "digest", ".txt", make) == first
    assert len(calls) == 1
    assert first.read_text() == "content"
    cache.file("group", "another", ".txt", make)
    assert len(calls) == 2


def test_digests_of_different_structures_differ() -> None:
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    assert len({digest_of("ab"), digest_of("a", "b"), digest_of(["a", "b"]), digest_of("b", "a")}) == 4


def test_a_file_is_checked_and_digested_again_when_it_changes(tmp_path: Path) -> None:
    cache, path, checked = Cache(tmp_path / "cache"), tmp_path / "x", []
    path.write_text("one")

    def check(checked_path: Path) -> None:
        checked.append(checked_path)

    first = cache.digest(path, check)
    assert cache.digest(path, check) == first
    assert len(checked) == 1
    path.write_text("two")
    os.utime(path, ns=(1, 1))
    assert cache.digest(path, check) != first
    assert len(checked) == 2


def test_a_file_that_fails_its_check_is_not_remembered(tmp_path: Path) -> None:
    cache, path = Cache(tmp_path / "cache"), tmp_path / "x"
    path.touch()

    def refuse(_: Path) -> None:
        raise BenchError("not good")

    for _ in range(2):
        with pytest.raises(BenchError, match="not good"):
            cache.digest(path, refuse)
