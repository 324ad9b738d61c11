"""Derived data that is damaged is noticed, and made again."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from bench.system.cache import Cache
from bench.system.seals import Seal


def makes(content: str, calls: list[str]) -> object:
    def make(path: Path) -> None:
        calls.append(content)
        path.write_text(content)

    return make


@pytest.mark.parametrize("damage", [b"", b"junk", b"conten", b"contenu"])
def test_a_damaged_entry_is_made_again(tmp_path: Path, damage: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    cache, calls = Cache(tmp_path), list[str]()
    path = cache.file("group", "abc", ".txt", makes("content", calls))  # type: ignore[arg-type]
    cache.file("group", "abc", ".txt", makes("content", calls))  # type: ignore[arg-type]
    assert calls == ["content"]
    path.write_bytes(damage)
    assert cache.file("group", "abc", ".txt", makes("content", calls)).read_text() == "content"  # type: ignore[arg-type]
    assert calls == ["content"] * 2
    assert "; it is made again" in capfd.readouterr().err


def test_the_same_size_and_time_do_not_hide_another_content(tmp_path: Path) -> None:
    path, seal = tmp_path / "file", Seal(tmp_path / "seal")
    path.write_text("one")
    seal.set(path)
    before = path.stat()
    path.write_text("two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not seal.is_intact(path)


def test_a_copy_is_intact(tmp_path: Path) -> None:
    folder, seal = tmp_path / "folder", Seal(tmp_path / "seal")
    folder.mkdir()
    (folder / "file").write_text("one")
    seal.set(folder)
    shutil.copytree(folder, tmp_path / "copy")
    shutil.rmtree(folder)
    (tmp_path / "copy").rename(folder)
    assert seal.is_intact(folder)
    (folder / "more").touch()
    assert not seal.is_intact(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"": 1}', '{"": ["x"]}'])
def test_a_damaged_seal_says_nothing_good(tmp_path: Path, content: str) -> None:
    path = tmp_path / "file"
    path.write_text("one")
    (tmp_path / "seal").write_text(content)
    assert not Seal(tmp_path / "seal").is_intact(path)


def test_a_vector_file_that_was_changed_in_place_has_another_digest(tmp_path: Path) -> None:
    cache, path = Cache(tmp_path / "cache"), tmp_path / "file"
    path.write_text("one")
    before, first = path.stat(), cache.digest(path)
    path.write_text("two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert cache.digest(path) != first


def test_leftovers_of_a_killed_process_are_deleted(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    leftover = tmp_path / "group" / f".abc.txt.{'0' * 32}"
    leftover.parent.mkdir()
    leftover.touch()
    cache.file("group", "abc", ".txt", lambda path: path.touch())
    assert not leftover.exists()
