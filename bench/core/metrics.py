"""The metrics that items are ranked by. Each is given as a distance: less is nearer.

=======  =======================  =====================================================
l2       ||x - q||^2
cosine   2 - 2 cos(x, q)          a row of zeros has no direction; its cosine is 0
ip       -2 q.x                   the largest inner product comes first
hamming  how many bits differ     over rows of 0 and 1, where it equals the squared L2
=======  =======================  =====================================================

Without the lengths of items and queries, all of them are the squared L2 distance.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.errors import BenchError, suggestion

_BLOCK = 256


class Metric(StrEnum):
    """What items are ranked by."""

    L2 = "l2"
    COSINE = "cosine"
    IP = "ip"
    HAMMING = "hamming"


_SPELLINGS = {
    "l2": Metric.L2,
    "euclidean": Metric.L2,
    "sqeuclidean": Metric.L2,
    "cosine": Metric.COSINE,
    "angular": Metric.COSINE,
    "normalized": Metric.COSINE,
    "ip": Metric.IP,
    "dot": Metric.IP,
    "innerproduct": Metric.IP,
    "dotproduct": Metric.IP,
    "hamming": Metric.HAMMING,
}
"""How files of the field spell metrics, in lower case and without separators."""


def metric_of(text: str, where: str) -> Metric:
    """Return the metric that a file or a key names, in any usual spelling.

    Args:
        text: the name.
        where: the file or key that names it, for the error.

    Raises:
        BenchError: there is no such metric here.
    """
    plain = "".join(letter for letter in text.lower() if letter.isalnum())
    if plain not in _SPELLINGS:
        raise BenchError(
            f"{where} names the distance '{text}'; this benchmark ranks by {', '.join(Metric)}"
            f"{suggestion(plain, _SPELLINGS)}"
        )
    return _SPELLINGS[plain]


def unit_rows(rows: NDArray[Any]) -> NDArray[np.float32]:
    """Return float32[n, d], the directions of rows [n, d] of a real type; a row of zeros stays as it is.

    The lengths are those in float64, so that rows of any float32 keep their directions.
    """
    units = np.empty(rows.shape, np.float32)
    for start in range(0, len(rows), _BLOCK):
        block = np.asarray(rows[start : start + _BLOCK], np.float64)
        lengths = np.sqrt(np.einsum("ij,ij->i", block, block))
        units[start : start + len(block)] = block / np.where(lengths > 0, lengths, 1)[:, None]
    return units


def zero_rows(rows: NDArray[Any]) -> NDArray[np.int64]:
    """Return the numbers of the rows [n, d] that are all zeros."""
    return np.flatnonzero(~np.any(rows, axis=1))
