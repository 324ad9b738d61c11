"""HNSW without filters (Malkov and Yashunin, TPAMI 2020): shows what the kernels are worth beside the C++ libraries."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.beam import Scratch, new_scratch, pool_results, walk_from
from algorithms.kernels.edges import new_links
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Rows
from algorithms.kernels.insert import find_candidates, insert
from algorithms.kernels.jit import part
from algorithms.kernels.layers import Hierarchy, Upper, descend, draw_levels, layer, row_of
from algorithms.kernels.policy import implements
from algorithms.kernels.prune import Always
from algorithms.kernels.queries import search_one
from algorithms.kernels.spaces import Vectors
from algorithms.kernels.types import Item, Items, Target
from algorithms.kernels.workers import Workers


class Hnsw(NamedTuple):
    """An index.

    Attributes:
        base: int32[n, 2M], the lowest layer: each row an item's neighbours, nearest first, and then -1.
        ids: the layers above; this field and those below it are the fields of a `Hierarchy`.
        first: -1 for items of level 0.
        entry: the item that a search starts from.
        top: its level.
    """

    base: NDArray[np.int32]
    ids: NDArray[np.int32]
    first: Items
    entry: int
    top: int


class Beam(NamedTuple):
    """How wide a search is: `ef`, at least the number of answers."""

    ef: int


class AllEdges(NamedTuple):
    """Layers as they are: every neighbour is offered."""


class _Insertion(NamedTuple):
    """How an item finds its candidates in the layer that is being built.

    Attributes:
        links: the ids of that layer.
        upper: the layers above it.
        last: the last layer to descend through; if it is above ``upper.top``, the search starts from the entry.
        ef: the beam.
    """

    links: NDArray[np.int32]
    upper: Hierarchy
    last: int
    ef: int


@implements(layer, AllEdges)
def layer_of_all_edges(view: AllEdges, upper: Hierarchy, level: int) -> Upper:
    """Return the layer as it is."""
    return Upper(upper.ids, upper.first, level)


@implements(find_candidates, _Insertion)
def candidates_of_insertion(search: _Insertion, target: Target, item: Item, scratch: Scratch) -> int:
    """Descend to the layer, and search it (algorithm 1 of the paper)."""
    start = descend(target, search.upper, AllEdges(), Everything(), search.last, scratch)
    walk_from(target, Rows(search.links), Everything(), start, search.ef, scratch)
    return pool_results(item, scratch)


@implements(search_one, Hnsw)
def search_hnsw(index: Hnsw, query: Target, accept: Everything, params: Beam, scratch: Scratch) -> None:
    """Descend to the lowest layer, and search it (algorithm 5 of the paper)."""
    start = find_start(index, query, scratch)
    walk_from(query, Rows(index.base), Everything(), start, params.ef, scratch)


@part
def find_start(index: Hnsw, query: Target, scratch: Scratch) -> Item:
    """Descend through the layers above the lowest, and return the item reached."""
    upper = Hierarchy(index.ids, index.first, index.entry, index.top)
    return descend(query, upper, AllEdges(), Everything(), 1, scratch)


def build(space: Vectors, M: int, ef_construction: int, seed: int, threads: int) -> Hnsw:
    """Build an index over n > 0 items. The same for any number of threads.

    Args:
        space: the items.
        M: neighbours that a new item chooses; rows grow to M, in the lowest layer to 2 M. At least 2.
        ef_construction: the beam of the search for them.
        seed: decides the levels and the order of insertion.
        threads: how many threads.
    """
    n = len(space.rows)
    levels = draw_levels(n, M, np.random.default_rng(seed))
    upper = levels.hierarchy(M)
    upper = upper._replace(first=np.where(levels.levels > 0, upper.first, np.int32(-1)))
    with Workers([new_scratch(n, 2 * M) for _ in range(threads)]) as workers:
        for level in range(levels.top, -1, -1):
            links = new_links(n, M if level else 2 * M, degree=M)
            for items, last in levels.batches(level):
                insert(workers, space, _Insertion(links.ids, upper, last, ef_construction), Always(), links, items)
            if level:
                members = levels.members(level)
                upper.ids[row_of(Upper(upper.ids, upper.first, level), members)] = links.ids[members]
    return Hnsw(links.ids, *upper)
