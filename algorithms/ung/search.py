"""The search of UNG: from entries of the smallest label sets that contain the query's (PACMMOD 2024, section 4)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.beam import CANDIDATES, COMPUTED, RESULTS, begin, finish, walk
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Csr
from algorithms.kernels.heap import admit, make_key, push_min
from algorithms.kernels.policy import FASTMATH
from algorithms.kernels.space import distances, query_target
from algorithms.kernels.visited import visit
from algorithms.ung.groups import Groups


class Starts(NamedTuple):
    """Where searches start.

    Attributes:
        groups: of each distinct filter the groups that it starts from.
        which: int64[q], the filter of each query.
    """

    groups: Csr
    which: NDArray[np.int64]


def choose_entries(groups: Groups, medoids: NDArray[np.int32], sigma: int, rng: np.random.Generator) -> Csr:
    """Choose at most `sigma` places of each group where searches start: all, or the medoid and random others."""
    rows = []
    for medoid, start, stop in zip(medoids, groups.bounds[:-1], groups.bounds[1:], strict=True):
        if stop - start <= sigma:
            rows.append(np.arange(start, stop))
        else:
            others = rng.choice(stop - start - 1, sigma - 1, replace=False) + start
            rows.append(np.concatenate([[medoid], others + (others >= medoid)]))
    return Csr(np.cumsum([0, *map(len, rows)]), np.concatenate([*rows, np.empty(0)]).astype(np.int32))


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def search(
    start: Any, stop: Any, scratch: Any, graph: Any, entries: Any, space: Any, queries: Any, groups: Any, which: Any,
    ef: Any, found: Any, lengths: Any, computed: Any,
) -> None:  # fmt: skip
    """Answer queries `start` to `stop` - 1, each from the entries of the groups that it starts from."""
    for row in range(start, stop):
        scratch.counters[COMPUTED] = 0
        query = query_target(space, queries, row)
        visited = begin(scratch)
        for i in range(groups.starts[which[row]], groups.starts[which[row] + 1]):
            g = groups.ids[i]
            _seed(query, entries.ids[entries.starts[g] : entries.starts[g + 1]], visited, ef, scratch)
        walk(query, graph, Everything(), visited, ef, scratch)
        finish(scratch, found[row], lengths[row])
        computed[row] = scratch.counters[COMPUTED]


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _seed(query: Any, items: Any, visited: Any, ef: Any, scratch: Any) -> None:
    """Add items, not met before, to start from: those that are among the best `ef` so far."""
    for begin_ in range(0, len(items), len(scratch.items)):
        part = items[begin_ : begin_ + len(scratch.items)]
        distances(query, part, len(part), scratch.lengths)
        scratch.counters[COMPUTED] += len(part)
        for i in range(len(part)):
            visit(visited, part[i])
            key, size = make_key(scratch.lengths[i], part[i]), scratch.counters[RESULTS]
            if admit(scratch.results, size, ef, key):
                scratch.counters[RESULTS] = min(ef, size + 1)
                push_min(scratch.candidates, scratch.counters[CANDIDATES], key)
                scratch.counters[CANDIDATES] += 1
