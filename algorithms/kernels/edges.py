"""Edges of a graph that is being built: rows with distances, and edges grouped by the nodes that they lead to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.heap import insert_sorted, key_distance, key_id, make_key
from algorithms.kernels.jit import kernel, part
from algorithms.kernels.space import distance, target
from algorithms.kernels.types import Distances, Item, Items, Keys, Offsets, Space


class Links(NamedTuple):
    """A graph that is being built, and its limits.

    Attributes:
        ids: int32[n, width], each row its neighbours, nearest first, and then -1.
        lengths: float32[n, width], their distances.
        degree: how many neighbours a new item chooses.
        cap: how many a row is pruned to when it outgrows `width`.
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
        groups: int64[distinct heads + 1], where the edges of each head start.
    """

    heads: Items
    tails: Items
    lengths: Distances
    groups: Offsets


def new_links(n: int, width: int, degree: int, cap: int | None = None, alpha: float = 1.0) -> Links:
    """Return a graph of n nodes without edges; `degree` and `cap` are at most `width`, the default of `cap`."""
    cap = width if cap is None else cap
    return Links(np.full((n, width), -1, np.int32), np.zeros((n, width), np.float32), degree, cap, alpha)


def links_of(space: Space, ids: NDArray[np.int32]) -> Links:
    """Return a graph with the neighbours int32[n, width], as one that can be inserted into, which changes `ids`."""
    lengths = np.zeros(ids.shape, np.float32)
    _measure(space, ids, lengths)
    return Links(ids, lengths, degree=ids.shape[1], cap=ids.shape[1], alpha=1.0)


@kernel
def _measure(space: Space, ids: NDArray[np.int32], lengths: NDArray[np.float32]) -> None:
    """Write the lengths of the edges in rows that are filled with -1."""
    for node in range(len(ids)):
        point = target(space, node)
        for j in range(ids.shape[1]):
            if ids[node, j] >= 0:
                lengths[node, j] = distance(point, ids[node, j])


def edges_back(tails: Items, ids: NDArray[np.int32], lengths: NDArray[np.float32]) -> EdgesBack:
    """Return the edges of some rows grouped by the nodes that they lead to, in the order of the rows.

    Args:
        tails: int32[b], the nodes of the rows.
        ids: int32[b, width], each row its neighbours; -1 in unused places.
        lengths: float32[b, width], their distances.
    """
    heads = ids.ravel()
    order = np.argsort(heads, kind="stable")
    order = order[np.searchsorted(heads[order], 0) :]  # without the unused places
    heads = heads[order]
    groups = np.append(np.flatnonzero(np.diff(heads, prepend=-1)), len(heads))
    return EdgesBack(heads, np.repeat(tails, ids.shape[1])[order], lengths.ravel()[order], groups)


@part
def read_row(ids: NDArray[np.int32], lengths: NDArray[np.float32], row: int, keys: Keys) -> int:
    """Write the neighbours in a row to `keys`, and return how many."""
    width = ids.shape[1]
    count = 0
    while count < width and ids[row, count] >= 0:
        keys[count] = make_key(lengths[row, count], ids[row, count])
        count += 1
    return count


@part
def write_row(ids: NDArray[np.int32], lengths: NDArray[np.float32], row: int, keys: Keys, count: int) -> None:
    """Make `count` distinct keys, in any order, the neighbours in a row."""
    width = ids.shape[1]
    for i in range(count):
        ids[row, i] = key_id(keys[i])
        lengths[row, i] = key_distance(keys[i])
    ids[row, count:width] = -1
    lengths[row, count:width] = 0


@part
def add_tails(back: EdgesBack, group: int, keys: Keys, count: int) -> int:
    """Insert the tails of a group's edges into `count` ascending keys; return how many there are now."""
    for j in range(back.groups[group], back.groups[group + 1]):
        count = insert_sorted(keys, count, make_key(back.lengths[j], back.tails[j]))
    return count


@part
def head_of(back: EdgesBack, group: int) -> Item:
    """Return the node that a group's edges lead to."""
    return back.heads[back.groups[group]]
