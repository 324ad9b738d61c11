"""The index of DIGRA as it lives: built at once, and then changed an item at a time (SIGMOD 2025, section 4)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.digra.build import Memory, link, new_memory, refresh
from algorithms.digra.search import Index
from algorithms.digra.tree import Tree
from algorithms.kernels.graph import pack, unpack
from algorithms.kernels.space import L2, l2
from algorithms.kernels.workers import Workers
from bench.core.vectors import dense

_GROWTH = 1.5


class DigraIndex:
    """A tree of ranks and a graph at each of its nodes.

    Items are numbered in the order of their ranks when the index is built, and then as they are inserted. The arrays
    of items have room for more than there are.

    Attributes:
        tree: the tree.
        count: how many items there are, with those deleted.
        rows: int32[capacity, columns], see `Index`.
        ranks: int32[capacity], see `Index`.
        items: int32[living], see `Index`.
        vectors: float32[capacity, d].
        norms: float32[capacity], their squared norms.
    """

    def __init__(self, vectors: NDArray[np.float32], m: int, ef: int, most: int, grouping: str) -> None:
        """Take float32[n, d], C-contiguous, in the order of their ranks; no item has neighbours yet.

        Args:
            vectors: the items.
            m: the most neighbours per item and layer, at least 2.
            ef: the beam that they are sought with.
            most: the most children of a node, at least 3.
            grouping: see `Tree`.
        """
        self.m, self.most = m, most
        self.ef = max(ef, most)  # so that children of one item are always measured whole
        self.count = len(vectors)
        self.tree = Tree(self.count, most, grouping)
        self.ranks = np.arange(self.count, dtype=np.int32)
        self.items = self.ranks.copy()
        self.rows = np.full((self.count, self.columns[-1]), -1, np.int32)
        self.vectors, self.norms = vectors, l2(vectors).norms

    @property
    def columns(self) -> NDArray[np.int64]:
        """See `Index`: a row has a place for every other item that a node of its layer can hold, M at most."""
        layers = range(1, self.tree.height + 1)
        widths = [0, *(self.m if layer > self.m else min(self.m, self.most**layer - 1) for layer in layers)]
        return np.concatenate([[0], np.cumsum(widths)]).astype(np.int64)

    @property
    def space(self) -> L2:
        """All items."""
        return L2(self.vectors, self.norms)

    @cached_property
    def view(self) -> Index:
        """The index as kernels take it."""
        starts = [np.arange(self.tree.n, dtype=np.int64), *self.tree.starts]
        layers = np.concatenate([[0], np.cumsum([len(s) for s in starts])]).astype(np.int64)
        skip = self.m.bit_length() - 1  # log2(M), as the layers of HNSW thin out
        return Index(
            self.rows, self.columns, self.ranks, self.items, np.concatenate(starts).astype(np.int32), layers, skip
        )

    def build(self, threads: int) -> None:
        """Build the graphs of all nodes, layer by layer; the same for any number of threads."""
        index = self.view
        with Workers([new_memory(self.count, self.m, self.most) for _ in range(threads)]) as workers:
            for layer in range(1, self.tree.height + 1):
                workers.run(refresh, self.tree.n, index, self.space, layer, 0, self.ef)

    def insert(self, vector: NDArray[np.float32], rank: int) -> int:
        """Insert a vector, float32[d], at a rank from 0 to the number of living items; return its item (algorithm 6).

        It is linked into the graph of every node above it, but those of a node that had to be halved are built anew.
        """
        item = self.count
        self._reserve(item + 1)
        self.vectors[item] = vector
        self.norms[item] = l2(self.vectors[item : item + 1]).norms[0]
        self.count += 1
        known = self.ranks[:item]
        known[known >= rank] += 1
        known[known <= ~rank] -= 1
        self.ranks[item] = rank
        self.items = np.insert(self.items, rank, np.int32(item))
        self.__dict__.pop("view", None)
        height = self.tree.height
        changes = self.tree.insert(rank)
        if self.tree.height > height:
            self._add_layer(height)
        index, memory = self.view, self._memory
        for layer in range(1, self.tree.height + 1):
            halves = [change for change in changes if change.layer == layer]
            for half in halves:
                refresh(0, half.stop - half.start, memory, index, self.space, layer, half.start, self.ef)
            if not halves:
                link(memory, index, self.space, layer, item, self.ef)
        return item

    def delete(self, item: int) -> None:
        """Delete a living item: it leaves the tree, and is walked through where others still link to it."""
        rank = int(self.ranks[item])
        known = self.ranks[: self.count]
        known[known > rank] -= 1
        known[known < ~rank] += 1
        self.ranks[item] = ~rank
        self.items = np.delete(self.items, rank)
        self.__dict__.pop("view", None)
        changes = self.tree.delete(rank)
        index = self.view
        for layer, start, stop in changes:
            refresh(0, stop - start, self._memory, index, self.space, layer, start, self.ef)

    @cached_property
    def _memory(self) -> Memory:
        return new_memory(len(self.ranks), self.m, self.most)

    def compact(self) -> dict[str, Any]:
        """Return the index as arrays without unused places: what `restore` takes."""
        return pack(self.rows[: self.count, : self.columns[-1]]) | {
            "ranks": self.ranks[: self.count],
            "starts": np.concatenate([np.zeros(0, np.int64), *self.tree.starts]),
            "layers": np.array([len(starts) for starts in self.tree.starts], np.int64),
        }

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Become the index that `compact` gave; the vectors are those of all its items, in their order."""
        self.tree.starts = np.split(arrays["starts"], np.cumsum(arrays["layers"])[:-1]) if len(arrays["layers"]) else []
        self.ranks = arrays["ranks"]
        living = np.flatnonzero(self.ranks >= 0).astype(np.int32)
        self.items = living[np.argsort(self.ranks[living])]
        self.tree.n = len(living)
        self.rows = unpack(arrays)
        self.__dict__.pop("view", None)

    def _add_layer(self, height: int) -> None:
        """Give the new root the graph of the one that was halved, which held the same items."""
        columns = self.columns
        if columns[-1] > self.rows.shape[1]:
            self.rows = _enlarged(self.rows, (len(self.rows), int(columns[-1])), -1)
        start, stop, end = columns[height : height + 3]
        self.rows[:, stop:end] = -1
        self.rows[:, stop : 2 * stop - start] = self.rows[:, start:stop]

    def _reserve(self, count: int) -> None:
        if count > len(self.ranks):
            capacity = int(count * _GROWTH)
            self.rows = _enlarged(self.rows, (capacity, self.rows.shape[1]), -1)
            self.ranks = _enlarged(self.ranks, (capacity,), -1)
            self.norms = _enlarged(self.norms, (capacity,), 0)
            self.__dict__.pop("_memory", None)
            self.vectors = dense(_enlarged(self.vectors, (capacity, self.vectors.shape[1]), 0))


def _enlarged(array: NDArray[Any], shape: tuple[int, ...], value: int) -> NDArray[Any]:
    larger = np.full(shape, value, array.dtype)
    larger[tuple(slice(size) for size in array.shape)] = array
    return larger
