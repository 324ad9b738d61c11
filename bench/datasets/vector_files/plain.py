"""Files of one array: those that can be mapped, npy of any real type, and ``hbin`` of float16."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.core.reading import reading
from bench.core.vectors import check_rows, open_bin, open_vectors
from bench.datasets.vector_files.rows import Rows, checked_shape, sliced


def mapped_rows(path: Path) -> Rows:
    """Return the vectors of a file that could be mapped if it were the only one.

    Raises:
        BenchError: the file is damaged.
    """
    check_rows(path)
    rows = open_vectors(path)
    shape = checked_shape(rows.shape, rows.dtype, str(path))
    return Rows(path, f"{path.suffix} file", "", shape, rows.dtype, lambda: sliced(rows))


def npy_rows(path: Path) -> Rows:
    """Return the vectors of an npy file.

    Raises:
        BenchError: the file is damaged, or does not hold [n, d] real numbers.
    """
    with reading(path, ".npy file"):
        array = np.lib.format.open_memmap(path, mode="r")
    shape = checked_shape(array.shape, array.dtype, str(path))
    return Rows(path, ".npy file", "", shape, array.dtype, lambda: sliced(array))


def hbin_rows(path: Path) -> Rows:
    """Return the vectors of a file of n and d as uint32 and n * d values of float16.

    Raises:
        BenchError: the file is truncated or holds no vector.
    """
    halves = open_bin(path, np.dtype("<f2"))
    shape = checked_shape(halves.shape, halves.dtype, str(path))
    return Rows(path, f"{path.suffix} file", "", shape, halves.dtype, lambda: sliced(halves))
