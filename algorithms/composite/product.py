"""Scanning the same items for several queries at once: as one product of matrices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.heap import admit, key_id, make_key, sort
from algorithms.kernels.jit import kernel, read_only
from algorithms.kernels.space import L2, distance, query_target
from algorithms.kernels.types import Distances, Items, Keys, Queries

_SLACK = 16
_CHUNK = 256


def scan_together(space: L2, queries: Queries, items: Items, k: int) -> Items:
    """Return the nearest of some distinct items for queries float32[g, d]: int32[g, k], -1 where there are fewer.

    The products are rounded differently from the distances of walks, so the best by them are measured again.
    """
    nearest = np.full((len(queries), k), -1, np.int32)
    rows, norms = space.rows[items], space.norms[items]
    keys = np.empty(min(k + _SLACK, len(items)), np.int64)
    queries = read_only(queries)
    for start in range(0, len(queries), _CHUNK):
        chunk = queries[start : start + _CHUNK]
        _select(space, chunk, items, norms, chunk @ rows.T, keys, nearest[start : start + _CHUNK])
    return nearest


@kernel
def _select(
    space: L2,
    queries: Queries,
    items: Items,
    norms: Distances,
    products: NDArray[np.float32],
    keys: Keys,
    nearest: NDArray[np.int32],
) -> None:
    """Write the nearest items of each query, given the inner products float32[g, m] and room for a few keys."""
    for q in range(len(queries)):
        count = 0
        for i in range(len(items)):
            length = norms[i] - np.float32(2) * products[q, i]
            if count < len(keys) or make_key(length, i) < keys[0]:
                admit(keys, count, len(keys), make_key(length, i))
                count = min(count + 1, len(keys))
        target = query_target(space, queries, q)
        for i in range(count):
            item = items[key_id(keys[i])]
            keys[i] = make_key(distance(target, item), item)
        sort(keys, count)
        for i in range(min(count, nearest.shape[1])):
            nearest[q, i] = key_id(keys[i])
