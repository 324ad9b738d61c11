"""Building SeRF (sections 4 and 5 of the paper): items are inserted in the order of their ranks, in parallel.

A batch of items searches the graph of the items before the batch. As neighbours in rank are what small ranges are
made of, each item is also compared with all items of its batch before it, so that batching costs it no candidate
nearby. Then every node takes the edges back one by one in the order of insertion, and journals the edges that each
removes: so the graph of every prefix can be told, and is the one that this build makes of the prefix alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.beam import Scratch, begin, new_scratch, pool_entered, seed, walk
from algorithms.kernels.csr import Csr, csr_of_pairs, offsets
from algorithms.kernels.edges import EdgesBack, Links, edges_back, head_of, new_links, read_row, write_row
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Rows
from algorithms.kernels.heap import insert_sorted, key_id, make_key, sort
from algorithms.kernels.jit import kernel, part
from algorithms.kernels.prune import Always, prune
from algorithms.kernels.space import distance, target
from algorithms.kernels.spaces import Vectors
from algorithms.kernels.types import Items, Offsets, Space
from algorithms.kernels.workers import Workers
from algorithms.serf.search import SEEDS, Forward, Segment, SerfIndex

_BATCH = 256
"""The most items that are inserted at a time. It must not depend on how many there are: prefixes are built alike."""

LEAPS = ("min", "mid", "max")
"""Which of a span's neighbours, by rank, is the last first rank that the span is for."""


class SpanBuffer(NamedTuple):
    """The edges to lower ranks of the items of one batch.

    Attributes:
        spans: int32[items], how many spans each item has.
        lasts: int32[items, *], see `Forward`.
        sizes: int32[items, *], how many edges each span has.
        ids: int32[items, *], the neighbours, span after span.
    """

    spans: Items
    lasts: NDArray[np.int32]
    sizes: NDArray[np.int32]
    ids: NDArray[np.int32]


class Journal(NamedTuple):
    """Edges that were removed, and by what.

    Attributes:
        starts: int64[heads], where the entries of each head begin.
        entries: int32[*, 3], each a node, the neighbour that it lost, and the rank whose insertion removed the edge;
            -1 in unused places.
    """

    starts: Offsets
    entries: NDArray[np.int32]


def build(space: Vectors, M: int, ef_construction: int, ef_max: int, leap: str, threads: int) -> SerfIndex:
    """Insert all items in the order of their ranks. The same for any number of threads.

    Args:
        space: the items, in the order of their ranks.
        M: neighbours of an item at most, in each span and in the graph of each prefix.
        ef_construction: how many candidates a span is chosen from, at most.
        ef_max: the beam that candidates are sought with.
        leap: one of `LEAPS`.
        threads: how many threads.
    """
    n = len(space.rows)
    links = new_links(n, M, M)
    buffer = _new_buffer(2 * ef_max + _BATCH, M)
    forward, removed = _ForwardParts(), []
    with Workers([new_scratch(n, M) for _ in range(threads)]) as workers:
        for first, stop in _batches(n):
            count = stop - first
            workers.run(_link_forward, count, space, links, first, ef_construction, ef_max, LEAPS.index(leap), buffer)
            forward.take(buffer, count)
            back = edges_back(np.arange(first, stop, dtype=np.int32), links.ids[first:stop], links.lengths[first:stop])
            journal = _new_journal(back, M)
            workers.run(_link_back, len(journal.starts), space, links, back, journal)
            removed.append(journal.entries[journal.entries[:, 0] >= 0])
    return SerfIndex(_segment(links, removed), forward.joined())


def transpose(forward: Forward) -> Csr:
    """Return the edges of all spans by the nodes that they lead to, those that they leave in descending order."""
    n = len(forward.nodes) - 1
    tails = np.repeat(np.arange(n, dtype=np.int32), np.diff(forward.starts[forward.nodes]))
    order = np.lexsort((-tails, forward.ids))
    heads, tails = forward.ids[order], tails[order]
    # An item may be in several spans of a node.
    first = np.ones(len(heads), np.bool_)
    first[1:] = (np.diff(heads) != 0) | (np.diff(tails) != 0)
    return csr_of_pairs(heads[first], tails[first], n)


