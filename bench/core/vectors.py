"""Vector files that are memory-mapped. `bench.datasets.vector_files` converts all others to one of these.

==========================  =================================================================
fvecs, bvecs                per row its length as int32, then its values: float32 or uint8
fbin, u8bin, i8bin          n and d as uint32, then all values: float32, uint8 or int8
npy                         NumPy's own format: float32, uint8 or int8
==========================  =================================================================
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.errors import BenchError
from bench.core.progress import bar
from bench.core.reading import reading

_VALUES: dict[str, np.dtype[Any]] = {".fvecs": np.dtype("<f4"), ".bvecs": np.dtype("u1")}
_BIN_VALUES: dict[str, np.dtype[Any]] = {".fbin": np.dtype("<f4"), ".u8bin": np.dtype("u1"), ".i8bin": np.dtype("i1")}
MAPPED = frozenset({*_VALUES, *_BIN_VALUES, ".npy"})
"""The suffixes of files that `open_vectors` maps."""

_TYPES = (np.float32, np.uint8, np.int8)
_CHECK_BYTES = 64 << 20
_CACHE_LINE = 64
_READ_ROWS = 1 << 12
_LEAST, _GREATEST = 1e-30, 1e37  # of squared lengths: distances in float32 stay exact enough to be ranked


def dense(
    rows: NDArray[Any], items: NDArray[np.integer[Any]] | None = None, dtype: type[np.generic] = np.float32
) -> NDArray[Any]:
    """Return ``rows`` [n, d], or ``rows[items]``, as `dtype`, C-contiguous and starting at a cache line.

    Rows that meet all this are returned as they are; others are copied a few at a time. What was read of a mapped file
    is released, so that vectors are held once. If d is a multiple of 16, no load of 16 floats straddles two lines.
    """
    if items is None and rows.dtype == dtype and rows.flags.c_contiguous and rows.ctypes.data % _CACHE_LINE == 0:
        return rows
    shape = (len(rows) if items is None else len(items), rows.shape[1])
    size = np.dtype(dtype).itemsize * shape[0] * shape[1]
    memory = np.empty(size + _CACHE_LINE, np.uint8)
    offset = -memory.ctypes.data % _CACHE_LINE
    copy = memory[offset : offset + size].view(dtype).reshape(shape)
    for start in range(0, len(copy), _READ_ROWS):
        part = slice(start, start + _READ_ROWS)
        copy[part] = rows[part if items is None else items[part]]
        if isinstance(rows, np.memmap) and rows.mode == "r":
            rows._mmap.madvise(mmap.MADV_DONTNEED)  # type: ignore[attr-defined]
    return copy


def is_mappable(path: Path) -> bool:
    """Return whether a file is of a format, and of values, that `open_vectors` maps.

    Raises:
        BenchError: the file is not a readable npy file.
    """
    if path.suffix != ".npy":
        return path.suffix in MAPPED
    with reading(path, ".npy file"):
        return np.lib.format.open_memmap(path, mode="r").dtype in _TYPES


def open_vectors(path: Path) -> NDArray[Any]:
    """Memory-map a file of vectors as [n, d]: float32, uint8 or int8. Rows may be strided; nothing is read.

    Raises:
        BenchError: the file is missing, empty, truncated, ragged, or in another format.
    """
    path = Path(path)
    if not path.is_file():
        raise BenchError(f"there is no vector file {path}")
    if path.suffix == ".npy":
        return _open_npy(path)
    if path.suffix in _BIN_VALUES:
        return open_bin(path, _BIN_VALUES[path.suffix])
    if path.suffix not in _VALUES:
        raise BenchError(f"{path}: '{path.suffix}' is not one of the formats of vectors {', '.join(sorted(MAPPED))}")
    return _open_vecs(path)["row"]


def _open_vecs(path: Path) -> NDArray[Any]:
    """Memory-map a ``*vecs`` file as rows of (dim int32, row [d])."""
    dtype = _VALUES[path.suffix]
    size = path.stat().st_size
    if size < 4:
        raise BenchError(f"{path} is empty; it should hold at least one vector")
    dim = int(np.fromfile(path, "<i4", 1)[0])
    stride = 4 + dim * dtype.itemsize
    if dim < 1:
        raise BenchError(f"{path}: the first row claims {dim} values; the file is damaged or not {path.suffix}")
    if size % stride:
        raise BenchError(
            f"{path} has {size} bytes, which is not a whole number of rows of {dim} values ({stride} bytes each): "
            f"row {size // stride} is {stride - size % stride} bytes short, or the rows differ in length"
        )
    rows = np.memmap(path, np.dtype([("dim", "<i4"), ("row", dtype, (dim,))]), mode="r")
    # Only two rows: looking at every one would read a file that may be larger than memory. `check_rows` checks all of
    # them, once per file.
    for row in (len(rows) // 2, len(rows) - 1):
        if rows["dim"][row] != dim:
            raise BenchError(f"{path}: row {row} has {rows['dim'][row]} values, but row 0 has {dim}")
    return rows


def open_bin(path: Path, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Memory-map a ``*bin`` file of values of `dtype` as [n, d].

    Raises:
        BenchError: the file is empty, or has another size than its header says.
    """
    n, dim = bin_header(path)
    size, expected = path.stat().st_size, 8 + n * dim * dtype.itemsize
    if size != expected:
        raise BenchError(
            f"{path} has {size:,} bytes, but its first 8 promise {n:,} rows of {dim:,} values ({expected:,} bytes); "
            f"the file is truncated or not {path.suffix}"
        )
    return np.memmap(path, dtype, mode="r", offset=8, shape=(n, dim))


