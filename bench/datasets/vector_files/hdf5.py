"""HDF5 files of ann-benchmarks and VIBE: `train` are the items, `test` the queries, `neighbors` the true answers.

Both state their distance as an attribute, which other writers than h5py store as bytes or as an array.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.errors import BenchError, listing
from bench.core.reading import reading
from bench.datasets.vector_files.rows import Rows, checked_shape, sliced

SUFFIXES = (".hdf5", ".h5")
ITEMS, QUERIES, ANSWERS = "train", "test", "neighbors"
_WHAT = "HDF5 file"


def hdf5_rows(path: Path, key: str) -> Rows:
    """Return the rows of a dataset of an HDF5 file.

    Raises:
        BenchError: h5py is not installed; the file is damaged, lacks `key`, refers to other files, or holds no rows of
            one length.
    """
    with _opened(path) as file:
        if _text(file.attrs.get("type")) == "sparse":
            raise BenchError(f"{path} holds sets (its type is 'sparse'); this benchmark searches vectors of one length")
        rows = _own_rows(path, file, key)
        shape, dtype = checked_shape(rows.shape, rows.dtype, f"{path}: '{key}'"), rows.dtype
        return Rows(path, _WHAT, key, shape, dtype, lambda: _read(path, key), _text(file.attrs.get("distance")))


def has_dataset(path: Path, key: str) -> bool:
    """Return whether an HDF5 file has a dataset.

    Raises:
        BenchError: h5py is not installed, or the file is damaged.
    """
    with _opened(path) as file:
        return key in file


def _read(path: Path, key: str) -> Iterator[NDArray[Any]]:
    with _opened(path) as file:
        yield from sliced(file[key])


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        import h5py
    except ImportError as error:
        raise BenchError(f"{path}: reading HDF5 needs the extra: pip install 'fanns-bench[hdf5]'") from error
    with reading(path, _WHAT), h5py.File(path, "r") as file:
        yield file


def _own_rows(path: Path, file: Any, key: str) -> Any:
    """Return a dataset that is stored in the file itself.

    Raises:
        BenchError: there is none of that name, or it refers to other files or places.
    """
    if key not in file:
        raise BenchError(f"{path} has no '{key}' (found {listing(file)}): not a file of ann-benchmarks or VIBE")
    rows, link = file[key], file.get(key, getlink=True)
    if type(link).__name__ != "HardLink" or getattr(rows, "external", None) or getattr(rows, "is_virtual", False):
        raise BenchError(
            f"{path}: '{key}' refers to other files or places, which is not accepted; store the rows themselves"
        )
    if not hasattr(rows, "shape"):
        raise BenchError(f"{path}: '{key}' is a group of datasets, not vectors")
    return rows


def _text(value: Any) -> str | None:
    """Return an attribute, which may be text, bytes or an array of one of these, as text; None for anything else."""
    if isinstance(value, np.ndarray):
        value = value.ravel()[0] if value.size == 1 else None
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    return value.strip() if isinstance(value, str) and value.strip() else None
