"""Growing a Vamana graph over items with labels, by insertion (algorithm 4 of the paper).

An item looks for neighbours from the entries of its labels among the items that share one with it. If every item has a
single label, the result is a separate Vamana graph for each label.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.encodings.labels import Labels, has_label, have_common_label
from algorithms.kernels.beam import ENTERED, EXPANDED, Scratch, begin, new_scratch, seed, walk
from algorithms.kernels.edges import new_links
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Rows, neighbours
from algorithms.kernels.heap import key_id, push_max, sort_max
from algorithms.kernels.insert import batches, find_candidates, insert, trim
from algorithms.kernels.jit import part
from algorithms.kernels.policy import implements
from algorithms.kernels.prune import may_occlude
from algorithms.kernels.spaces import Vectors
from algorithms.kernels.types import Item, Items, Target
from algorithms.kernels.visited import Visited, visit
from algorithms.kernels.workers import Workers

_SLACK = 1.3
"""How far a row may outgrow R before it is pruned, as in the authors' code."""


class CommonCovered(NamedTuple):
    """A neighbour occludes a candidate only if it has all labels common to node and candidate (algorithm 3)."""

    labels: Labels


class AllCovered(NamedTuple):
    """A neighbour occludes a candidate only if it has all labels of the candidate, as in the authors' code."""

    labels: Labels


class Growing(NamedTuple):
    """A graph that is being grown. Items of the current batch may be entered, but their rows are being written.

    Attributes:
        ids: int32[n, width], each row an item's neighbours and then -1.
        rank: int32[n], when each item is inserted.
        inserted: how many items were inserted before the current batch.
    """

    ids: NDArray[np.int32]
    rank: Items
    inserted: int


class GrowingForItem(NamedTuple):
    """What a growing graph offers to an item: the neighbours that share a label with it."""

    growing: Growing
    labels: Labels
    item: int


class Insertion(NamedTuple):
    """How an item finds its candidates: they are what a search for its labels expands.

    Attributes:
        growing: the graph.
        labels: the items' labels.
        first: int32[labels], the item of each label that is inserted first.
        L: the beam.
        medoid: where a second search starts that ignores labels; -1 for none.
    """

    growing: Growing
    labels: Labels
    first: Items
    L: int
    medoid: int


