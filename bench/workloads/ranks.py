"""Ranks of items among all items, in order of distance from a query and regardless of attributes.

Float32 products count the items that are surely nearer; whether the few near the bound are nearer is decided by exact
distances, as in `bench.truth.search`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.distances import exact_distances
from bench.core.metrics import Metric
from bench.core.progress import bar
from bench.truth.products import addends, factors, offsets, score_error, squares

_BLOCK = 4096
_QUERIES = 1024


def unfiltered_ranks(
    vectors: NDArray[Any],
    queries: NDArray[np.float32],
    items: NDArray[np.int64],
    distances: NDArray[np.float64],
    metric: Metric,
) -> NDArray[np.int64]:
    """Return int64[q], the rank of an item of each query among all items, from 1; ties are in order of ids.

    Args:
        vectors: [n, d] of a real type, those of all items.
        queries: float32[q, d], C-contiguous.
        items: int64[q], the item of each query.
        distances: float64[q], its exact distance.
        metric: what the items are ranked by.
    """
    ranks = np.zeros(len(queries), np.int64)
    multiplied = factors(queries, metric)
    limits = distances - offsets(multiplied, metric)
    with bar("hardness", len(vectors), "item") as progress:
        for start in range(0, len(vectors), _BLOCK):
            block = factors(vectors[start : start + _BLOCK], metric)
            norms = squares(block)
            added, errors = addends(norms, metric), score_error(multiplied, float(norms.max()), metric)
            for first in range(0, len(queries), _QUERIES):
                rows = slice(first, first + _QUERIES)
                scores = added - np.float32(2) * (multiplied[rows] @ block.T)
                below = scores < (limits - errors)[rows, None]
                ranks[rows] += below.sum(axis=1)
                doubtful = ~below & (scores <= (limits + errors)[rows, None])
                for row in np.flatnonzero(doubtful.any(axis=1)):
                    query, ids = first + row, start + np.flatnonzero(doubtful[row])
                    exact = exact_distances(vectors, queries[query : query + 1], ids[None], metric)[0]
                    limit = distances[query]
                    ranks[query] += np.sum((exact < limit) | ((exact == limit) & (ids <= items[query])))
            progress.update(len(block))
    return ranks
