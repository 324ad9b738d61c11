"""What the index holds besides the graph of all items, and all of it as one graph: that of some terms.

The graph of a term has the items of a label or of an interval of ranks. The graph of several terms is their union: at
a node that has several of them, a walk is offered the neighbours that each of them has for it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.composite.encoding import LABEL, RANKS
from algorithms.encodings.labels import Labels
from algorithms.graph_method import Padded
from algorithms.kernels.csr import Csr
from algorithms.kernels.graph import neighbours
from algorithms.kernels.hnsw import Hnsw
from algorithms.kernels.jit import part
from algorithms.kernels.policy import implements
from algorithms.kernels.types import Item, Items, Keys, Offsets
from algorithms.kernels.visited import Visited, visit
from algorithms.wow.search import level_for


class Bundles(NamedTuple):
    """A graph for every label that enough items have, kept apart: an item has a row for each of its labels.

    Attributes:
        starts: int64[m + 1], where the neighbours of each entry of ``labels.codes`` start; see `Labels`.
        ids: int32[edges], the neighbours.
        entries: int32[labels], the item that a walk of each label starts from; -1 for a label without a graph.
    """

    starts: Offsets
    ids: Items
    entries: Items


class Windows(NamedTuple):
    """For every ranked attribute a graph for each size of window, as in WoW.

    Attributes:
        rows: int32[attributes, levels, n, M], for the item of each rank the ranks of its neighbours, and then -1.
    """

    rows: Padded


class Held(NamedTuple):
    """All graphs, and what says which items are in them.

    Attributes:
        general: the graph of all items.
        edges: the neighbours in the bundles, see `Bundles`.
        entries: see `Bundles`.
        labels: the labels of each item.
        postings: of each label the items that have it.
        windows: see `Windows`.
        order: int32[attributes, n], the items by rank.
        ranks: int32[attributes, n], the rank of every item.
    """

    general: Hnsw
    edges: Csr
    entries: Items
    labels: Labels
    postings: Csr
    windows: NDArray[np.int32]
    order: NDArray[np.int32]
    ranks: NDArray[np.int32]


class TermGraph(NamedTuple):
    """The union of the graphs of some terms, until it has offered `most` neighbours in all.

    Attributes:
        held: the graphs.
        terms: int64[t, 4], see `Term`.
        start: the first of the terms.
        stop: the one after the last.
        offered: int64[*], how many neighbours it has offered so far, in the first place.
        most: how many it may offer.
    """

    held: Held
    terms: NDArray[np.int64]
    start: int
    stop: int
    offered: Keys
    most: int


@implements(neighbours, TermGraph)
def neighbours_in_terms(graph: TermGraph, node: Item, visited: Visited, out: Items) -> int:
    """Offer the neighbours that the graph of each of the terms has for a node."""
    count = 0
    if graph.offered[0] < graph.most:
        for t in range(graph.start, graph.stop):
            kind, which = graph.terms[t, 0], graph.terms[t, 1]
            if kind == LABEL:
                count = _offer_bundle(graph.held, which, node, count, visited, out)
            elif kind == RANKS:
                first, last = graph.terms[t, 2], graph.terms[t, 3]
                count = _offer_windows(graph.held, which, first, last, node, count, visited, out)
            else:
                count = _offer_row(graph.held.general.base, node, count, visited, out)
        graph.offered[0] += count
    return count


@part
def _offer_bundle(held: Held, label: int, node: Item, count: int, visited: Visited, out: Items) -> int:
    """Add the neighbours of a node in the graph of a label to `count` items; return how many there are now."""
    labels, most = held.labels, len(out) - 1
    for entry in range(labels.offsets[node], labels.offsets[node + 1]):
        if labels.codes[entry] == label:
            for j in range(held.edges.starts[entry], held.edges.starts[entry + 1]):
                if count < most:
                    out[count] = held.edges.ids[j]
                    count += visit(visited, out[count])
            break
    return count


@part
def _offer_windows(
    held: Held, attribute: int, first: int, last: int, node: Item, count: int, visited: Visited, out: Items
) -> int:
    """Add the neighbours of a node in an interval of ranks to `count` items; return how many there are now.

    They come from the level whose windows are as wide as the interval, and from those below it where a neighbour is
    outside, until as many were met as a row holds.
    """
    levels, M = held.windows.shape[1], held.windows.shape[3]
    rank, most, met = held.ranks[attribute, node], len(out) - 1, 0
    if not first <= rank <= last:
        return count
    for level in range(level_for(last - first + 1, levels), -1, -1):
        outside = False
        for j in range(M):
            other = held.windows[attribute, level, rank, j]
            if other < 0 or count == most:
                break
            if first <= other <= last:
                met += 1
                out[count] = held.order[attribute, other]
                count += visit(visited, out[count])
            else:
                outside = True
        if met >= M or not outside:
            break
    return count


@part
def _offer_row(rows: NDArray[np.int32], node: Item, count: int, visited: Visited, out: Items) -> int:
    """Add the neighbours of a node in the graph of all items to `count` items; return how many there are now."""
    most = len(out) - 1
    for j in range(rows.shape[1]):
        item = rows[node, j]
        if item < 0:
            break
        if count < most:
            out[count] = item
            count += visit(visited, item)
    return count
