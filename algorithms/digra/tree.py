"""The tree of DIGRA (section 4): nested partitions of the ranks.

Layer 0 has a node per item. A node of a layer above holds the items of 2 to B consecutive nodes of the layer below, up
to the root, which holds all. So a tree is the sorted ranks at which the nodes of each layer start; the starts of a
layer are among those of the layer below, and whatever moves items moves starts.

Insertion and deletion keep the number of children between ceil(B / 2) and B, as in a B-tree and as the authors' code
does. The paper balances by weight, with B^layer / 4 to B^layer items below a node. The tree of its own construction
does not satisfy that for its own B = 3: with two children each, a node holds 2^layer items.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

GROUPINGS = ("paper", "released")
"""How many children nodes are built with, see `Tree`."""


class Change(NamedTuple):
    """A node that is new or whose children changed: its layer, and its ranks `start` to `stop` - 1."""

    layer: int
    start: int
    stop: int


class Tree:
    """A tree over `n` ranks.

    Attributes:
        n: how many items there are.
        B: the most children that a node may have, at least 3.
        starts: for every layer from 1 to the root's, int64, the first rank of each node, ascending.
    """

    def __init__(self, n: int, B: int, grouping: str) -> None:
        """Group nodes by ceil(B / 2), from the leaves up (algorithm 3).

        With the grouping "released" groups have alternately ceil(B / 2) and B nodes, for B = 3 as in the authors' code.
        """
        self.n, self.B = n, B
        self.starts: list[NDArray[np.int64]] = []
        below = np.arange(n, dtype=np.int64)
        while len(below) > 1:
            below = below[self._firsts(len(below), B if grouping == "released" else self._least)]
            self.starts.append(below)

    def _firsts(self, count: int, second: int) -> NDArray[np.int64]:
        """Return the first node of each group of `count` nodes; every second group has `second` nodes.

        Too few nodes at the end join the last group; if that makes it too large, it is halved.
        """
        pairs = np.arange(0, count, self._least + second)
        firsts = np.stack([pairs, pairs + self._least], 1).ravel()
        firsts = firsts[firsts < count]
        if len(firsts) > 1 and count - firsts[-1] < self._least:
            together = count - firsts[-2]
            if together <= self.B:
                return firsts[:-1]
            firsts[-1] = count - together // 2
        return firsts

    @property
    def _least(self) -> int:
        return (self.B + 1) // 2

    @property
    def height(self) -> int:
        """The layer of the root; 0 if there is one item."""
        return len(self.starts)

    def node(self, layer: int, rank: int) -> tuple[int, int]:
        """Return the first and the last rank, plus one, of the node of a layer that holds a rank."""
        if layer == 0:
            return rank, rank + 1
        starts = self.starts[layer - 1]
        at = int(np.searchsorted(starts, rank, "right"))
        return int(starts[at - 1]), int(starts[at]) if at < len(starts) else self.n

    def children(self, layer: int, rank: int) -> NDArray[np.int64]:
        """Return the first ranks of the children of the node of a layer, at least 1, that holds a rank."""
        start, stop = self.node(layer, rank)
        if layer == 1:
            return np.arange(start, stop, dtype=np.int64)
        below = self.starts[layer - 2]
        return below[np.searchsorted(below, start) : np.searchsorted(below, stop)]

    def insert(self, rank: int) -> list[Change]:
        """Make room for an item at a rank, 0 to n; return the nodes to refresh, from the lowest up.

        An item at the border of two nodes joins the left one. A node with too many children is halved; if that is the
        root, the tree grows by a layer.
        """
        for starts in self.starts:
            starts[1:] += starts[1:] >= rank
        self.n += 1
        changes: list[Change] = []
        at = max(rank - 1, 0)
        for layer in range(1, self.height + 1):
            if len(self.children(layer, at)) <= self.B:
                break
            changes += self._halve(layer, at)
        if len(self.starts[-1]) > 1 if self.starts else self.n > 1:
            self.starts.append(np.zeros(1, np.int64))
        return changes

    def delete(self, rank: int) -> list[Change]:
        """Remove the item at a rank; return the nodes to refresh, from the lowest up.

        A node with too few children is merged with its neighbour below the same parent. If that has too many then, it
        is halved, so that the node has borrowed children. A root with one child gives way to it.
        """
        for starts in self.starts:
            starts[1:] -= starts[1:] > rank
        self.n -= 1
        changes: list[Change] = []
        at = min(rank, self.n - 1)
        for layer in range(1, self.height):
            # If the node that shrank lost its last item, the rank is in its neighbour.
            for near in (at, self.node(layer, at)[0] - 1):
                if near >= 0 and len(self.children(layer, near)) < self._least:
                    changes += self._merge(layer, near)
                    break
        while self.starts and len(self.children(self.height, 0)) == 1:
            self.starts.pop()
        return [change for change in changes if change.layer <= self.height]

    def _halve(self, layer: int, rank: int) -> list[Change]:
        start, stop = self.node(layer, rank)
        children = self.children(layer, rank)
        middle = int(children[(len(children) + 1) // 2])
        starts = self.starts[layer - 1]
        self.starts[layer - 1] = np.insert(starts, np.searchsorted(starts, middle), middle)
        return [Change(layer, start, middle), Change(layer, middle, stop)]

    def _merge(self, layer: int, rank: int) -> list[Change]:
        start, stop = self.node(layer, rank)
        parent, _ = self.node(layer + 1, rank)
        border = stop if start == parent else start
        starts = self.starts[layer - 1]
        self.starts[layer - 1] = np.delete(starts, np.searchsorted(starts, border))
        if len(self.children(layer, rank)) > self.B:
            return self._halve(layer, rank)
        return [Change(layer, *self.node(layer, rank))]
