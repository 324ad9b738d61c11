"""Building a graph by insertion: in parallel, and the same bytes for any number of threads.

Items are inserted in batches that double in size up to a small share of all (ParlayANN, PPoPP 2024). Every item of
a batch searches the graph as it was before the batch and prunes what it finds; then the reverse edges are grouped
by the node that they leave, and every such node merges and prunes its own. Each node is written by one thread, from
what all threads agree on: no locks, and no trace of who was first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.heap import insert_sorted, key_distance, key_id, make_key
from algorithms.kernels.policy import FASTMATH, operation
from algorithms.kernels.prune import prune
from algorithms.kernels.space import target
from algorithms.kernels.workers import Workers

SHARE = 0.02
"""The largest batch, as a share of the items."""


@operation
def find_candidates(search: Any, target: Any, item: Any, scratch: Any) -> Any:
    """Write keys of an item's candidates, ascending, without repeats, to ``scratch.results``; return how many.

    The item itself may be among them.
    """


class Links(NamedTuple):
    """A graph that is being built, and its limits.

    Attributes:
        ids: int32[n, width], each row its neighbours, nearest first, and then -1.
        lengths: float32[n, width], their distances.
        degree: how many neighbours a new item chooses.
        cap: to how many a row is pruned that outgrows `width`.
        alpha: see `prune`.
    """

    ids: NDArray[np.int32]
    lengths: NDArray[np.float32]
    degree: int
    cap: int
    alpha: float


class EdgesBack(NamedTuple):
    """Edges by the nodes that they lead to.

    Attributes:
        heads: int32[edges], these nodes, ascending.
        tails: int32[edges], the nodes that they leave.
        lengths: float32[edges].
        groups: int64[heads + 1], where the edges of each head start.
    """

    heads: NDArray[np.int32]
    tails: NDArray[np.int32]
    lengths: NDArray[np.float32]
    groups: NDArray[np.int64]


def new_links(n: int, width: int, degree: int, cap: int | None = None, alpha: float = 1.0) -> Links:
    """Return a graph of n nodes without edges. `degree` and `cap` are at most `width`, which `cap` is if not given."""
    cap = width if cap is None else cap
    return Links(np.full((n, width), -1, np.int32), np.zeros((n, width), np.float32), degree, cap, alpha)


def batches(start: int, stop: int, share: float = SHARE) -> Iterator[tuple[int, int]]:
    """Yield the bounds of batches of `start` to `stop`, where the items before `start` are inserted already."""
    largest = max(1, int(stop * share))
    while start < stop:
        size = min(max(1, start), largest, stop - start)
        yield start, start + size
        start += size


def insert(workers: Workers, space: Any, search: Any, rule: Any, links: Links, items: NDArray[np.int32]) -> None:
    """Insert one batch of items into a graph.

    Args:
        workers: the threads, each with memory from `new_scratch`.
        space: the items, see `distance`.
        search: policy of `find_candidates`, which may read `links`.
        rule: policy of `may_occlude`.
        links: the graph; changed in place.
        items: int32[b], distinct, not inserted yet.
    """
    workers.run(_link_forward, len(items), space, search, rule, links, items)
    heads, tails, lengths, groups = edges_back(items, links.ids[items], links.lengths[items])
    workers.run(_link_back, len(groups) - 1, space, rule, links, heads, tails, lengths, groups)


def edges_back(tails: NDArray[np.int32], ids: NDArray[np.int32], lengths: NDArray[np.float32]) -> EdgesBack:
    """Return the edges of some rows grouped by the nodes that they lead to, in the order of the rows.

    Args:
        tails: int32[b], the nodes that the rows are of.
        ids: int32[b, width], each row its neighbours; -1 in unused places.
        lengths: float32[b, width], their distances.
    """
    heads = ids.ravel()
    order = np.argsort(heads, kind="stable")
    order = order[np.searchsorted(heads[order], 0) :]  # less the unused places
    heads = heads[order]
    groups = np.append(np.flatnonzero(np.diff(heads, prepend=-1)), len(heads))
    return EdgesBack(heads, np.repeat(tails, ids.shape[1])[order], lengths.ravel()[order], groups)


def trim(workers: Workers, space: Any, rule: Any, links: Links) -> None:
    """Prune every row of more than ``links.cap`` neighbours: the last step of a build that let rows outgrow it."""
    workers.run(_trim, len(links.ids), space, rule, links)


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _link_forward(
    start: Any, stop: Any, scratch: Any, space: Any, search: Any, rule: Any, links: Any, items: Any
) -> None:
    """Give every item its neighbours."""
    keys = scratch.results
    for i in range(start, stop):
        item = items[i]
        found = find_candidates(search, target(space, item), item, scratch)
        count = 0
        for j in range(found):
            if key_id(keys[j]) != item:
                keys[count] = keys[j]
                count += 1
        count = prune(space, rule, item, keys, count, links.degree, links.alpha, scratch.entered)
        write_row(links, item, scratch.entered, count)


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _link_back(
    start: Any, stop: Any, scratch: Any, space: Any, rule: Any, links: Any, heads: Any, tails: Any, lengths: Any,
    groups: Any,
) -> None:  # fmt: skip
    """Give every head the edges back to its tails; those of one head stand together between two of `groups`."""
    keys = scratch.results
    for i in range(start, stop):
        head = heads[groups[i]]
        count = read_row(links, head, keys)
        for j in range(groups[i], groups[i + 1]):
            count = insert_sorted(keys, count, make_key(lengths[j], tails[j]))
        if count <= links.ids.shape[1]:
            write_row(links, head, keys, count)
        else:
            _prune_row(space, rule, links, head, keys, count, scratch.entered)


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _trim(start: Any, stop: Any, scratch: Any, space: Any, rule: Any, links: Any) -> None:
    for node in range(start, stop):
        count = read_row(links, node, scratch.results)
        if count > links.cap:
            _prune_row(space, rule, links, node, scratch.results, count, scratch.entered)


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _prune_row(space: Any, rule: Any, links: Any, node: Any, keys: Any, count: Any, chosen: Any) -> None:
    """Make those that pruning leaves of `count` ascending keys the neighbours of a node."""
    write_row(links, node, chosen, prune(space, rule, node, keys, count, links.cap, links.alpha, chosen))


@nb.njit(cache=True, nogil=True)
def read_row(links: Any, node: Any, keys: Any) -> Any:
    """Write a node's neighbours to `keys`, and return how many."""
    width = links.ids.shape[1]
    count = 0
    while count < width and links.ids[node, count] >= 0:
        keys[count] = make_key(links.lengths[node, count], links.ids[node, count])
        count += 1
    return count


@nb.njit(cache=True, nogil=True)
def write_row(links: Any, node: Any, keys: Any, count: Any) -> None:
    """Make `count` distinct keys, in any order, the neighbours of a node."""
    width = links.ids.shape[1]
    for i in range(count):
        links.ids[node, i] = key_id(keys[i])
        links.lengths[node, i] = key_distance(keys[i])
    links.ids[node, count:width] = -1
    links.lengths[node, count:width] = 0
