"""Files of answers: the ids of the nearest items of every query, nearest first.

===============  ==============================================================================
ivecs            per row its length as int32, then its ids as int32; rows may differ in length
ibin, bin        n and k as uint32, then n * k ids as int32, perhaps followed by as many distances
npy, hdf5        integers [n, k], in hdf5 as `neighbors`
parquet, arrow   a column of lists of integers
===============  ==============================================================================
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.errors import BenchError
from bench.core.ivecs import read_ivecs, write_ivecs
from bench.core.reading import reading, renamed
from bench.core.vectors import bin_header
from bench.datasets.vector_files import hdf5
from bench.datasets.vector_files.columns import open_table
from bench.datasets.vector_files.files import TABLES, file_of
from bench.datasets.vector_files.rows import check_size
from bench.datasets.vector_files.unpack import unpack
from bench.system.cache import Cache
from bench.system.files import digest_of


def answer_file(given: str, where: str, cache: Cache, column: str | None = None) -> Path:
    """Return a file of answers that `read_answers` reads; what it does not read is converted once.

    Args:
        given: the path of a file of any format.
        where: the configuration key that gives it, for errors.
        cache: keeps what has to be converted.
        column: the column of a Parquet or Arrow file; None for the only one that holds lists of numbers.

    Raises:
        BenchError: the file is missing, damaged, or does not hold ids.
    """
    path = file_of(given, where)
    unpacked = unpack(path, None, cache)
    lists: Iterator[NDArray[Any]]
    with renamed(unpacked, str(path)):
        if unpacked.suffix in hdf5.SUFFIXES:
            rows = hdf5.hdf5_rows(unpacked, hdf5.ANSWERS)
            check_size(rows, rows.dtype.itemsize)
            name, lists = rows.name, itertools.chain.from_iterable(rows.blocks())
        elif unpacked.suffix in TABLES:
            table = open_table(unpacked)
            name, lists = f"{unpacked}: '{table.list_column(column)}'", table.lists(column)
        else:
            return unpacked
        digest = digest_of(cache.digest(path), name.removeprefix(str(unpacked)))
        return cache.file("answers", digest, ".ivecs", lambda out: write_ivecs(out, ids_of(lists, name)))


def ids_of(lists: Iterable[NDArray[Any]], name: str) -> Iterator[NDArray[np.int32]]:
    """Yield lists of ids as int32.

    Raises:
        BenchError: a list holds something else; `name` says whose it is.
    """
    for row, ids in enumerate(lists):
        if ids.dtype.kind not in "iu":
            raise BenchError(f"{name} holds {ids.dtype}; answers are integers")
        narrow = ids.astype(np.int32)
        if (narrow != ids).any():
            raise BenchError(f"{name}: row {row} has an id beyond the range of int32")
        yield narrow


def read_answers(path: Path) -> NDArray[np.int32]:
    """Read a file of answers as int32[n, longest], padded with -1.

    Raises:
        BenchError: the file is missing, damaged or in another format.
    """
    if not path.is_file():
        raise BenchError(f"there is no file {path}")
    match path.suffix:
        case ".ivecs":
            return read_ivecs(path)
        case ".ibin" | ".bin":
            return _read_ibin(path)
        case ".npy":
            return _read_npy(path)
    raise BenchError(f"{path}: answers are .ivecs, .ibin, .bin, .npy, .hdf5 or .parquet files, not '{path.suffix}'")


def _read_ibin(path: Path) -> NDArray[np.int32]:
    n, k = bin_header(path)
    size = path.stat().st_size
    if size not in (8 + 4 * n * k, 8 + 8 * n * k):
        raise BenchError(
            f"{path} has {size:,} bytes, but its first 8 promise {n:,} rows of {k:,} ids, with distances or without; "
            "the file is truncated or does not hold answers"
        )
    return np.fromfile(path, "<i4", n * k, offset=8).reshape(n, k)


def _read_npy(path: Path) -> NDArray[np.int32]:
    with reading(path, ".npy file"):
        ids = np.load(path)
    if ids.ndim != 2:
        raise BenchError(f"{path} holds {ids.dtype}{list(ids.shape)}; answers are [queries, k] of integers")
    return np.array(list(ids_of(ids, str(path))), np.int32).reshape(ids.shape)
