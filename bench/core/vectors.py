"""Vector files: fvecs, bvecs, ivecs and npy, memory-mapped; HDF5 files of ann-benchmarks, converted to npy.

The ``*vecs`` formats store each row as an int32 length followed by its values (float32, uint8 or int32).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.errors import BenchError
from bench.core.progress import bar
from bench.core.reading import reading

_VALUES: dict[str, np.dtype[Any]] = {".fvecs": np.dtype("<f4"), ".bvecs": np.dtype("u1")}
_CHECK_BYTES = 64 << 20
_CACHE_LINE = 64
_READ_ROWS = 1 << 12
_LEAST, _GREATEST = 1e-30, 1e37  # of squared lengths: distances in float32 stay exact enough to be ranked
_MOST_PADDING = 64
_MOST_EXPANSION = 1000


def dense(
    rows: NDArray[Any], items: NDArray[np.integer[Any]] | None = None, dtype: type[np.generic] = np.float32
) -> NDArray[Any]:
    """Return ``rows`` [n, d], or ``rows[items]``, as `dtype`, C-contiguous and starting at a cache line.

    Rows that meet all this are returned as they are; others are copied a few at a time, because they may be mapped from
    a file. If d is a multiple of 16, no load of 16 floats straddles two lines.
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
    return copy


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
    if path.suffix not in _VALUES:
        raise BenchError(f"{path}: vector files are .fvecs, .bvecs, .npy or .hdf5, not '{path.suffix}'")
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


def _open_npy(path: Path) -> NDArray[Any]:
    with reading(path, ".npy file"):
        array = np.lib.format.open_memmap(path, mode="r")
    if array.ndim != 2 or not array.size or array.dtype not in (np.float32, np.uint8, np.int8):
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


def write_ivecs(path: Path, rows: Sequence[NDArray[np.integer[Any]]]) -> None:
    """Write rows of ids, which may differ in length, as one ivecs file."""
    with path.open("wb") as file:
        for row in rows:
            np.concatenate(([len(row)], row)).astype("<i4").tofile(file)


def read_ivecs(path: Path) -> NDArray[np.int32]:
    """Read rows of ids that may differ in length as int32[n, longest], padded with -1.

    Raises:
        BenchError: the file is missing or truncated.
    """
    if not path.is_file():
        raise BenchError(f"there is no file {path}")
    words = np.fromfile(path, "<i4")
    starts: list[int] = []
    at = 0
    while at < len(words):
        length = int(words[at])
        if length < 0 or at + 1 + length > len(words):
            raise BenchError(f"{path}: row {len(starts)} (byte {4 * at}) claims {length} ids, more than the file holds")
        starts.append(at)
        at += 1 + length
    if os.path.getsize(path) % 4:
        raise BenchError(f"{path} has {os.path.getsize(path)} bytes, which is not a whole number of int32")
    lengths = words[starts] if starts else np.empty(0, np.int32)
    needed = 4 * len(starts) * int(lengths.max(initial=0))
    if needed > _CHECK_BYTES + _MOST_PADDING * words.nbytes:
        raise BenchError(
            f"{path}: row {int(lengths.argmax())} has {lengths.max()} ids, far more than the others; "
            "the file is damaged or does not hold answers"
        )
    padded = np.full((len(starts), int(lengths.max(initial=0))), -1, np.int32)
    for row, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        padded[row, :length] = words[start + 1 : start + 1 + length]
    return padded


def hdf5_to_npy(source: Path, folder: Path) -> None:
    """Convert an ann-benchmarks HDF5 file by blocks: `train` to vectors.npy and `test` to queries.npy in `folder`.

    Raises:
        BenchError: h5py is not installed; the file is damaged, lacks `train` or `test`, or refers to other
            files.
    """
    h5py = _h5py(source)
    with reading(source, "HDF5 file"), h5py.File(source, "r") as file:
        for key, name in (("train", "vectors.npy"), ("test", "queries.npy")):
            if key not in file:
                raise BenchError(f"{source} has no '{key}' (found {', '.join(file)}): not an ann-benchmarks file")
            rows = file[key]
            _check_hdf5_rows(source, file.get(key, getlink=True), rows, key, folder)
            kept = {np.dtype(np.bool_): np.uint8, np.dtype(np.uint8): np.uint8, np.dtype(np.int8): np.int8}
            dtype = kept.get(rows.dtype, np.float32)
            out = np.lib.format.open_memmap(folder / name, mode="w+", dtype=dtype, shape=rows.shape)
            step = max(1, _CHECK_BYTES // (4 * rows.shape[1]))
            for start in range(0, len(rows), step):
                out[start : start + step] = rows[start : start + step]
            out.flush()


def hdf5_distance(source: Path) -> str | None:
    """Return the distance that an HDF5 file states, as it spells it; None if it states none.

    Raises:
        BenchError: h5py is not installed, or the file is damaged.
    """
    h5py = _h5py(source)
    with reading(source, "HDF5 file"), h5py.File(source, "r") as file:
        value = file.attrs.get("distance")
    return value.decode() if isinstance(value, bytes) else None if value is None else str(value)


def _h5py(source: Path) -> Any:
    try:
        import h5py
    except ImportError as error:
        raise BenchError(f"{source}: reading HDF5 needs the extra: pip install 'fanns-bench[hdf5]'") from error
    return h5py


def _check_hdf5_rows(source: Path, link: Any, rows: Any, key: str, folder: Path) -> None:
    """Check that a dataset of an HDF5 file is [n, d] of numbers, in that file alone, and of a credible size.

    Raises:
        BenchError: it is not.
    """
    where = f"{source}: '{key}'"
    if type(link).__name__ != "HardLink" or getattr(rows, "external", None) or getattr(rows, "is_virtual", False):
        raise BenchError(f"{where} refers to other files or places, which is not accepted; store the rows themselves")
    if getattr(rows, "ndim", 0) != 2 or rows.dtype.kind not in "fiub":
        raise BenchError(f"{where} is not an array of [n, d]: not an ann-benchmarks file")
    if 0 in rows.shape:
        raise BenchError(f"{where} is empty; it should hold at least one vector")
    needed, free = 4 * rows.shape[0] * rows.shape[1], shutil.disk_usage(folder).free
    if needed > _MOST_EXPANSION * source.stat().st_size:
        raise BenchError(f"{where} claims {needed:,} bytes in a file of {source.stat().st_size:,}; it is damaged")
    if needed > free:
        raise BenchError(f"{where} takes {needed:,} bytes, and only {free:,} are free in {folder.parent}")
