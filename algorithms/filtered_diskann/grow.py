"""Growing a Vamana graph over items with labels, by insertion (algorithms 2 and 4 of Filtered-DiskANN).

Gollapudi et al., Filtered-DiskANN: Graph Algorithms for Approximate Nearest Neighbor Search with Filters (WWW 2023).
An item looks for neighbours from the entries of its labels among the items that share one with it. If every item has a
single label, that is a Vamana graph per label.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.encodings.labels import Labels, holds, share
from algorithms.kernels.beam import ENTERED, EXPANDED, begin, new_scratch, seed, walk
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Rows, neighbours
from algorithms.kernels.heap import key_id, push_max, sort_max
from algorithms.kernels.insert import batches, find_candidates, insert, new_links, trim
from algorithms.kernels.policy import implements
from algorithms.kernels.prune import may_occlude
from algorithms.kernels.space import space_of
from algorithms.kernels.visited import visit
from algorithms.kernels.workers import Workers
from bench.core.formats import Codes

_SLACK = 1.3
"""How far a row may outgrow the degree before it is pruned, as in the authors' code."""


class SharedCovered(NamedTuple):
    """A neighbour occludes a candidate only if it has all labels that node and candidate share (algorithm 3)."""

    labels: Labels


class AllCovered(NamedTuple):
    """A neighbour occludes a candidate only if it has all labels of the candidate, as in the authors' code."""

    labels: Labels


@implements(may_occlude, SharedCovered)
def _(rule: Any, node: Any, chosen: Any, candidate: Any) -> Any:
    labels = rule.labels
    for j in range(labels.offsets[candidate], labels.offsets[candidate + 1]):
        label = labels.codes[j]
        if not holds(labels, chosen, label) and holds(labels, node, label):
            return False
    return True


@implements(may_occlude, AllCovered)
def _(rule: Any, node: Any, chosen: Any, candidate: Any) -> Any:
    labels = rule.labels
    for j in range(labels.offsets[candidate], labels.offsets[candidate + 1]):
        if not holds(labels, chosen, labels.codes[j]):
            return False
    return True


class _Growing(NamedTuple):
    """A graph that is being grown; items of the batch at hand may be entered, but their rows are being written.

    Attributes:
        ids: int32[n, width], each row its neighbours and then -1.
        rank: int32[n], when each item is inserted.
        inserted: how many items are.
    """

    ids: NDArray[np.int32]
    rank: NDArray[np.int32]
    inserted: int


class _GrowingShared(NamedTuple):
    """What a growing graph offers to an item: the neighbours that share a label with it."""

    growing: _Growing
    labels: Labels
    item: int


@implements(neighbours, _Growing)
def _(graph: Any, node: Any, visited: Any, out: Any) -> Any:
    return neighbours(Rows(graph.ids), node, visited, out) if graph.rank[node] < graph.inserted else 0


@implements(neighbours, _GrowingShared)
def _(graph: Any, node: Any, visited: Any, out: Any) -> Any:
    met = neighbours(graph.growing, node, visited, out)
    count = 0
    for i in range(met):
        out[count] = out[i]
        count += share(graph.labels, out[i], graph.item)
    return count


class _Insertion(NamedTuple):
    """How an item finds its candidates: all that a beam search for its labels expands.

    Attributes:
        growing: the graph.
        labels: the items' labels.
        first: int32[labels], the item of each label that is inserted first.
        L: the beam.
        medoid: where a second search starts that ignores labels; -1 for none.
    """

    growing: _Growing
    labels: Labels
    first: NDArray[np.int32]
    L: int
    medoid: int


