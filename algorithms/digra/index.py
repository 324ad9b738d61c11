"""The index of DIGRA over its life: built at once, and then changed one item at a time (section 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.digra.build import link, refresh
from algorithms.digra.search import DigraView
from algorithms.digra.tree import Change, Tree
from algorithms.kernels.beam import Scratch, new_scratch
from algorithms.kernels.csr import offsets, pack, unpack
from algorithms.kernels.jit import read_only
from algorithms.kernels.space import L2, l2
from algorithms.kernels.spaces import Vectors, floats
from algorithms.kernels.types import Offsets
from algorithms.kernels.workers import Workers
from bench.core.vectors import dense

_GROWTH = 1.5


class DigraIndex:
    """A tree of ranks and a graph at each of its nodes.

    Items are numbered in the order of their ranks when the index is built, and from then on as they are inserted. The
    arrays of items have room for more than there are.

    Attributes:
        tree: the tree.
        count: how many items there are, including deleted ones.
        rows: int32[capacity, columns], see `DigraView`.
        ranks: int32[capacity], see `DigraView`.
        items: int32[living], see `DigraView`.
        space: the items under their distance.
    """

    def __init__(self, space: Vectors, M: int, ef_construction: int, B: int, grouping: str) -> None:
        """Take the items in the order of their ranks; none has neighbours yet.

        Args:
            space: the items.
            M: the most neighbours per item and layer, at least 2.
            ef_construction: the beam of the search for them.
            B: the most children of a node, at least 3.
            grouping: see `Tree`.
        """
        self.M, self.B = M, B
        self.ef_construction = max(ef_construction, B)  # so that a node of layer 1 is always measured whole
        self.count = len(space.rows)
        self.tree = Tree(self.count, B, grouping)
        self.ranks = np.arange(self.count, dtype=np.int32)
        self.items = self.ranks.copy()
        self.rows = np.full((self.count, self.columns[-1]), -1, np.int32)
        self.space = space

    @property
    def columns(self) -> Offsets:
        """See `DigraView`: a row has a place for every other item that a node of its layer can hold, up to M."""
        layers = range(1, self.tree.height + 1)
        return offsets([0, *(self.M if layer > self.M else min(self.M, self.B**layer - 1) for layer in layers)])

    @cached_property
    def view(self) -> DigraView:
        """The index as kernels take it."""
        starts = [np.arange(self.tree.n, dtype=np.int64), *self.tree.starts]
        layers, skip = offsets([len(s) for s in starts]), self.M.bit_length() - 1  # log2(M), as HNSW's layers thin out
        firsts = np.concatenate(starts).astype(np.int32)
        return DigraView(self.rows, self.columns, self.ranks, self.items, firsts, layers, self.M, skip)

    @cached_property
    def _scratch(self) -> Scratch:
        return new_scratch(len(self.ranks), self.M)

    def build(self, threads: int) -> None:
        """Build the graphs of all nodes, layer by layer; the same for any number of threads."""
        view = self.view
        with Workers([new_scratch(self.count, self.M) for _ in range(threads)]) as workers:
            for layer in range(1, self.tree.height + 1):
                workers.run(refresh, self.tree.n, view, self.space, layer, 0, self.ef_construction)

    def insert(self, vector: NDArray[np.float32], rank: int) -> int:
        """Insert a vector, float32[d], at a rank from 0 to the number of living items; return its item (algorithm 6).

        Raises:
            BenchError: the items are codes.

        It is linked into the graph of every node above it, except that a node which had to be halved is refreshed.
        """
        # Give the item its place.
        item = self.count
        self._reserve(item + 1)
        self._vectors[item] = vector
        floats(self.space).norms[item] = l2(self._vectors[item : item + 1]).norms[0]
        self.count += 1
        ranks = self.ranks[:item]
        ranks[ranks >= rank] += 1
        ranks[ranks <= ~rank] -= 1
        self.ranks[item] = rank
        self.items = np.insert(self.items, rank, np.int32(item))
        # Balance the tree.
        height = self.tree.height
        changes = self.tree.insert(rank)
        if self.tree.height > height:
            self._add_layer(height)
        self._forget_view()
        # Link the item in every layer, from the lowest up.
        for layer in range(1, self.tree.height + 1):
            halves = [change for change in changes if change.layer == layer]
            if halves:
                self._refresh(halves)
            else:
                link(self._scratch, self.view, self.space, layer, item, self.ef_construction)
        return item

    def delete(self, item: int) -> None:
        """Delete a living item (algorithm 7): it leaves the tree, but searches pass through it as others link to it."""
        rank = int(self.ranks[item])
        ranks = self.ranks[: self.count]
        ranks[ranks > rank] -= 1
        ranks[ranks < ~rank] += 1
        self.ranks[item] = ~rank
        self.items = np.delete(self.items, rank)
        changes = self.tree.delete(rank)
        self._forget_view()
        self._refresh(changes)

    def compact(self) -> dict[str, Any]:
        """Return the index as arrays without unused places: what `restore` takes."""
        return pack(self.rows[: self.count, : self.columns[-1]]) | {
            "ranks": self.ranks[: self.count],
            "starts": np.concatenate([np.zeros(0, np.int64), *self.tree.starts]),
            "layers": np.array([len(starts) for starts in self.tree.starts], np.int64),
        }

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Become the index that `compact` returned; the vectors are those of all its items, in their order."""
        bounds = offsets(arrays["layers"])
        self.tree.starts = np.split(arrays["starts"], bounds[1:-1]) if len(bounds) > 1 else []
        self.ranks = arrays["ranks"]
        living = np.flatnonzero(self.ranks >= 0).astype(np.int32)
        self.items = living[np.argsort(self.ranks[living])]
        self.tree.n = len(living)
        self.rows = unpack(arrays)
        self._forget_view()

    def _refresh(self, changes: Sequence[Change]) -> None:
        for layer, start, stop in changes:
            refresh(0, stop - start, self._scratch, self.view, self.space, layer, start, self.ef_construction)

    def _add_layer(self, height: int) -> None:
        """Give the new root the graph of the one that was halved, which held the same items."""
        columns = self.columns
        if columns[-1] > self.rows.shape[1]:
            self.rows = _enlarged(self.rows, (len(self.rows), int(columns[-1])), -1)
        start, stop, end = columns[height : height + 3]
        self.rows[:, stop:end] = -1
        self.rows[:, stop : 2 * stop - start] = self.rows[:, start:stop]

    def _reserve(self, count: int) -> None:
        """Make room for a number of items."""
        if count > len(self.ranks):
            capacity = int(count * _GROWTH)
            self.rows = _enlarged(self.rows, (capacity, self.rows.shape[1]), -1)
            self.ranks = _enlarged(self.ranks, (capacity,), -1)
            rows, norms = floats(self.space)
            self._vectors = dense(_enlarged(rows, (capacity, rows.shape[1]), 0))
            self.space = L2(read_only(self._vectors), _enlarged(norms, (capacity,), 0))
            self.__dict__.pop("_scratch", None)

    def _forget_view(self) -> None:
        self.__dict__.pop("view", None)


def _enlarged(array: NDArray[Any], shape: tuple[int, ...], value: int) -> NDArray[Any]:
    larger = np.full(shape, value, array.dtype)
    larger[tuple(slice(size) for size in array.shape)] = array
    return larger
