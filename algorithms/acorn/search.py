"""Searching the graph of ACORN, and measuring all that passes where that is little.

Patel, Kraft, Guestrin, Zaharia: ACORN: Performant and Predicate-Agnostic Search Over Vector Embeddings and Structured
Data (SIGMOD 2024). Section 4.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np

from algorithms.acorn.graph import Base, View, descend
from algorithms.kernels.beam import COMPUTED, RESULTS, begin, finish, seed, walk
from algorithms.kernels.filter import Bitmap
from algorithms.kernels.graph import Rows
from algorithms.kernels.heap import key_id
from algorithms.kernels.policy import FASTMATH
from algorithms.kernels.scan import scan
from algorithms.kernels.space import query_target


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _walk_from(target: Any, graph: Any, accept: Any, start: Any, ef: Any, scratch: Any) -> Any:
    """Walk from an item with a beam of `ef`, and return whether anything that passes was found."""
    visited = begin(scratch)
    seed(target, accept, visited, start, ef, scratch)
    walk(target, graph, accept, visited, ef, scratch)
    return scratch.counters[RESULTS] > 0


class Rule(NamedTuple):
    """How lists are read, see `View`.

    Attributes:
        base: `verbatim` of the lowest layer.
        upper: `verbatim` of the layers above.
        limit: `limit` of the layers above; twice as many in the lowest.
    """

    base: int
    upper: int
    limit: int


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def search(
    start: Any, stop: Any, scratch: Any, graph: Any, rule: Any, space: Any, queries: Any, bitmaps: Any, matches: Any,
    which: Any, items: Any, few: Any, ef: Any, ids: Any, lengths: Any, computed: Any,
) -> None:  # fmt: skip
    """Answer the queries from `start` to `stop`.

    Args:
        start: the first query.
        stop: the end of the queries.
        scratch: memory from `new_scratch`, as wide as a list of the lowest layer and as 2 ``rule.limit``.
        graph: the index.
        rule: a `Rule`.
        space: the items.
        queries: float32[q, d].
        bitmaps: uint64[u, words], the distinct filters.
        matches: int64[u], how many items pass each.
        which: int64[q], the filter of each query.
        items: int32[n], 0 to n - 1.
        few: a filter that fewer items pass is answered by measuring them all; at least 1.
        ef: the beam, at least k.
        ids: int32[q, k], the answers, nearest first and then -1.
        lengths: float32[q, k], their distances.
        computed: int64[q], the distances computed.
    """
    for i in range(start, stop):
        scratch.counters[COMPUTED] = 0
        query = query_target(space, queries, i)
        accept = Bitmap(bitmaps[which[i]])
        if matches[which[i]] < few:
            begin(scratch)
            scan(query, accept, items, 0, len(items), ef, scratch)
        else:
            view = View(Base(graph.base), accept, rule.base, 2 * rule.limit)
            nearest = descend(query, graph, accept, rule.upper, rule.limit, 1, scratch)
            # Where nothing that passes is in sight of the start, walk over all items until something is.
            if not _walk_from(query, view, accept, nearest, ef, scratch) and _walk_from(
                query, Rows(graph.base), accept, nearest, 1, scratch
            ):
                _walk_from(query, view, accept, np.int64(key_id(scratch.results[0])), ef, scratch)
        finish(scratch, ids[i], lengths[i])
        computed[i] = scratch.counters[COMPUTED]
