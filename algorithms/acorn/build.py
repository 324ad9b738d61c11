"""Building the graph of ACORN: by insertion, without pruning, and with long lists cut by what they lead to.

Patel, Kraft, Guestrin, Zaharia: ACORN: Performant and Predicate-Agnostic Search Over Vector Embeddings and Structured
Data (SIGMOD 2024). Section 5.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.acorn.graph import Base, Graph, Upper, descend, row_of
from algorithms.kernels.beam import RESULTS, begin, new_scratch, seed, walk
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import neighbours
from algorithms.kernels.heap import insert_sorted, key_distance, key_id, make_key, sort_max
from algorithms.kernels.hnsw import draw_levels
from algorithms.kernels.insert import batches, edges_back
from algorithms.kernels.policy import FASTMATH, implements
from algorithms.kernels.space import Space, target
from algorithms.kernels.visited import visit
from algorithms.kernels.workers import Workers


class Head(NamedTuple):
    """A layer as building sees it: the first entries of an item's list that were not met before, at most `limit`."""

    layer: Any
    limit: int


@implements(neighbours, Head)
def _(graph: Any, node: Any, visited: Any, out: Any) -> Any:
    ids = graph.layer.ids
    row = row_of(graph.layer, node)
    count = 0
    for j in range(ids.shape[1]):
        if ids[row, j] < 0 or count == graph.limit:
            break
        out[count] = ids[row, j]
        count += visit(visited, out[count])
    return count


class Growing(NamedTuple):
    """A layer that is being built.

    Attributes:
        layer: a `Base` or an `Upper`.
        lengths: float32, the distances of the neighbours, shaped as the layer's ids.
        frozen: the ids as they were before edges back were added.
        verbatim: how many of the nearest candidates are kept in any case.
        reach: how many items, one and two hops away, a list is to lead to before it is cut.
    """

    layer: Any
    lengths: NDArray[np.float32]
    frozen: NDArray[np.int32]
    verbatim: int
    reach: int


@nb.njit(cache=True, nogil=True)
def compress(growing: Any, ids: Any, keys: Any, count: Any, scratch: Any, out: Any) -> Any:
    """Choose from candidates those that the others do not lead to (section 5.2 of the paper).

    Args:
        growing: the layer.
        ids: int32[m, width], its lists, which no thread is writing.
        keys: int64[*], keys of the candidates, ascending.
        count: how many.
        scratch: memory; what it holds of a search is lost.
        out: int64[width], the chosen keys, ascending.

    Returns:
        how many were chosen.
    """
    led_to = begin(scratch)
    width = ids.shape[1]
    kept = reached = 0
    for i in range(count):
        if kept == width or (i >= growing.verbatim and reached + kept > growing.reach):
            break
        item = key_id(keys[i])
        if i >= growing.verbatim:
            if led_to.stamps[item] == led_to.epoch:
                continue
            row = row_of(growing.layer, item)
            for j in range(width):
                if ids[row, j] < 0:
                    break
                reached += visit(led_to, ids[row, j])
        out[kept] = keys[i]
        kept += 1
    return kept


@nb.njit(cache=True, nogil=True)
def _write(growing: Any, item: Any, keys: Any, count: Any) -> None:
    """Make `count` keys the list of an item."""
    row = row_of(growing.layer, item)
    for i in range(count):
        growing.layer.ids[row, i] = key_id(keys[i])
        growing.lengths[row, i] = key_distance(keys[i])
    growing.layer.ids[row, count:] = -1


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _link_forward(
    start: Any, stop: Any, scratch: Any, growing: Any, graph: Any, last: Any, space: Any, items: Any, m: Any, ef: Any
) -> None:
    """Give every item its list; `last` is the last layer to descend through on the way to this one."""
    # New items have no edge that leads to them yet, so nothing that is read here is written.
    lists, chosen = growing.layer.ids, scratch.entered
    for i in range(start, stop):
        point = target(space, items[i])
        nearest = descend(point, graph, Everything(), graph.upper.shape[1], m, last, scratch)
        visited = begin(scratch)
        seed(point, Everything(), visited, nearest, ef, scratch)
        walk(point, Head(growing.layer, m), Everything(), visited, ef, scratch)
        found = scratch.counters[RESULTS]
        sort_max(scratch.results, found)
        _write(growing, items[i], chosen, compress(growing, lists, scratch.results, found, scratch, chosen))