@implements(find_candidates, _Insertion)
def _(search: Any, target: Any, item: Any, scratch: Any) -> Any:
    labels, expanded = search.labels, 0
    visited = begin(scratch)
    if search.medoid >= 0:
        seed(target, Everything(), visited, search.medoid, search.L, scratch)
        walk(target, search.growing, Everything(), visited, search.L, scratch)
        expanded = scratch.counters[EXPANDED]
        visited = begin(scratch)
        scratch.counters[EXPANDED] = expanded  # go on behind what is there
    for j in range(labels.offsets[item], labels.offsets[item + 1]):
        seed(target, Everything(), visited, search.first[labels.codes[j]], search.L, scratch)
    entries = scratch.counters[ENTERED]
    walk(target, _GrowingShared(search.growing, labels, item), Everything(), visited, search.L, scratch)
    return _collect(search.growing.rank, item, entries, scratch)


@nb.njit(cache=True, nogil=True)
def _collect(rank: Any, item: Any, entries: Any, scratch: Any) -> Any:
    """Write the entries and what was expanded, ascending, to ``scratch.results``; return how many.

    An item links to items before it only. Two of one batch that enter each other's labels would else make the links
    between each other stand for those to the rest of a label, and leave it.
    """
    count, found = scratch.counters[EXPANDED], 0
    visited = begin(scratch)
    for i in range(count + entries):
        key = scratch.expanded[i] if i < count else scratch.entered[i - count]
        other = key_id(key)
        if rank[other] < rank[item] and visit(visited, other):
            push_max(scratch.results, found, key)
            found += 1
    sort_max(scratch.results, found)
    return found


def grow(
    rows: NDArray[np.float32] | Codes,
    rule: SharedCovered | AllCovered,
    order: NDArray[np.int32],
    R: int,
    L: int,
    alpha: float,
    threads: int,
    medoid: int = -1,
) -> NDArray[np.int32]:
    """Grow a Vamana graph over items with labels (algorithm 4). The same for any number of threads.

    The paper has every search begin at the entry of a label, which may not be in the graph yet. Here a label is
    entered at the first of its items in `order`; with the entries in front that is the entry, unless an entry of
    another label came before that has this label too.

    Args:
        rows: float32[n, d], C-contiguous, or codes.
        rule: how labels restrict pruning, with the items' labels.
        order: int32[m], distinct: the items to insert, all that have a label.
        R: neighbours at most.
        L: the beam.
        alpha: how much longer an edge may be than a way around it, for squared distances; at least 1.
        threads: how many threads.
        medoid: if given, items also search from there without regard to labels, as in the authors' code; it should be
            the first in `order`.

    Returns:
        int32[n, R], each row an item's neighbours and then -1.
    """
    n = len(rows)
    space = space_of(rows)
    links = new_links(n, int(np.ceil(_SLACK * R)), degree=R, cap=R, alpha=alpha)
    rank = np.full(n, n, np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    first = _first_of_each(rule.labels, rank, order)
    room = n if medoid < 0 else 2 * n  # two searches may each expand every item
    with Workers([new_scratch(room, links.ids.shape[1]) for _ in range(threads)]) as workers:
        for start, stop in batches(0, len(order)):
            search = _Insertion(_Growing(links.ids, rank, start), rule.labels, first, L, medoid)
            insert(workers, space, search, rule, links, order[start:stop])
        trim(workers, space, rule, links)
    return links.ids[:, :R]


def _first_of_each(labels: Labels, rank: NDArray[np.int32], order: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return int32[labels], of each label the item of the lowest rank; -1 where no item has it."""
    ranks = np.full(int(labels.codes.max(initial=-1)) + 1, len(order), np.int32)
    np.minimum.at(ranks, labels.codes, np.repeat(rank, np.diff(labels.offsets)))
    return np.append(order, np.int32(-1))[ranks]


def insertion_order(
    members: NDArray[np.int32], front: NDArray[np.int32], rng: np.random.Generator
) -> NDArray[np.int32]:
    """Return `members` (int32, distinct) in a random order, but those that are among `front` before the others."""
    shuffled = rng.permutation(members)
    at_front = np.isin(shuffled, front)
    return np.concatenate([shuffled[at_front], shuffled[~at_front]])
