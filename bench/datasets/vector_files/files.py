"""From what a user names to a file that can be mapped: the formats, globs of several files, and packed files."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.core.errors import BenchError
from bench.core.reading import renamed
from bench.core.vectors import MAPPED, is_mappable
from bench.datasets.vector_files import hdf5
from bench.datasets.vector_files.columns import open_table
from bench.datasets.vector_files.hdf5 import hdf5_rows
from bench.datasets.vector_files.plain import hbin_rows, mapped_rows, npy_rows
from bench.datasets.vector_files.rows import Rows, write_npy
from bench.datasets.vector_files.unpack import PACKED, unpack
from bench.system.cache import Cache
from bench.system.files import digest_of

TABLES = (".parquet", ".arrow", ".feather")
_FORMAT = 1

READERS: dict[str, Callable[[Path, str | None, str], Rows]] = {
    **dict.fromkeys(MAPPED, lambda path, column, role: mapped_rows(path)),
    ".npy": lambda path, column, role: npy_rows(path),
    **dict.fromkeys((".hbin", ".f16bin"), lambda path, column, role: hbin_rows(path)),
    **dict.fromkeys(TABLES, lambda path, column, role: open_table(path).rows(column)),
    **dict.fromkeys(hdf5.SUFFIXES, lambda path, column, role: hdf5_rows(path, role)),
}
"""What returns the rows of a file of each format, given the column of a table, or the dataset of an HDF5 file."""


@dataclass(frozen=True)
class VectorFile:
    """Vectors, ready to be mapped.

    Attributes:
        path: the file of the user, or what was derived from it.
        name: the file of the user, with the key or column in it, for errors.
        sources: the files of the user.
        stated: the distance that the file states, in its own spelling; None if it states none.
    """

    path: Path
    name: str
    sources: tuple[Path, ...]
    stated: str | None = None


def vector_file(given: str, where: str, cache: Cache, column: str | None = None, role: str = hdf5.ITEMS) -> VectorFile:
    """Return the vectors of a file, or of several with one after the other, ready to be mapped.

    Args:
        given: a path, or a glob of several.
        where: the configuration key that gives it, for errors.
        cache: keeps what has to be unpacked or converted.
        column: the column of a table, or the array of an npz; None for the only one.
        role: the dataset of an HDF5 file.

    Raises:
        BenchError: there is no such file, or a file is damaged or in another format.
    """
    paths = files_of(given, where)
    files = [unpack(path, column, cache) for path in paths]
    with ExitStack() as naming:
        for file, path in zip(files, paths, strict=True):
            naming.enter_context(renamed(file, str(path)))
        if len(files) == 1 and is_mappable(files[0]):
            return VectorFile(files[0], str(paths[0]), tuple(paths))
        parts = [rows_of(file, column, role) for file in files]
        digest = digest_of(_FORMAT, column, role, [cache.digest(file) for file in files])
        target = cache.file("converted", digest, ".npy", lambda out: write_npy(parts, out))
    name = parts[0].name.replace(str(files[0]), str(paths[0])) if len(files) == 1 else given
    return VectorFile(target, name, tuple(paths), parts[0].stated)


def file_of(given: str, where: str) -> Path:
    """Return the one file of that path.

    Raises:
        BenchError: there is none, or it cannot be read.
    """
    paths = files_of(given, where)
    if len(paths) > 1:
        raise BenchError(f"{given} names {len(paths)} files ({where}); name one")
    return paths[0]


def rows_of(path: Path, column: str | None, role: str) -> Rows:
    """Return the vectors of a file that is not packed.

    Raises:
        BenchError: the file is damaged or in another format.
    """
    if path.suffix not in READERS:
        formats = ", ".join(sorted({*READERS, *PACKED, ".npz"}))
        raise BenchError(f"{path}: vectors are read from {formats} files, not from '{path.suffix}'")
    return READERS[path.suffix](path, column, role)


def files_of(given: str, where: str) -> list[Path]:
    """Return the file of that path, or else the files that a glob matches, in natural order.

    Raises:
        BenchError: there is none, or one cannot be read.
    """
    literal = Path(given).expanduser()
    # Of a folder such as [2024], the name is no pattern.
    patterns = (str(literal), os.path.join(glob.escape(str(literal.parent)), literal.name))
    matches = next(filter(None, (glob.glob(pattern, recursive=True) for pattern in patterns)), [])
    paths = [literal] if os.path.lexists(literal) else sorted(map(Path, matches), key=_natural)
    if not paths:
        raise BenchError(f"there is no file {given} ({where})")
    for path in paths:
        if path.is_dir():
            raise BenchError(f"{path} is a folder ({where}); name the file, or several as in {path}/*.parquet")
        if not path.is_file() or not os.access(path, os.R_OK):
            raise BenchError(f"{path} is not a file that can be read ({where})")
    return paths


def _natural(path: Path) -> list[int | str]:
    """Return what sorts part-2 before part-10."""
    return [int(word) if word.isdigit() else word for word in re.split(r"(\d+)", str(path))]