@nb.njit(cache=True, nogil=True)
def _link_back(
    start: Any, stop: Any, scratch: Any, growing: Any, heads: Any, tails: Any, lengths: Any, groups: Any
) -> None:
    """Give every head the edges back to its tails; those of one head stand together between two of `groups`."""
    keys, chosen, width = scratch.results, scratch.entered, growing.frozen.shape[1]
    for i in range(start, stop):
        head = heads[groups[i]]
        row = row_of(growing.layer, head)
        count = 0
        while count < width and growing.layer.ids[row, count] >= 0:
            keys[count] = make_key(growing.lengths[row, count], growing.layer.ids[row, count])
            count += 1
        for j in range(groups[i], groups[i + 1]):
            count = insert_sorted(keys, count, make_key(lengths[j], tails[j]))
        if count <= width:
            _write(growing, head, keys, count)
        else:
            _write(growing, head, chosen, compress(growing, growing.frozen, keys, count, scratch, chosen))


def _insert(
    workers: Workers, growing: Growing, graph: Graph, last: int, space: Any, items: NDArray[np.int32], m: int, ef: int
) -> None:
    """Insert one batch of items into a layer, in parallel and the same for any number of threads."""
    workers.run(_link_forward, len(items), growing, graph, last, space, items, m, ef)
    ids = growing.layer.ids
    rows = items if isinstance(growing.layer, Base) else growing.layer.first[items] + growing.layer.level - 1
    heads, tails, lengths, groups = edges_back(items, ids[rows], growing.lengths[rows])
    np.copyto(growing.frozen, ids)
    workers.run(_link_back, len(groups) - 1, growing, heads, tails, lengths, groups)


def build(
    space: Space, m: int, sought: int, verbatim: int, places: int, reach: int, seed: int, threads: int
) -> Graph:  # fmt: skip
    """Build an index over n > 0 items. The same for any number of threads.

    The layers are built one after the other from the top, each in batches that double in size; so is `hnsw.build`.

    Args:
        space: the items.
        m: levels fall off by this factor, and a walk measures at most as many neighbours of an item.
        sought: how many candidates are sought for an item's list, and the width of lists in the upper layers.
        verbatim: see `Growing`; of the lowest layer. In the upper layers all candidates are kept.
        places: the width of lists in the lowest layer.
        reach: see `Growing`.
        seed: decides the levels and the order of insertion.
        threads: how many threads.
    """
    n = len(space.rows)
    rng = np.random.default_rng(seed)
    levels = draw_levels(n, m, rng)
    order = np.lexsort((rng.permutation(n), -levels)).astype(np.int32)
    first = (np.cumsum(levels) - levels).astype(np.int32)
    top = int(levels.max())
    upper = np.full((int(levels.sum()), sought), -1, np.int32)
    base = np.full((n, places), -1, np.int32)
    graph = Graph(base, upper, first, int(order[0]), top)
    with Workers([new_scratch(n, m) for _ in range(threads)]) as workers:
        for level in range(top, -1, -1):
            layer = Upper(upper, first, level) if level else Base(base)
            lengths, frozen = np.empty(layer.ids.shape, np.float32), np.empty_like(layer.ids)
            growing = Growing(layer, lengths, frozen, sought if level else verbatim, reach)
            members = order[: np.count_nonzero(levels >= level)]
            above = np.count_nonzero(levels > level)
            for start, stop in batches(1, len(members)):
                # Items of the layer above are not all in this one yet, so that it cannot lead to them.
                last = level + 1 if start >= above else top + 1
                _insert(workers, growing, graph, last, space, members[start:stop], m, sought)
    return graph