@kernel
def _link_forward(
    start: int,
    stop: int,
    scratch: Scratch,
    space: Space,
    links: Links,
    first: int,
    ef_construction: int,
    ef_max: int,
    leap: int,
    buffer: SpanBuffer,
) -> None:
    """Give the items of a batch, from rank `first` on, their spans; the first span, for all ranks, is their links."""
    for slot in range(start, stop):
        rank = first + slot
        point = target(space, rank)
        # Search the graph of the ranks before the batch, as a query of all of them would.
        visited = begin(scratch)
        if first > 0:
            for s in range(SEEDS):
                seed(point, Everything(), visited, s * (first - 1) // SEEDS, ef_max, scratch)
            walk(point, Rows(links.ids), Everything(), visited, ef_max, scratch)
        count = pool_entered(2 * ef_max, scratch)
        # Add the ranks of the batch before this one.
        for other in range(first, rank):
            scratch.pool[count] = make_key(distance(point, other), other)
            count += 1
        sort(scratch.pool, count)
        _choose_spans(space, links, rank, count, ef_construction, leap, buffer, slot, scratch)


@part
def _choose_spans(
    space: Space,
    links: Links,
    rank: int,
    count: int,
    ef_construction: int,
    leap: int,
    buffer: SpanBuffer,
    slot: int,
    scratch: Scratch,
) -> None:
    """Prune the pool's candidates for ranges that begin at 0, and again from wherever that ceases to hold (section 5).

    The search is over, so that its lists can take the candidates of a span and their ranks.
    """
    candidates, ranks, chosen = scratch.results, scratch.expanded, scratch.chosen
    first, spans, edges = np.int32(0), 0, 0
    while True:
        # The nearest candidates that a range from `first` on can hold.
        size = 0
        for i in range(count):
            if key_id(scratch.pool[i]) >= first:
                candidates[size] = scratch.pool[i]
                size += 1
                if size == ef_construction:
                    break
        if size == 0:
            break
        # The span's edges are what pruning chooses among them.
        kept = prune(space, Always(), rank, candidates, size, links.degree, 1.0, chosen)
        for i in range(kept):
            buffer.ids[slot, edges + i] = ranks[i] = key_id(chosen[i])
        if spans == 0:
            write_row(links.ids, links.lengths, rank, chosen, kept)
        # It is meant for ranges that begin up to the rank of one of its neighbours: the leap.
        sort(ranks, kept)
        last = ranks[(kept - 1) * leap // 2]
        buffer.lasts[slot, spans] = last
        buffer.sizes[slot, spans] = kept
        spans += 1
        edges += kept
        first = last + 1
    # The last span is for all ranges that are left: those that begin up to the item itself.
    if spans > 0:
        buffer.lasts[slot, spans - 1] = rank
    buffer.spans[slot] = spans


@kernel
def _link_back(
    start: int, stop: int, scratch: Scratch, space: Space, links: Links, back: EdgesBack, journal: Journal
) -> None:
    """Give every head the edges back to its tails, one by one in the order of insertion, and journal what they remove.

    No search runs, so that a search's list of results can take what pruning consumes.
    """
    pool, candidates, chosen = scratch.pool, scratch.results, scratch.chosen
    M = links.degree
    for group in range(start, stop):
        head, entry = head_of(back, group), journal.starts[group]
        count = read_row(links.ids, links.lengths, head, pool)
        for j in range(back.groups[group], back.groups[group + 1]):
            # Insert the new neighbour.
            tail = back.tails[j]
            count = insert_sorted(pool, count, make_key(back.lengths[j], tail))
            if count <= M:
                continue
            # If the node has too many then, prune them.
            for c in range(count):
                candidates[c] = pool[c]
            kept = prune(space, Always(), head, candidates, count, M, links.alpha, chosen)
            # What fell out was an edge in all prefixes up to here: journal it, and close the gaps.
            next_kept = 0
            for c in range(count):
                if next_kept < kept and pool[c] == chosen[next_kept]:
                    pool[next_kept] = pool[c]
                    next_kept += 1
                elif key_id(pool[c]) != tail:
                    entry = _note(journal, entry, head, key_id(pool[c]), tail)
            count = kept
        write_row(links.ids, links.lengths, head, pool, count)


@part
def _note(journal: Journal, entry: int, node: int, neighbour: int, rank: int) -> int:
    """Write an entry, and return where the next one goes."""
    journal.entries[entry, 0] = node
    journal.entries[entry, 1] = neighbour
    journal.entries[entry, 2] = rank
    return entry + 1


def _batches(n: int) -> Iterator[tuple[int, int]]:
    first = 0
    while first < n:
        stop = min(n, first + min(max(1, first), _BATCH))
        yield first, stop
        first = stop


def _new_buffer(candidates: int, M: int) -> SpanBuffer:
    """Return room for a batch of items with so many candidates each.

    Nearly all of these pages are never touched: an item has a few spans.
    """
    widths = (candidates, candidates, candidates * M)
    return SpanBuffer(np.zeros(_BATCH, np.int32), *(np.empty((_BATCH, width), np.int32) for width in widths))


def _new_journal(back: EdgesBack, M: int) -> Journal:
    """Return a journal for the heads of `back`: each loses at most the M edges that it had and those it is given."""
    heads = len(back.groups) - 1
    starts = back.groups[:-1] + M * np.arange(heads)
    return Journal(starts, np.full((len(back.heads) + M * heads, 3), -1, np.int32))


class _ForwardParts:
    """The spans of the items inserted so far, in the order of insertion."""

    def __init__(self) -> None:
        self.spans: list[Items] = []
        self.lasts: list[Items] = []
        self.sizes: list[Items] = []
        self.ids: list[Items] = []

    def take(self, buffer: SpanBuffer, items: int) -> None:
        """Add the spans of the next items; the buffer can be overwritten then."""
        spans = buffer.spans[:items].copy()
        used = np.arange(buffer.sizes.shape[1]) < spans[:, None]
        sizes = buffer.sizes[:items]
        edges = np.where(used, sizes, 0).sum(1)
        self.spans.append(spans)
        self.lasts.append(buffer.lasts[:items][used])
        self.sizes.append(sizes[used])
        self.ids += [buffer.ids[i, : edges[i]].copy() for i in range(items)]

    def joined(self) -> Forward:
        """Return them all."""
        empty = np.empty(0, np.int32)
        spans, lasts, sizes, ids = (
            np.concatenate([empty, *parts]) for parts in (self.spans, self.lasts, self.sizes, self.ids)
        )
        return Forward(offsets(spans), lasts, offsets(sizes), ids)


def _segment(links: Links, removed: list[NDArray[np.int32]]) -> Segment:
    """Return the edges that remain, and those that were removed with the rank that did it."""
    n = len(links.ids)
    nodes, places = np.nonzero(links.ids >= 0)
    remaining = np.stack([nodes, links.ids[nodes, places], np.full(len(nodes), n)], axis=1).astype(np.int32)
    edges = np.concatenate([remaining, *removed])
    edges = edges[np.lexsort((-edges[:, 2], edges[:, 0]))]
    return Segment(offsets(np.bincount(edges[:, 0], minlength=n)), edges[:, 1].copy(), edges[:, 2].copy())
