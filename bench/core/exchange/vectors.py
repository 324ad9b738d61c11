"""Vectors as programs read them.

=========  ==========================================================================
fvecs      per row its length as int32, then float32
fbin       n and d as uint32, then float32 row by row
u8bin      the same header, then uint8; the values must be whole numbers
i8bin      the same header, then int8
npy        NumPy's format, float32
raw:HEAD   float32 row by row after a header of one's choice, such as ``raw:n=int64,d=int64``
=========  ==========================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.errors import BenchError
from bench.core.vectors import write_fvecs

VECTOR_FORMATS = ("fvecs", "fbin", "u8bin", "i8bin", "npy")
RAW = "raw"

_HEADER = "n=uint32,d=uint32"
_INTEGERS: dict[str, type[np.integer[Any]]] = {"u8bin": np.uint8, "i8bin": np.int8}
_RAW_FORMAT = re.compile(r"raw(?::((?:[nd]=u?int(?:32|64))(?:,[nd]=u?int(?:32|64))*))?")


def is_vector_format(name: str) -> bool:
    """Return whether vectors can be written in a format."""
    return name in VECTOR_FORMATS or _RAW_FORMAT.fullmatch(name) is not None


def write_vectors(
    path: Path, blocks: Iterable[NDArray[np.float32]], n: int, dim: int, form: str, *, rounded: bool = False
) -> None:
    """Write vectors in a format that `is_vector_format` accepts.

    Args:
        path: the file.
        blocks: float32[*, dim], together `n` rows.
        n: the number of rows.
        dim: the number of dimensions.
        form: the format.
        rounded: whether values are rounded for a format of integers; if not, they must be whole numbers.

    Raises:
        BenchError: a value does not fit a format of integers.
    """
    if form == "fvecs":
        write_fvecs(path, blocks)
        return
    with path.open("wb") as file:
        if form == "npy":
            header: dict[str, Any] = {"descr": "<f4", "fortran_order": False, "shape": (n, dim)}
            np.lib.format.write_array_header_1_0(file, header)
        else:
            match = _RAW_FORMAT.fullmatch(form)
            _head(match[1] or "" if match else _HEADER, n, dim).tofile(file)
        for block in blocks:
            (_whole(block, _INTEGERS[form], rounded=rounded) if form in _INTEGERS else block).tofile(file)


def _head(fields: str, n: int, dim: int) -> NDArray[np.uint8]:
    """Return the bytes of a header such as ``n=uint32,d=uint32``."""
    parts = [word.split("=") for word in fields.split(",") if word]
    values = [np.array([n if name == "n" else dim], kind).view(np.uint8) for name, kind in parts]
    return np.concatenate([np.empty(0, np.uint8), *values])


def _whole(block: NDArray[np.float32], kind: type[np.integer[Any]], *, rounded: bool) -> NDArray[Any]:
    """Return values as integers of a type; those that have to be rounded may be beyond its range, too."""
    limits = np.iinfo(kind)
    whole = np.clip(np.rint(block), limits.min, limits.max)
    if not rounded and not np.array_equal(whole, block):
        raise BenchError(
            f"the vectors are not whole numbers from {limits.min} to {limits.max}, which {kind.__name__} files hold; "
            "use fvecs or fbin"
        )
    return whole.astype(kind)
