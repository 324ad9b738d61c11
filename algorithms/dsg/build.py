"""Building DSG (section 5): candidates for every item, and a label for each of its edges.

The paper inserts one item after the other into a base graph. The search that links an item into it meets the item's
candidates, from which `rectangles` labels its edges. A label depends on the candidates alone, never on other labels, so
a batch of items can be inserted at once (see `kernels.insert`): they are not candidates of each other, and nothing
relies on that. The authors' later rewrite finds candidates in a finished HNSW instead.

Both proceed in batches: keep the candidates of a batch's items, then label their edges.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.dsg.edges import Labelled
from algorithms.dsg.rectangles import Boxes, Stack, new_stack, rectangles
from algorithms.kernels.beam import Scratch, begin, new_scratch, pool_entered, seed, walk
from algorithms.kernels.edges import Links
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Rows
from algorithms.kernels.heap import key_id
from algorithms.kernels.insert import batches, find_candidates, insert
from algorithms.kernels.jit import kernel, part
from algorithms.kernels.policy import implements
from algorithms.kernels.prune import Always
from algorithms.kernels.space import target
from algorithms.kernels.spaces import Vectors
from algorithms.kernels.types import Item, Items, Target
from algorithms.kernels.visited import visit
from algorithms.kernels.workers import Workers

_BATCH = 1024
"""The most items whose candidates are kept at a time."""


class Batch(NamedTuple):
    """The candidates of some items and the labels of their edges, a row per item.

    Attributes:
        counts: int32[items], how many candidates each item has.
        keys: int64[items, most], the candidates as keys, ascending.
        ids: int32[items, most], the candidates.
        boxes: int32[items, most, 4], see `Boxes`: only a candidate with a box is a neighbour.
    """

    counts: Items
    keys: NDArray[np.int64]
    ids: NDArray[np.int32]
    boxes: NDArray[np.int32]


class _Insertion(NamedTuple):
    """How the items of a batch find their candidates in the base graph.

    Attributes:
        links: int32[n, M], the base graph.
        entry: the item that searches start from.
        ef_construction: how many candidates are offered to the base graph.
        ef_max: the beam.
        places: int32[n], the place of each item in the order of insertion.
        first: the place of the batch's first item.
        batch: takes all candidates, to be labelled.
    """

    links: NDArray[np.int32]
    entry: int
    ef_construction: int
    ef_max: int
    places: Items
    first: int
    batch: Batch


def insert_labelled(
    space: Vectors,
    links: Links,
    order: Items,
    start: int,
    ef_construction: int,
    ef_max: int,
    alpha: float,
    threads: int,
) -> list[Labelled]:
    """Insert ``order[start:]`` into a base graph that holds the items before them; return their labelled edges.

    Args:
        space: the items, numbered by their ranks.
        links: the base graph; changed in place.
        order: int32[n], the items in the order of their insertion. Searches start from the first.
        start: how many items are inserted already, at least 1.
        ef_construction: how many candidates are offered to the base graph.
        ef_max: the beam of the searches for candidates.
        alpha: see `rectangles`.
        threads: how many threads.
    """
    n, width = links.ids.shape
    places = np.empty(n, np.int32)
    places[order] = np.arange(n, dtype=np.int32)
    batch, forward = _new_batch(n, ef_max), []
    with _searchers(n, width, threads) as searchers, _labellers(ef_max, links.degree, threads) as labellers:
        for low, high in batches(start, n):
            for first in range(low, high, _BATCH):
                items = order[first : min(first + _BATCH, high)]
                # Insert the items into the base graph, which gives their candidates.
                search = _Insertion(links.ids, int(order[0]), ef_construction, ef_max, places, first, batch)
                insert(searchers, space, search, Always(), links, items)
                # Label each item's edges from its candidates.
                labellers.run(_label, len(items), space, items, batch, alpha)
                forward.append(_edges_of(items, batch))
    return forward


def label_around(
    space: Vectors, graph: NDArray[np.int32], M: int, ef_max: int, alpha: float, threads: int
) -> list[Labelled]:
    """Return the labelled edges of all items, with candidates from a finished graph, int32[n, *].

    `M` is the most neighbours of an item in any range; for the other parameters see `insert_labelled`.
    """
    n, width = graph.shape
    batch, forward = _new_batch(n, ef_max), []
    with _searchers(n, width, threads) as searchers, _labellers(ef_max, M, threads) as labellers:
        for first in range(0, n, _BATCH):
            items = np.arange(first, min(first + _BATCH, n), dtype=np.int32)
            # Search the graph around each item for its candidates.
            searchers.run(_search_around, len(items), space, graph, items, ef_max, batch)
            # Label each item's edges from its candidates.
            labellers.run(_label, len(items), space, items, batch, alpha)
            forward.append(_edges_of(items, batch))
    return forward


@implements(find_candidates, _Insertion)
def candidates_of_insertion(search: _Insertion, target: Target, item: Item, scratch: Scratch) -> int:
    """Search the base graph; keep all candidates, and offer the nearest to it."""
    visited = begin(scratch)
    seed(target, Everything(), visited, search.entry, search.ef_max, scratch)
    walk(target, Rows(search.links), Everything(), visited, search.ef_max, scratch)
    count = _keep_candidates(search.batch, search.places[item] - search.first, scratch)
    return min(count, search.ef_construction)


@kernel
def _search_around(
    start: int,
    stop: int,
    scratch: Scratch,
    space: Vectors,
    graph: NDArray[np.int32],
    items: Items,
    ef_max: int,
    batch: Batch,
) -> None:
    """Find the candidates of items in a finished graph, starting from the neighbours that they have there."""
    for row in range(start, stop):
        item = items[row]
        point = target(space, item)
        visited = begin(scratch)
        visit(visited, item)
        for neighbour in graph[item]:
            if neighbour < 0:
                break
            seed(point, Everything(), visited, neighbour, ef_max, scratch)
        walk(point, Rows(graph), Everything(), visited, ef_max, scratch)
        _keep_candidates(batch, row, scratch)


@part
def _keep_candidates(batch: Batch, row: int, scratch: Scratch) -> int:
    """Keep the nearest of all items that were ever results of the search as candidates; return how many."""
    count = pool_entered(batch.keys.shape[1], scratch)
    batch.counts[row] = count
    for i in range(count):
        batch.keys[row, i] = scratch.pool[i]
    return count


@kernel
def _label(start: int, stop: int, stack: Stack, space: Vectors, items: Items, batch: Batch, alpha: float) -> None:
    """Label the edges of items from their candidates, each with the box around its rectangles."""
    n = len(space.rows)
    for row in range(start, stop):
        keys, count = batch.keys[row], batch.counts[row]
        batch.boxes[row, :, 0] = -1
        rectangles(space, items[row], keys, count, n, alpha, stack, Boxes(batch.boxes[row]))
        for i in range(count):
            batch.ids[row, i] = key_id(keys[i])


def _edges_of(items: Items, batch: Batch) -> Labelled:
    """Return the labelled edges of a batch of items."""
    boxes = batch.boxes[: len(items)]
    used = boxes[:, :, 0] >= 0
    return Labelled(np.repeat(items, used.sum(axis=1)), batch.ids[: len(items)][used], boxes[used])


def _new_batch(n: int, ef_max: int) -> Batch:
    """Return room for a batch of at most `n` items, with at most twice `ef_max` candidates each."""
    items, most = min(n, _BATCH), 2 * ef_max
    return Batch(
        counts=np.zeros(items, np.int32),
        keys=np.zeros((items, most), np.int64),
        ids=np.zeros((items, most), np.int32),
        boxes=np.zeros((items, most, 4), np.int32),
    )


def _searchers(n: int, width: int, threads: int) -> Workers:
    """Return threads that search graphs of n nodes and rows of a given width."""
    return Workers([new_scratch(n, width) for _ in range(threads)])


def _labellers(ef_max: int, M: int, threads: int) -> Workers:
    """Return threads that label the edges of items with at most twice `ef_max` candidates."""
    return Workers([new_stack(2 * ef_max, M) for _ in range(threads)])
