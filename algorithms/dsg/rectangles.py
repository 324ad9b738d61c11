"""The heart of DSG: in which query ranges a node keeps which neighbours (VLDB 2025, section 4).

Fix a node and its candidates by distance. What the occlusion rule keeps of those inside a range [L, R] around the node
changes with L and R only where a candidate enters or leaves. A depth-first walk over the lists that can be kept finds
all pieces: each time that a neighbour is kept, for the L and the R of one rectangle. A neighbour may be kept in
several rectangles; an edge is labelled by the one box around them. So no edge is lost, and some are used in ranges
whose own pruning would have dropped them.

Nothing here depends on the order in which items are inserted.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.heap import key_distance, key_id
from algorithms.kernels.policy import FASTMATH, implements, operation
from algorithms.kernels.space import distances, target

NEXT, FIRST, LAST, LEFT, RIGHT = range(5)
"""A frame of the walk: the next candidate; of its ranges the least L, the largest R, the largest L, the least R."""


@operation
def record(sink: Any, i: Any, first: Any, left: Any, right: Any, last: Any) -> None:
    """Take note: candidate i is kept where `first` <= L <= `left` and `right` <= R <= `last`."""


class Boxes(NamedTuple):
    """For each candidate the box around its rectangles.

    Attributes:
        bounds: int32[candidates, 4]: least L, largest L, least R, largest R; least L is -1 if it is never kept.
    """

    bounds: NDArray[np.int32]


@implements(record, Boxes)
def _(sink: Any, i: Any, first: Any, left: Any, right: Any, last: Any) -> None:
    box = sink.bounds[i]
    if box[0] < 0:
        box[0], box[1], box[2], box[3] = first, left, right, last
    else:
        box[0], box[1] = min(box[0], first), max(box[1], left)
        box[2], box[3] = min(box[2], right), max(box[3], last)


class Memory(NamedTuple):
    """What one thread needs to walk over the lists of a node with at most `most` candidates.

    Attributes:
        items: int32[most], the candidates.
        lengths: float32[most], distances from one of them to the others.
        occludes: uint64[most, words], bit j of row i: candidate i occludes the farther candidate j.
        known: bool[most], whether that row was computed.
        occluded: uint64[M, words], per frame, what its list occludes.
        frames: int64[M, 5], see `NEXT`.
    """

    items: NDArray[np.int32]
    lengths: NDArray[np.float32]
    occludes: NDArray[np.uint64]
    known: NDArray[np.bool_]
    occluded: NDArray[np.uint64]
    frames: NDArray[np.int64]


def new_memory(most: int, m: int) -> Memory:
    """Return memory for at most `most` candidates, of which `m` are kept."""
    words = -(-most // 64)
    return Memory(
        items=np.empty(most, np.int32),
        lengths=np.empty(most, np.float32),
        occludes=np.zeros((most, words), np.uint64),
        known=np.zeros(most, np.bool_),
        occluded=np.zeros((m, words), np.uint64),
        frames=np.zeros((m, 5), np.int64),
    )


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def rectangles(space: Any, node: Any, keys: Any, count: Any, n: Any, alpha: Any, memory: Any, sink: Any) -> None:
    """Record every rectangle of every candidate of a node (algorithm 1).

    Args:
        space: the items, whose ids are their ranks.
        node: the node.
        keys: int64[*], its candidates as keys, ascending, without the node itself.
        count: how many.
        n: ranks are from 0 to `n` - 1.
        alpha: a kept neighbour k occludes a candidate c if alpha * d(k, c) < d(node, c), distances squared.
        memory: for as many candidates; a list has at most as many neighbours as it has frames.
        sink: policy of `record`.
    """
    frames, occluded = memory.frames, memory.occluded
    for i in range(count):
        memory.items[i] = key_id(keys[i])
        memory.known[i] = False
    depth = 0
    occluded[0] = np.uint64(0)
    frames[0, NEXT], frames[0, FIRST], frames[0, LAST] = 0, 0, n - 1
    frames[0, LEFT], frames[0, RIGHT] = node, node
    while depth >= 0:
        frame = frames[depth]
        i = _next_free(occluded[depth], frame[NEXT], count)
        if i == count:
            depth -= 1
            continue
        frame[NEXT] = i + 1
        item = memory.items[i]
        first, last = frame[FIRST], frame[LAST]
        if item < first or item > last:
            continue
        left, right = min(frame[LEFT], item), max(frame[RIGHT], item)
        record(sink, i, first, left, right, last)
        # This frame goes on with the ranges that do not hold the item.
        if item < frame[LEFT]:
            frame[FIRST] = item + 1
        elif item > frame[RIGHT]:
            frame[LAST] = item - 1
        else:
            frame[NEXT] = count
        if depth + 1 == len(frames):
            continue
        _find_occluded(space, keys, count, i, alpha, memory)
        depth += 1
        for word in range(occluded.shape[1]):
            occluded[depth, word] = occluded[depth - 1, word] | memory.occludes[i, word]
        frames[depth, NEXT], frames[depth, FIRST], frames[depth, LAST] = i + 1, first, last
        frames[depth, LEFT], frames[depth, RIGHT] = left, right


@nb.njit(cache=True, nogil=True)
def _next_free(bits: Any, start: Any, count: Any) -> Any:
    """Return the first position from `start` whose bit is not set, `count` if there is none before it."""
    i = start
    while i < count:
        word = bits[i >> 6] >> np.uint64(i & 63)
        if word & np.uint64(1) == 0:
            return i
        if word == np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(i & 63):
            i = (i | 63) + 1
        else:
            i += 1
    return count


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def _find_occluded(space: Any, keys: Any, count: Any, i: Any, alpha: Any, memory: Any) -> None:
    """Compute which of the farther candidates candidate i occludes, unless that is known."""
    if memory.known[i]:
        return
    memory.known[i] = True
    row = memory.occludes[i]
    row[:] = np.uint64(0)
    distances(target(space, memory.items[i]), memory.items[i + 1 : count], count - i - 1, memory.lengths)
    for j in range(i + 1, count):
        if np.float32(alpha) * memory.lengths[j - i - 1] < key_distance(keys[j]):
            row[j >> 6] |= np.uint64(1) << np.uint64(j & 63)