def bin_header(path: Path) -> tuple[int, int]:
    """Return (n, d) from the first 8 bytes of a ``*bin`` file.

    Raises:
        BenchError: the file is shorter, or there is no row or no value.
    """
    header = np.fromfile(path, "<u4", 2)
    if len(header) < 2 or not header.all():
        claim = f"promises {header[0]:,} rows of {header[1]:,} values" if len(header) == 2 else "has less than 8 bytes"
        raise BenchError(f"{path} {claim}; it should hold at least one vector")
    return int(header[0]), int(header[1])


def _open_npy(path: Path) -> NDArray[Any]:
    with reading(path, ".npy file"):
        array = np.lib.format.open_memmap(path, mode="r")
    if array.ndim != 2 or not array.size or array.dtype not in _TYPES:
        raise BenchError(f"{path} holds {array.dtype}{list(array.shape)}; vectors are [n, d] of float32, uint8 or int8")
    return array


def check_finite(path: Path) -> None:
    """Check the length and the values of every row, reading blocks of 64 MiB.

    Raises:
        BenchError: a row differs in length, or contains NaN or infinite values; names the first such row.
    """
    for _ in _squares(path):
        pass


def check_rows(path: Path) -> None:
    """Check rows like `check_finite`, and that their squared lengths can be computed with in float32.

    Raises:
        BenchError: as there, or a row is too long or too short; names the first such row.
    """
    for start, squares in _squares(path):
        extreme = np.flatnonzero((squares > _GREATEST) | ((squares > 0) & (squares < _LEAST)))
        if len(extreme):
            row = extreme[0]
            raise BenchError(
                f"{path}: row {start + row} has the length {squares[row] ** 0.5:.3g}, whose square leaves the "
                "range of float32; scale all vectors and queries by the same factor"
            )


def _squares(path: Path) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Yield the first row of each block with the squared lengths of its rows, in float64, after checking the block."""
    n, dim = open_vectors(path).shape
    step = max(1, _CHECK_BYTES // open_vectors(path)[0].nbytes)
    starts = range(0, n, step)
    for start in bar(f"checking {path.name}", len(starts), "block", iterable=starts):
        # Opened anew, so that the pages read are released.
        block = open_vectors(path)[start : start + step]
        if path.suffix in _VALUES:
            lengths = _open_vecs(path)["dim"][start : start + step]
            odd = np.flatnonzero(lengths != dim)
            if len(odd):
                raise BenchError(f"{path}: row {start + odd[0]} has {lengths[odd[0]]} values, but row 0 has {dim}")
        squares = np.einsum("ij,ij->i", block, block, dtype=np.float64, casting="unsafe")
        # A sum is NaN or infinite as soon as one value is.
        bad = np.flatnonzero(~np.isfinite(squares))
        if len(bad):
            raise BenchError(f"{path}: row {start + bad[0]} has NaN or infinite values; fix or drop such rows")
        yield start, squares


def write_fvecs(path: Path, blocks: Iterable[NDArray[np.float32]]) -> None:
    """Write blocks of float32[*, d] rows as one fvecs file."""
    with path.open("wb") as file:
        for block in blocks:
            rows = np.empty(len(block), np.dtype([("dim", "<i4"), ("row", "<f4", (block.shape[1],))]))
            rows["dim"] = block.shape[1]
            rows["row"] = block
            rows.tofile(file)
