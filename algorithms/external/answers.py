"""What programs return: ids in a file, and the seconds that they searched."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.base import MalformedAnswer
from bench.core.errors import BenchError
from bench.core.external import Ids, Seconds
from bench.core.ivecs import read_ivecs

_NONE = 2**32 - 1
"""-1 in an unsigned type."""


def read_ids(path: Path, ids: Ids) -> NDArray[np.int64]:
    """Return int64[q, *], a row of ids per query, -1 where there is none.

    There is none where a row is shorter than others, has the greatest uint32, or ends with the padding of `ids`.

    Raises:
        MalformedAnswer: the file is missing, or not what its format says.
    """
    if not path.is_file():
        raise MalformedAnswer(f"the program wrote no ids to {path.name}")
    try:
        rows = _READERS[ids.format](path, ids)
    except (BenchError, ValueError, EOFError) as error:
        raise MalformedAnswer(f"the program's ids are not {ids.format}: {error}") from error
    if rows.ndim != 2 or rows.dtype.kind not in "iu":
        raise MalformedAnswer(f"the program's ids are {rows.dtype}{list(rows.shape)}, where integers [q, k] are needed")
    rows = rows.astype(np.int64)
    padded = np.logical_and.accumulate(rows[:, ::-1] == ids.padding, axis=1)[:, ::-1]
    return np.where((rows == _NONE) | padded, -1, rows)


def _read_ibin(path: Path, ids: Ids) -> NDArray[Any]:
    """Read n and k as uint32, then ids as int32; what follows, such as distances, is ignored."""
    words = np.fromfile(path, "<i4")
    n, k = map(int, words[:2]) if len(words) > 1 else (-1, -1)
    if min(n, k) < 0 or n * k > len(words) - 2:
        raise ValueError(f"its header says {n} rows of {k} ids, and the file has {path.stat().st_size} bytes")
    return words[2 : 2 + n * k].reshape(n, k)


def _read_text(path: Path, ids: Ids) -> NDArray[Any]:
    """Read a line per query, its ids separated by commas or white space."""
    matches = (re.fullmatch(ids.pattern, line) for line in path.read_text(errors="replace").splitlines())
    lines = [[int(word) for word in re.split(r"[,\s]+", match[1].strip()) if word] for match in matches if match]
    rows = np.full((len(lines), max(map(len, lines), default=0)), -1, np.int64)
    for row, line in zip(rows, lines, strict=True):
        row[: len(line)] = line
    return rows


def _read_npy(path: Path, ids: Ids) -> NDArray[Any]:
    array: NDArray[Any] = np.load(path, allow_pickle=False)
    return array


_READERS = {"ivecs": lambda path, _: read_ivecs(path), "ibin": _read_ibin, "text": _read_text, "npy": _read_npy}


def seconds_in(text: str, seconds: Seconds, queries: int) -> float:
    """Return the seconds that a program says it searched so many queries.

    Raises:
        MalformedAnswer: it does not say so.
    """
    matches = re.findall(seconds.pattern, text)
    if not matches:
        raise MalformedAnswer(f"the program does not say how long it searched: nothing matches {seconds.pattern!r}")
    try:
        number = float(matches[-1])
    except ValueError:
        number = math.nan
    in_seconds = {
        "seconds": number,
        "milliseconds": number / 1e3,
        "qps": queries / number if number else math.inf,
        "microseconds per query": number * queries / 1e6,
    }[seconds.unit]
    if not 0 <= in_seconds < math.inf:
        raise MalformedAnswer(f"the program says it searched {matches[-1]} {seconds.unit}, which is not a time")
    return in_seconds
