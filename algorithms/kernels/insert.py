"""Building a graph by insertion: in parallel, and the same bytes for any number of threads.

Items are inserted in batches that double in size up to a small fraction of all (ParlayANN, PPoPP 2024). Every item of
a batch searches the graph as it was before the batch and prunes its candidates; then the reverse edges are grouped
by the node that they lead to, and every such node merges and prunes its own. Each node is written by one thread, from
what all threads agree on: no locks, and no trace of who was first.
"""

from __future__ import annotations

from collections.abc import Iterator

from algorithms.kernels.beam import Scratch
from algorithms.kernels.edges import EdgesBack, Links, add_tails, edges_back, head_of, read_row, write_row
from algorithms.kernels.jit import kernel, part
from algorithms.kernels.policy import operation
from algorithms.kernels.prune import prune
from algorithms.kernels.space import target
from algorithms.kernels.types import Item, Items, Policy, Rule, Space, Target
from algorithms.kernels.workers import Workers

BATCH_FRACTION = 0.02
"""The largest batch, as a fraction of the items."""


@operation
def find_candidates(search: Policy, target: Target, item: Item, scratch: Scratch) -> int:  # type: ignore[empty-body]
    """Write the keys of an item's candidates to ``scratch.pool``; return how many.

    They are ascending, without repeats and without the item itself.
    """


def batches(start: int, stop: int, fraction: float = BATCH_FRACTION) -> Iterator[tuple[int, int]]:
    """Yield the bounds of batches of `start` to `stop`, where the items before `start` are inserted already."""
    largest = max(1, int(stop * fraction))
    while start < stop:
        size = min(max(1, start), largest, stop - start)
        yield start, start + size
        start += size


def insert(workers: Workers, space: Space, search: Policy, rule: Rule, links: Links, items: Items) -> None:
    """Insert one batch of items into a graph.

    Args:
        workers: the threads, each with memory from `new_scratch`.
        space: the items, see `space`.
        search: policy of `find_candidates`, which may read `links`.
        rule: policy of `may_occlude`.
        links: the graph; changed in place.
        items: int32[b], distinct, not inserted yet.
    """
    workers.run(_link_forward, len(items), space, search, rule, links, items)
    back = edges_back(items, links.ids[items], links.lengths[items])
    workers.run(_link_back, len(back.groups) - 1, space, rule, links, back)


def trim(workers: Workers, space: Space, rule: Rule, links: Links) -> None:
    """Prune every row of more than ``links.cap`` neighbours: the last step of a build that let rows outgrow it."""
    workers.run(_trim, len(links.ids), space, rule, links)


@kernel
def _link_forward(
    start: int, stop: int, scratch: Scratch, space: Space, search: Policy, rule: Rule, links: Links, items: Items
) -> None:
    """Give every item its neighbours."""
    for i in range(start, stop):
        item = items[i]
        count = find_candidates(search, target(space, item), item, scratch)
        count = prune(space, rule, item, scratch.pool, count, links.degree, links.alpha, scratch.chosen)
        write_row(links.ids, links.lengths, item, scratch.chosen, count)


@kernel
def _link_back(
    start: int, stop: int, scratch: Scratch, space: Space, rule: Rule, links: Links, back: EdgesBack
) -> None:
    """Give every head the edges back to its tails."""
    for group in range(start, stop):
        head = head_of(back, group)
        count = read_row(links.ids, links.lengths, head, scratch.pool)
        count = add_tails(back, group, scratch.pool, count)
        if count <= links.ids.shape[1]:
            write_row(links.ids, links.lengths, head, scratch.pool, count)
        else:
            _prune_row(space, rule, links, head, count, scratch)


@kernel
def _trim(start: int, stop: int, scratch: Scratch, space: Space, rule: Rule, links: Links) -> None:
    for node in range(start, stop):
        count = read_row(links.ids, links.lengths, node, scratch.pool)
        if count > links.cap:
            _prune_row(space, rule, links, node, count, scratch)


@part
def _prune_row(space: Space, rule: Rule, links: Links, node: Item, count: int, scratch: Scratch) -> None:
    """Make what pruning chooses of the first `count` of the pool the neighbours of a node."""
    count = prune(space, rule, node, scratch.pool, count, links.cap, links.alpha, scratch.chosen)
    write_row(links.ids, links.lengths, node, scratch.chosen, count)
