"""Vectors that are read block by block, and their conversion to a file that can be mapped."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from bench.core.errors import BenchError
from bench.core.progress import bar
from bench.core.reading import reading_each

BLOCK_BYTES = 64 << 20
_MOST_EXPANSION = 1000
_SMALL = (np.dtype(np.uint8), np.dtype(np.int8))


@dataclass(frozen=True)
class Rows:
    """The vectors of a file, read block by block.

    Attributes:
        path: the file.
        what: what it should be, for errors, such as ``Parquet file``.
        key: the column or dataset in it that holds the vectors; empty if the file holds nothing else.
        shape: (n, d).
        dtype: of the values in the file.
        read: yields arrays [*, d] of `dtype`, which together are the n rows.
        stated: the distance that the file states, in its own spelling; None if it states none.
        first: the number of the first row, where others of the file come before it.
    """

    path: Path
    what: str
    key: str
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    read: Callable[[], Iterator[NDArray[Any]]]
    stated: str | None = None
    first: int = 0

    @property
    def name(self) -> str:
        """What errors call the vectors."""
        return f"{self.path}: '{self.key}'" if self.key else str(self.path)

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Yield what `read` yields.

        Raises:
            BenchError: the file is damaged, or holds more or fewer rows than it promises.
        """
        n = 0
        for block in reading_each(self.read(), self.path, self.what):
            n += len(block)
            yield block
        if n != self.shape[0]:
            raise BenchError(f"{self.name} has {n:,} rows, but promises {self.shape[0]:,}")


def cut(parts: Sequence[Rows], start: int, stop: int) -> list[Rows]:
    """Return consecutive rows of several parts, which count as one sequence."""
    chosen, before = [], 0
    for part in parts:
        low, high = max(start - before, 0), min(stop - before, part.shape[0])
        if low < high:
            read = partial(_cut, part.read, low, high)
            chosen.append(replace(part, shape=(high - low, part.shape[1]), read=read, first=part.first + low))
        before += part.shape[0]
    return chosen


def _cut(read: Callable[[], Iterator[NDArray[Any]]], start: int, stop: int) -> Iterator[NDArray[Any]]:
    row = 0
    for block in read():
        part = block[max(start - row, 0) : stop - row]
        if len(part):
            yield part
        row += len(block)
        if row >= stop:
            return


def block_rows(dim: int, itemsize: int) -> int:
    """Return how many rows a block of `BLOCK_BYTES` has."""
    return max(1, BLOCK_BYTES // (dim * itemsize))


def sliced(rows: Any) -> Iterator[NDArray[Any]]:
    """Yield [n, d] rows, which may be mapped or on disk, block by block."""
    step = block_rows(rows.shape[1], rows.dtype.itemsize)
    for start in range(0, len(rows), step):
        yield rows[start : start + step]


def checked_shape(shape: Sequence[int], dtype: DTypeLike, name: str) -> tuple[int, int]:
    """Return the shape of an array as (n, d).

    Raises:
        BenchError: the array is empty, or not [n, d] of real numbers.
    """
    if len(shape) != 2 or np.dtype(dtype).kind not in "fiub":
        raise BenchError(f"{name} holds {np.dtype(dtype)}{list(shape)}; vectors are [n, d] of real numbers")
    if 0 in shape:
        raise BenchError(f"{name} is empty; it should hold at least one vector")
    return int(shape[0]), int(shape[1])


def check_size(part: Rows, itemsize: int) -> None:
    """Check that a small file does not become a large one: no vectors compress like that.

    Raises:
        BenchError: it would, at `itemsize` bytes per value.
    """
    claimed, size = itemsize * part.shape[0] * part.shape[1], part.path.stat().st_size
    if claimed > _MOST_EXPANSION * size:
        raise BenchError(f"{part.name} claims {claimed:,} bytes in a file of {size:,}; it is damaged")


def write_npy(parts: Sequence[Rows], target: Path) -> None:
    """Write vectors as one npy file, the parts one after the other.

    Values of uint8 and int8 stay, truth values become uint8, and all others float32.

    Raises:
        BenchError: the parts differ in dimensions, a value leaves the range of float32, a file is damaged or of an
            incredible size, or the disk has no room.
    """
    n, dim = sum(part.shape[0] for part in parts), parts[0].shape[1]
    for part in parts:
        if part.shape[1] != dim:
            raise BenchError(f"{part.name} has vectors of {part.shape[1]} dimensions, but {parts[0].name} has {dim}")
    dtype = _stored(parts)
    for part in parts:
        check_size(part, dtype.itemsize)
    needed, free = n * dim * dtype.itemsize, shutil.disk_usage(target.parent).free
    if needed > free:
        raise BenchError(f"{parts[0].name} takes {needed:,} bytes once converted, and only {free:,} are free")
    with target.open("wb") as file, bar(f"converting {parts[0].path.name}", n, "row") as progress:
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (n, dim)}
        np.lib.format.write_array_header_1_0(file, header)
        for part in parts:
            row = part.first
            for block in part.blocks():
                file.write(np.ascontiguousarray(_converted(block, dtype, part.name, row)).data)
                row += len(block)
                progress.update(len(block))


def _stored(parts: Sequence[Rows]) -> np.dtype[Any]:
    dtypes = {np.dtype(np.uint8) if part.dtype.kind == "b" else part.dtype for part in parts}
    only = dtypes.pop()
    return only if not dtypes and only in _SMALL else np.dtype(np.float32)


def _converted(block: NDArray[Any], dtype: np.dtype[Any], name: str, start: int) -> NDArray[Any]:
    """Return a block as `dtype`; its first row is row `start` of what is called `name`."""
    with np.errstate(over="ignore", invalid="ignore"):
        converted = block.astype(dtype, copy=False)
    if block.dtype.kind == "f" and block.dtype.itemsize > dtype.itemsize:
        beyond = np.flatnonzero((np.isinf(converted) & np.isfinite(block)).any(axis=1))
        if len(beyond):
            value = block[beyond[0]][np.abs(block[beyond[0]]).argmax()]
            raise BenchError(
                f"{name}: row {start + beyond[0]} has the value {value:g}, beyond the range of float32; scale all "
                "vectors and queries by the same factor"
            )
        vanished = np.flatnonzero(block.any(axis=1) & ~converted.any(axis=1))
        if len(vanished):
            value = np.abs(block[vanished[0]]).max()
            raise BenchError(
                f"{name}: row {start + vanished[0]} has no value above {value:g}, so that float32 makes it zero; scale "
                "all vectors and queries by the same factor"
            )
    return converted
