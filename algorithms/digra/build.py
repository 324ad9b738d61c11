"""Building the graphs of DIGRA: a layer from the one below it, and an item at a time (sections 4.1 and 4.3).

The row of an item in a layer is chosen from its row in the layer below and from its nearest items in the other
children of its node. It depends only on the layer below, so all items of a layer are done in parallel, and the index
is that of the serial build, byte for byte.
"""

from __future__ import annotations

from algorithms.digra.search import DigraView, Ranked, find_entry, graph_of, node_of
from algorithms.kernels.beam import RESULTS, Scratch, begin, pool_results, walk_from
from algorithms.kernels.filter import Everything
from algorithms.kernels.heap import insert_sorted, key_id, make_key, sort_max
from algorithms.kernels.jit import kernel, part
from algorithms.kernels.prune import Always, prune
from algorithms.kernels.scan import scan
from algorithms.kernels.space import distance, target
from algorithms.kernels.types import Item, Keys, Space, Target


@kernel
def refresh(
    start: int,
    stop: int,
    scratch: Scratch,
    index: DigraView,
    space: Space,
    layer: int,
    first: int,
    ef_construction: int,
) -> None:
    """Choose the rows of a layer for the items of ranks `first` + `start` to `first` + `stop` - 1 (algorithm 4)."""
    for rank in range(first + start, first + stop):
        item = index.items[rank]
        point = target(space, item)
        # Start with the neighbours in the item's child of its node.
        count = _pool_row(index, point, item, layer - 1, scratch)
        home, _ = node_of(index, layer - 1, rank)
        child, end = node_of(index, layer, rank)
        while child < end:
            _, next_child = node_of(index, layer - 1, child)
            if child != home:
                # From each other child, add what pruning chooses of the nearest items.
                _search_node(point, index, layer - 1, child, next_child, -1, ef_construction, scratch)
                size = scratch.counters[RESULTS]
                sort_max(scratch.results, size)
                kept = prune(space, Always(), item, scratch.results, size, index.M, 1.0, scratch.chosen)
                for i in range(kept):
                    count = insert_sorted(scratch.pool, count, scratch.chosen[i])
            child = next_child
        _write_pool(index, space, item, layer, count, scratch)


@kernel
def link(scratch: Scratch, index: DigraView, space: Space, layer: int, item: Item, ef_construction: int) -> None:
    """Insert an item, which has its rank, into the graph of its node in a layer, in both directions (algorithm 6)."""
    point = target(space, item)
    first, end = node_of(index, layer, index.ranks[item])
    # Search the node from the nearest neighbour in the layer below.
    below = index.columns[layer - 1]
    start = index.rows[item, below] if index.columns[layer] > below else -1
    _search_node(point, index, layer, first, end, start, ef_construction, scratch)
    count = pool_results(item, scratch)
    count = prune(space, Always(), item, scratch.pool, count, _places(index, layer), 1.0, scratch.chosen)
    _write_keys(index, item, layer, scratch.chosen, count)
    # Give every neighbour the edge back.
    for j in range(index.columns[layer], index.columns[layer + 1]):
        other = index.rows[item, j]
        if other < 0:
            break
        back = target(space, other)
        count = _pool_row(index, back, other, layer, scratch)
        count = insert_sorted(scratch.pool, count, make_key(distance(back, item), item))
        _write_pool(index, space, other, layer, count, scratch)


@part
def _search_node(
    point: Target, index: DigraView, layer: int, first: int, end: int, item: Item, ef: int, scratch: Scratch
) -> None:
    """Search the node of the ranks `first` to `end` - 1, from an item, or from the node's entry if that is -1.

    A node of at most `ef` items is measured whole: a beam as wide would meet them all.
    """
    if end - first <= ef:
        begin(scratch)
        scan(point, Everything(), index.items, first, end, ef, scratch)
        return
    if item < 0:
        item = find_entry(point, index, index.items[(first + end) >> 1], layer, scratch)
    walk_from(point, graph_of(index, layer), Ranked(index.ranks, first, end - 1), item, ef, scratch)


@part
def _places(index: DigraView, layer: int) -> int:
    """Return how many neighbours a row of a layer has room for."""
    return index.columns[layer + 1] - index.columns[layer]


@part
def _pool_row(index: DigraView, point: Target, item: Item, layer: int, scratch: Scratch) -> int:
    """Write an item's living neighbours in a layer to ``scratch.pool``, ascending; return how many."""
    count = 0
    for j in range(index.columns[layer], index.columns[layer + 1]):
        other = index.rows[item, j]
        if other < 0:
            break
        if index.ranks[other] >= 0:
            count = insert_sorted(scratch.pool, count, make_key(distance(point, other), other))
    return count


@part
def _write_pool(index: DigraView, space: Space, item: Item, layer: int, count: int, scratch: Scratch) -> None:
    """Make the pool's `count` keys the row of an item in a layer, pruned if they are too many."""
    keys = scratch.pool
    places = _places(index, layer)
    if count > places:
        count = prune(space, Always(), item, scratch.pool, count, places, 1.0, scratch.chosen)
        keys = scratch.chosen
    _write_keys(index, item, layer, keys, count)


@part
def _write_keys(index: DigraView, item: Item, layer: int, keys: Keys, count: int) -> None:
    """Make `count` keys the row of an item in a layer."""
    start = index.columns[layer]
    for i in range(count):
        index.rows[item, start + i] = key_id(keys[i])
    index.rows[item, start + count : index.columns[layer + 1]] = -1
