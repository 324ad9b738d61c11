"""Packed files: gz and zst of any format, and npz, which packs npy files. They are unpacked once, into the cache."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa

from bench.core.errors import BenchError, listing, suggestion
from bench.core.reading import reading
from bench.system.cache import Cache
from bench.system.files import digest_of

PACKED: dict[str, Callable[[Path], Any]] = {
    ".gz": gzip.GzipFile,
    ".zst": lambda path: pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"),
}
"""The suffixes that may follow that of any format, and what opens such files."""

_BLOCK = 1 << 20
_MOST_EXPANSION = 1000
_MEMBER = ".npy"


def unpack(path: Path, array: str | None, cache: Cache) -> Path:
    """Return what a packed file holds, as a file in the cache; return the path of any other file itself.

    Args:
        path: the file.
        array: the array in an npz; None for the only one.
        cache: keeps the unpacked file.

    Raises:
        BenchError: the file is damaged, expands beyond belief, or the array is not there.
    """
    if path.suffix in PACKED:
        inner = path.with_suffix("").suffix
        return cache.file("unpacked", cache.digest(path), inner, lambda out: decompress(path, out))
    if path.suffix == ".npz":
        digest = digest_of(cache.digest(path), array)
        return cache.file("unpacked", digest, ".npy", lambda out: extract(path, array, out))
    return path


def decompress(path: Path, out: Path) -> None:
    """Write what a gz or zst file holds.

    Raises:
        BenchError: the file is damaged, or expands beyond belief.
    """
    what = f"{path.suffix} file"
    with reading(path, what):
        packed = PACKED[path.suffix](path)
    with packed:
        _copy(packed, path, what, out)


def extract(path: Path, array: str | None, out: Path) -> None:
    """Write an array of an npz file, by default the only one, as npy.

    Raises:
        BenchError: the file is damaged, expands beyond belief, or the array is not there.
    """
    with ExitStack() as opened:
        with reading(path, ".npz file"):
            archive = opened.enter_context(zipfile.ZipFile(path))
            packed = opened.enter_context(archive.open(_member(path, archive.namelist(), array)))
        _copy(packed, path, ".npz file", out)


def _copy(packed: Any, path: Path, what: str, out: Path) -> None:
    """Copy a stream to a file; stop where no honest file would have expanded so far."""
    most, copied = _MOST_EXPANSION * (path.stat().st_size + _BLOCK), 0
    with out.open("wb") as file:
        while True:
            with reading(path, what):
                block = packed.read(_BLOCK)
            if not block:
                return
            copied += len(block)
            if copied > most:
                raise BenchError(f"{path} expands to more than {_MOST_EXPANSION} times its size; it is damaged")
            file.write(block)


def _member(path: Path, members: list[str], array: str | None) -> str:
    names = [name.removesuffix(_MEMBER) for name in members if name.endswith(_MEMBER)]
    if array is None and len(names) != 1:
        raise BenchError(f"{path} has {len(names)} arrays ({listing(names)}); set dataset.column to one of them")
    if array is not None and array not in names:
        raise BenchError(f"{path} has no array '{array}'{suggestion(array, names)}")
    return (array or names[0]) + _MEMBER
