"""HNSW without filters (Malkov and Yashunin, TPAMI 2020): what the kernels are worth, beside the C++ libraries.

Levels are drawn as in the paper, and items are inserted from the highest level down, in a random order within a
level (as faiss does); so the layers are built one after the other, from the top, each by `insert`, and every layer
is complete before the next is begun.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.beam import COMPUTED, RESULTS, begin, finish, new_scratch, seed, walk
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Rows, neighbours
from algorithms.kernels.heap import key_id, sort_max
from algorithms.kernels.insert import batches, find_candidates, insert, new_links
from algorithms.kernels.policy import FASTMATH, implements
from algorithms.kernels.prune import Always
from algorithms.kernels.queries import Answer, BatchSearch
from algorithms.kernels.space import query_target, space_of
from algorithms.kernels.workers import Workers
from bench.core.formats import Codes


class Hierarchy(NamedTuple):
    """The layers above the lowest.

    Attributes:
        ids: int32[m, M]; an item of level l has l rows, those of its layers 1 to l, and then -1.
        first: int32[n], the first of them; -1 for items of level 0.
        entry: the item that a search starts from.
        top: its level.
    """

    ids: NDArray[np.int32]
    first: NDArray[np.int32]
    entry: int
    top: int


class Hnsw(NamedTuple):
    """An index.

    Attributes:
        base: int32[n, 2M], the lowest layer: each row an item's neighbours, nearest first, and then -1.
        upper: the layers above.
    """

    base: NDArray[np.int32]
    upper: Hierarchy


class Layer(NamedTuple):
    """One layer of a hierarchy as a graph."""

    upper: Hierarchy
    level: int


class _Insertion(NamedTuple):
    """How an item finds its candidates in the layer that is being built.

    Attributes:
        links: the ids of the layer that is being built.
        upper: the layers above it.
        level: the last layer to descend through; above `upper.top` if none is, and the search starts from the entry.
        ef: the beam.
    """

    links: NDArray[np.int32]
    upper: Hierarchy
    level: int
    ef: int


@implements(neighbours, Layer)
def _(graph: Any, node: Any, visited: Any, out: Any) -> Any:
    row = graph.upper.first[node] + graph.level - 1
    return neighbours(Rows(graph.upper.ids), row, visited, out)


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def descend(target: Any, upper: Any, last: Any, scratch: Any) -> Any:
    """Walk greedily from the entry through the layers from the top to `last`, and return the item reached."""
    item = upper.entry
    for level in range(upper.top, last - 1, -1):
        visited = begin(scratch)
        seed(target, Everything(), visited, item, 1, scratch)
        walk(target, Layer(upper, level), Everything(), visited, 1, scratch)
        item = np.int64(key_id(scratch.results[0]))
    return item


@implements(find_candidates, _Insertion)
def _(search: Any, target: Any, item: Any, scratch: Any) -> Any:
    start = descend(target, search.upper, search.level, scratch)
    visited = begin(scratch)
    seed(target, Everything(), visited, start, search.ef, scratch)
    walk(target, Rows(search.links), Everything(), visited, search.ef, scratch)
    sort_max(scratch.results, scratch.counters[RESULTS])
    return scratch.counters[RESULTS]


def draw_levels(n: int, m: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return int64[n], levels that fall off by a factor of `m`: floor(-ln(u) / ln(m))."""
    return np.floor(-np.log(1 - rng.random(n)) / np.log(m)).astype(np.int64)


def build(rows: NDArray[np.float32] | Codes, m: int, ef_construction: int, seed: int, threads: int) -> Hnsw:
    """Build an index over n > 0 vectors. The same for any number of threads.

    Args:
        rows: float32[n, d], C-contiguous, or codes.
        m: neighbours that a new item chooses; rows grow to `m`, in the lowest layer to 2 `m`. At least 2.
        ef_construction: the beam that they are sought with.
        seed: decides the levels and the order of insertion.
        threads: how many threads.
    """
    n = len(rows)
    rng = np.random.default_rng(seed)
    levels = draw_levels(n, m, rng)
    order = np.lexsort((rng.permutation(n), -levels)).astype(np.int32)
    first = np.where(levels > 0, np.cumsum(levels) - levels, -1).astype(np.int32)
    top = int(levels.max())
    upper = Hierarchy(np.full((int(levels.sum()), m), -1, np.int32), first, int(order[0]), top)
    space = space_of(rows)
    with Workers([new_scratch(n, 2 * m) for _ in range(threads)]) as workers:
        for level in range(top, -1, -1):
            width = m if level else 2 * m
            links = new_links(n, width, degree=m)
            members = order[: np.count_nonzero(levels >= level)]
            above = np.count_nonzero(levels > level)
            for start, stop in batches(1, len(members)):
                # Items of the layer above are not all in this one yet, so that it cannot lead to them.
                last = level + 1 if start >= above else top + 1
                search = _Insertion(links.ids, upper, last, ef_construction)
                insert(workers, space, search, Always(), links, members[start:stop])
            if level:
                upper.ids[first[members] + level - 1] = links.ids[members]
    return Hnsw(links.ids, upper)


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _search_one(index: Any, space: Any, queries: Any, row: Any, ef: Any, scratch: Any, ids: Any, lengths: Any) -> Any:
    scratch.counters[COMPUTED] = 0
    query = query_target(space, queries, row)
    start = descend(query, index.upper, 1, scratch)
    visited = begin(scratch)
    seed(query, Everything(), visited, start, ef, scratch)
    walk(query, Rows(index.base), Everything(), visited, ef, scratch)
    finish(scratch, ids, lengths)
    return scratch.counters[COMPUTED]


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _search(
    start: Any, stop: Any, scratch: Any, index: Any, space: Any, queries: Any, ef: Any, ids: Any, lengths: Any,
    computed: Any,
) -> None:  # fmt: skip
    for i in range(start, stop):
        computed[i] = _search_one(index, space, queries, i, ef, scratch, ids[i], lengths[i])


class Searcher:
    """An index, the rows that it was built over, and the memory to search it with; for one caller at a time."""

    def __init__(self, index: Hnsw, rows: NDArray[np.float32] | Codes) -> None:
        """Get ready to search; `rows` is float32[n, d], C-contiguous, or codes."""
        self._index, self._space = index, space_of(rows)
        self._batch = BatchSearch(*index.base.shape)

    def search(self, queries: NDArray[np.float32], k: int, ef: int, threads: int = 1) -> Answer:
        """Return the nearest k items to each of `queries`, float32[q, d], found with a beam of max(ef, k)."""
        return self._batch.run(_search, len(queries), k, threads, self._index, self._space, queries, max(ef, k))
