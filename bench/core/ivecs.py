"""Files of ids in rows that may differ in length: per row its length as int32, then its ids as int32."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.errors import BenchError

_MOST_PADDING = 64
_FREE_PADDING = 64 << 20


def write_ivecs(path: Path, rows: Iterable[NDArray[np.integer[Any]]]) -> None:
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
    if needed > _FREE_PADDING + _MOST_PADDING * words.nbytes:
        raise BenchError(
            f"{path}: row {int(lengths.argmax())} has {lengths.max()} ids, far more than the others; "
            "the file is damaged or does not hold answers"
        )
    padded = np.full((len(starts), int(lengths.max(initial=0))), -1, np.int32)
    for row, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        padded[row, :length] = words[start + 1 : start + 1 + length]
    return padded