def grow(
    space: Vectors,
    rule: CommonCovered | AllCovered,
    order: Items,
    R: int,
    L: int,
    alpha: float,
    threads: int,
    medoid: int = -1,
) -> NDArray[np.int32]:
    """Grow a Vamana graph over items with labels (algorithm 4). The same for any number of threads.

    The paper starts every search at the entries of labels, which may not be in the graph yet. Here a label is entered
    at the first of its items in `order`. With the entries in front that is the entry, unless the entry of another label
    comes before it and has this label too.

    Args:
        space: the items.
        rule: how labels restrict pruning, with the items' labels.
        order: int32[m], distinct: the items to insert, all of which have a label.
        R: neighbours at most.
        L: the beam.
        alpha: how much longer an edge may be than a way around it, for squared distances; at least 1.
        threads: how many threads.
        medoid: if given, items also search from there without regard to labels, as in the authors' code; it should be
            the first in `order`.

    Returns:
        int32[n, R], each row an item's neighbours and then -1.
    """
    n = len(space.rows)
    links = new_links(n, int(np.ceil(_SLACK * R)), degree=R, cap=R, alpha=alpha)
    rank = np.full(n, n, np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    first = _first_of_each(rule.labels, rank, order)
    room = n if medoid < 0 else 2 * n  # two searches may each expand every item
    with Workers([new_scratch(room, links.ids.shape[1]) for _ in range(threads)]) as workers:
        for start, stop in batches(0, len(order)):
            search = Insertion(Growing(links.ids, rank, start), rule.labels, first, L, medoid)
            insert(workers, space, search, rule, links, order[start:stop])
        trim(workers, space, rule, links)
    return links.ids[:, :R]


def insertion_order(members: Items, front: Items, rng: np.random.Generator) -> Items:
    """Return `members`, int32 and distinct, in a random order, those among `front` before all others."""
    shuffled = rng.permutation(members)
    at_front = np.isin(shuffled, front)
    return np.concatenate([shuffled[at_front], shuffled[~at_front]])


def _first_of_each(labels: Labels, rank: Items, order: Items) -> Items:
    """Return int32[labels], of each label the item of the lowest rank; -1 where no item has it."""
    ranks = np.full(int(labels.codes.max(initial=-1)) + 1, len(order), np.int32)
    np.minimum.at(ranks, labels.codes, np.repeat(rank, np.diff(labels.offsets)))
    return np.append(order, np.int32(-1))[ranks]


@implements(may_occlude, CommonCovered)
def may_occlude_for_common_labels(rule: CommonCovered, node: Item, chosen: Item, candidate: Item) -> bool:
    """Return whether the chosen neighbour has every label of the candidate that the node has too."""
    labels = rule.labels
    for j in range(labels.offsets[candidate], labels.offsets[candidate + 1]):
        label = labels.codes[j]
        if not has_label(labels, chosen, label) and has_label(labels, node, label):
            return False
    return True


@implements(may_occlude, AllCovered)
def may_occlude_for_all_labels(rule: AllCovered, node: Item, chosen: Item, candidate: Item) -> bool:
    """Return whether the chosen neighbour has every label of the candidate."""
    labels = rule.labels
    for j in range(labels.offsets[candidate], labels.offsets[candidate + 1]):
        if not has_label(labels, chosen, labels.codes[j]):
            return False
    return True


@implements(neighbours, Growing)
def neighbours_while_growing(graph: Growing, node: Item, visited: Visited, out: Items) -> int:
    """Offer the neighbours of an item that was inserted before the current batch; none of another."""
    return neighbours(Rows(graph.ids), node, visited, out) if graph.rank[node] < graph.inserted else 0


@implements(neighbours, GrowingForItem)
def neighbours_for_item(graph: GrowingForItem, node: Item, visited: Visited, out: Items) -> int:
    """Offer the neighbours that share a label with the item."""
    met = neighbours(graph.growing, node, visited, out)
    count = 0
    for i in range(met):
        out[count] = out[i]
        count += have_common_label(graph.labels, out[i], graph.item)
    return count


@implements(find_candidates, Insertion)
def candidates_of_insertion(search: Insertion, target: Target, item: Item, scratch: Scratch) -> int:
    """Search for the item's labels; in the authors' variant, also without regard to labels."""
    labels = search.labels
    visited = begin(scratch)
    # The authors' variant: search from the medoid first, and keep what was expanded.
    if search.medoid >= 0:
        seed(target, Everything(), visited, search.medoid, search.L, scratch)
        walk(target, search.growing, Everything(), visited, search.L, scratch)
        expanded = scratch.counters[EXPANDED]
        visited = begin(scratch)
        scratch.counters[EXPANDED] = expanded
    # FilteredGreedySearch from the entries of the item's labels (algorithm 1).
    for j in range(labels.offsets[item], labels.offsets[item + 1]):
        seed(target, Everything(), visited, search.first[labels.codes[j]], search.L, scratch)
    entries = scratch.counters[ENTERED]
    walk(target, GrowingForItem(search.growing, labels, item), Everything(), visited, search.L, scratch)
    return _pool_earlier(search.growing.rank, item, entries, scratch)


@part
def _pool_earlier(rank: Items, item: Item, entries: int, scratch: Scratch) -> int:
    """Write what was expanded, and the entries, to ``scratch.pool``, ascending; return how many.

    An item links to items before it only. Otherwise two items of a batch that are entries of each other's labels would
    take the links between them for links to the rest of a label, and leave it unreachable.
    """
    expanded, count = scratch.counters[EXPANDED], 0
    visited = begin(scratch)
    for i in range(expanded + entries):
        key = scratch.expanded[i] if i < expanded else scratch.entered[i - expanded]
        other = key_id(key)
        if rank[other] < rank[item] and visit(visited, other):
            push_max(scratch.pool, count, key)
            count += 1
    sort_max(scratch.pool, count)
    return count
