"""The kernel of exact search: selecting the nearest items from a block of inner products."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

WORD = 64
"""Items per word of a mask, which is also a step of the selection."""

_HALF = WORD // 2


@nb.njit(cache=True, nogil=True, inline="always")
def _sift_down(scores: Any, ids: Any, score: Any, item: Any) -> None:
    """Replace the root of a max-heap that consists of two arrays."""
    size = len(scores)
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and scores[child + 1] > scores[child]:
            child += 1
        if scores[child] <= score:
            break
        scores[at], ids[at] = scores[child], ids[child]
        at = child
    scores[at], ids[at] = score, item


@nb.njit(cache=True, nogil=True, fastmath=True)
def _count_below(products: Any, norms: Any, limit: Any) -> Any:
    """Return how many scores of a slice are below a limit; a loop without branches, so that it is vectorised."""
    below = 0
    for j in range(len(products)):
        below += norms[j] - np.float32(2) * products[j] < limit
    return below


@nb.njit(cache=True, nogil=True)
def select(
    products: NDArray[np.float32],
    norms: NDArray[np.float32],
    items: NDArray[np.int64],
    words: NDArray[np.uint64],
    row_words: NDArray[np.int64],
    rows: NDArray[np.int64],
    heap_scores: NDArray[np.float32],
    heap_ids: NDArray[np.int64],
) -> None:
    """Push the nearest passing items of a block into each query's max-heap.

    A score is ||x||^2 - 2 q.x, the squared distance minus ||q||^2. Words of items are skipped as a whole if none of
    them passes, or if no score beats the root of the heap.

    Args:
        products: float32[q, b], q.x of each query with each item of the block.
        norms: float32[b], ||x||^2.
        items: int64[b], the ids of the items.
        words: uint64[u, ceil(b / 64)], a bit per item that passes, one row per distinct filter.
        row_words: int64[q], the row of each query in `words`.
        rows: int64[q], the row of each query in the heaps.
        heap_scores: float32[*, keep], max-heaps, initially infinite; changed in place.
        heap_ids: int64[*, keep], their ids, initially -1; changed in place.
    """
    b = len(norms)
    for i in range(len(products)):
        scores, ids = heap_scores[rows[i]], heap_ids[rows[i]]
        product, passing = products[i], words[row_words[i]]
        for w in range((b + WORD - 1) // WORD):
            word = passing[w]
            if word == 0:
                continue
            first, last = w * WORD, min(b, (w + 1) * WORD)
            if _count_below(product[first:last], norms[first:last], scores[0]) == 0:
                continue
            for start in range(first, last, _HALF):
                stop = min(last, start + _HALF)
                if _count_below(product[start:stop], norms[start:stop], scores[0]) == 0:
                    continue
                for j in range(start, stop):
                    score = norms[j] - np.float32(2) * product[j]
                    if score < scores[0] and (word >> np.uint64(j - first)) & np.uint64(1):
                        _sift_down(scores, ids, score, items[j])
