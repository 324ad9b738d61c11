"""Building DSG (VLDB 2025, section 5), in parallel: by insertion in any order, or from a finished HNSW.

The paper inserts one item after the other, each into a base graph that gives its candidates; `rectangles` then
labels its edges. A label depends on the candidates alone, never on other labels, so a batch of items can be inserted
at once (see `insert`): its items miss each other as candidates, which nothing relies on, and all that is promised of
labels is kept.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.dsg.edges import Labelled
from algorithms.dsg.rectangles import Boxes, new_memory, rectangles
from algorithms.dsg.rectangles import Memory as Walk
from algorithms.kernels.beam import begin, new_scratch, seed, sort_entered, walk
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Rows
from algorithms.kernels.heap import key_id
from algorithms.kernels.insert import Links, batches, find_candidates, insert
from algorithms.kernels.policy import FASTMATH, implements
from algorithms.kernels.prune import Always
from algorithms.kernels.space import L2, distance, target
from algorithms.kernels.visited import visit
from algorithms.kernels.workers import Workers

_BATCH = 1024
"""The most items whose edges are buffered at a time."""


class Memory(NamedTuple):
    """What one thread needs to build: a `Scratch`, and the memory of `rectangles`."""

    stamps: NDArray[np.uint32]
    candidates: NDArray[np.int64]
    results: NDArray[np.int64]
    entered: NDArray[np.int64]
    expanded: NDArray[np.int64]
    items: NDArray[np.int32]
    lengths: NDArray[np.float32]
    counters: NDArray[np.int64]
    walk: Walk


class Found(NamedTuple):
    """The labelled edges of a batch of items.

    Attributes:
        slots: int32[n], the row of each item of the batch.
        counts: int32[batch], how many edges.
        ids: int32[batch, most], the neighbours.
        boxes: int32[batch, most, 4], see `Labelled`.
        alpha: see `rectangles`.
    """

    slots: NDArray[np.int32]
    counts: NDArray[np.int32]
    ids: NDArray[np.int32]
    boxes: NDArray[np.int32]
    alpha: float


class _Insertion(NamedTuple):
    """How an item that is inserted finds its candidates, and labels them on the way.

    Attributes:
        links: int32[n, M], the base graph.
        entry: the item that searches start from.
        ef_construction: how many candidates are offered to the base graph.
        ef_max: the beam.
        found: takes the labelled edges.
        space: the items.
    """

    links: NDArray[np.int32]
    entry: int
    ef_construction: int
    ef_max: int
    found: Found
    space: Any


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _label(found: Any, space: Any, item: Any, count: Any, memory: Any) -> None:
    """Write the labelled edges of an item, whose candidates are in ``memory.results``, to its row of `found`."""
    slot = found.slots[item]
    bounds = found.boxes[slot]
    bounds[:count, 0] = -1
    n = len(memory.stamps)
    rectangles(space, item, memory.results, count, n, found.alpha, memory.walk, Boxes(bounds))
    kept = 0
    for i in range(count):
        if bounds[i, 0] >= 0:
            bounds[kept] = bounds[i]
            found.ids[slot, kept] = key_id(memory.results[i])
            kept += 1
    found.counts[slot] = kept


@implements(find_candidates, _Insertion)
def _(search: Any, target: Any, item: Any, scratch: Any) -> Any:
    visited = begin(scratch)
    seed(target, Everything(), visited, search.entry, search.ef_max, scratch)
    walk(target, Rows(search.links), Everything(), visited, search.ef_max, scratch)
    count = sort_entered(scratch, search.found.ids.shape[1])
    _label(search.found, search.space, item, count, scratch)
    return min(count, search.ef_construction)


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _label_around(
    start: Any, stop: Any, memory: Any, links: Any, found: Any, space: Any, items: Any, ef_max: Any
) -> None:
    """Label the edges of `items` in a finished graph, which each is searched for from its neighbours there."""
    for i in range(start, stop):
        item = items[i]
        point = target(space, item)
        visited = begin(memory)
        visit(visited, item)
        for j in range(links.shape[1]):
            if links[item, j] < 0:
                break
            seed(point, Everything(), visited, links[item, j], ef_max, memory)
        walk(point, Rows(links), Everything(), visited, ef_max, memory)
        count = sort_entered(memory, found.ids.shape[1])
        _label(found, space, item, count, memory)


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _measure(space: Any, ids: Any, lengths: Any) -> None:
    for node in range(len(ids)):
        point = target(space, node)
        for j in range(ids.shape[1]):
            if ids[node, j] >= 0:
                lengths[node, j] = distance(point, ids[node, j])


def linked(space: L2, ids: NDArray[np.int32]) -> Links:
    """Return a base graph, int32[n, M], as one that can be inserted into; `ids` is what will change."""
    links = Links(ids, np.zeros(ids.shape, np.float32), ids.shape[1], ids.shape[1], 1.0)
    _measure(space, ids, links.lengths)
    return links


def label_all(space: L2, links: NDArray[np.int32], m: int, ef_max: int, alpha: float, threads: int) -> list[Labelled]:
    """Return the labelled edges of all items, whose candidates are searched for in a finished graph, int32[n, *]."""
    found = _new_found(len(links), ef_max, alpha)
    edges = []
    with Workers(_memories(len(links), links.shape[1], m, ef_max, threads)) as workers:
        for start in range(0, len(links), _BATCH):
            batch = np.arange(start, min(start + _BATCH, len(links)), dtype=np.int32)
            found.slots[batch] = batch - start
            workers.run(_label_around, len(batch), links, found, space, batch, ef_max)
            edges.append(_taken(found, batch))
    return edges


def label_inserted(
    space: L2, links: Links, items: NDArray[np.int32], start: int, ef_construction: int, ef_max: int, alpha: float,
    threads: int,
) -> list[Labelled]:  # fmt: skip
    """Insert ``items[start:]`` into a base graph that holds the items before them; return their labelled edges.

    Args:
        space: the items, whose ids are their ranks.
        links: the base graph; changed in place.
        items: int32[n], the items in the order of their insertion; the first is where searches start.
        start: how many are inserted already, at least 1.
        ef_construction: how many candidates are offered to the base graph.
        ef_max: the beam that candidates are sought with.
        alpha: see `rectangles`.
        threads: how many threads.
    """
    found = _new_found(len(items), ef_max, alpha)
    edges = []
    with Workers(_memories(len(items), links.ids.shape[1], links.degree, ef_max, threads)) as workers:
        search = _Insertion(links.ids, int(items[0]), ef_construction, ef_max, found, space)
        for low, high in batches(start, len(items)):
            for first in range(low, high, _BATCH):
                batch = items[first : min(first + _BATCH, high)]
                found.slots[batch] = np.arange(len(batch), dtype=np.int32)
                insert(workers, space, search, Always(), links, batch)
                edges.append(_taken(found, batch))
    return edges


def _memories(n: int, width: int, m: int, ef_max: int, threads: int) -> list[Memory]:
    return [Memory(*new_scratch(n, width), new_memory(2 * ef_max, m)) for _ in range(threads)]


def _new_found(n: int, ef_max: int, alpha: float) -> Found:
    batch, most = min(n, _BATCH), 2 * ef_max
    ids, boxes = np.zeros((batch, most), np.int32), np.zeros((batch, most, 4), np.int32)
    return Found(np.zeros(n, np.int32), np.zeros(batch, np.int32), ids, boxes, alpha)


def _taken(found: Found, batch: NDArray[np.int32]) -> Labelled:
    """Return the edges that were found for a batch of items."""
    counts = found.counts[: len(batch)]
    used = np.arange(found.ids.shape[1]) < counts[:, None]
    return Labelled(np.repeat(batch, counts), found.ids[: len(batch)][used], found.boxes[: len(batch)][used])
