"""The space of vectors of any format, and queries as it takes them: what methods need not know."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.coded import Coded, CodedQueries, coded_queries, coded_space
from algorithms.kernels.space import L2, l2
from algorithms.kernels.types import Policy, Queries
from algorithms.kernels.workers import Workers
from bench.core.errors import BenchError
from bench.core.formats import Codes, Storage

Vectors: TypeAlias = L2 | Coded
"""Items under squared L2, of whatever format."""


def space_of(vectors: NDArray[np.float32] | Codes) -> Vectors:
    """Return the space of float32[n, d], C-contiguous, or of codes, under squared L2."""
    if not isinstance(vectors, Codes):
        return l2(vectors)
    if vectors.storage.is_integer:
        return coded_space(vectors)
    return l2(vectors.values.view(np.int16) if vectors.storage is Storage.FLOAT16 else vectors.values)


def queries_in(space: Policy, queries: Queries, workers: Workers) -> Queries | CodedQueries:
    """Return queries, float32[q, d], as `query_target` takes them in a space; `workers` encode them, if need be."""
    return coded_queries(space, queries, workers) if isinstance(space, Coded) else queries


def dimensions(space: Vectors) -> int:
    """Return how many coordinates an item has."""
    return space.dim if isinstance(space, Coded) else space.rows.shape[1]


def floats(space: Vectors) -> L2:
    """Return a space of float32 items, among which vectors can be inserted.

    Raises:
        BenchError: they are codes.
    """
    if not isinstance(space, L2) or space.rows.dtype != np.float32:
        raise BenchError(
            "vectors are inserted among float32 ones, and this index searches codes; build it with "
            "storage.format=float32"
        )
    return space
