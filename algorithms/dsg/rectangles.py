"""The heart of DSG: the query ranges for which a node keeps a neighbour (section 4).

Take a node and its candidates, nearest first. What the occlusion rule keeps of the candidates inside a range [L, R]
around the node changes only where moving L or R lets a candidate in or out. A depth-first walk over the lists of
neighbours that can be kept enumerates all cases: whenever a list grows by one neighbour, that neighbour is kept for one
rectangle of pairs (L, R). A neighbour may have several rectangles; its edge is labelled with the one box around them.
So no edge is lost, and some edges are also used in ranges whose own pruning would drop them.

None of this depends on the order in which items are inserted.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.heap import key_distance, key_id
from algorithms.kernels.jit import part
from algorithms.kernels.policy import implements, operation
from algorithms.kernels.space import distances, target
from algorithms.kernels.types import Distances, Item, Items, Keys, Policy, Space

NEXT, FIRST, LAST, LEFT, RIGHT = range(5)
"""The columns of a frame: the next candidate; then, of the frame's ranges, least L, largest R, largest L, least R."""


@operation
def record(sink: Policy, i: int, first: int, left: int, right: int, last: int) -> None:
    """Record that candidate i is kept where `first` <= L <= `left` and `right` <= R <= `last`."""


class Boxes(NamedTuple):
    """The box around the rectangles of each candidate.

    Attributes:
        bounds: int32[candidates, 4], least L, largest L, least R and largest R; least L is -1 for a candidate that is
            never kept.
    """

    bounds: NDArray[np.int32]


@implements(record, Boxes)
def record_in_box(sink: Boxes, i: int, first: int, left: int, right: int, last: int) -> None:
    """Grow the candidate's box around the rectangle."""
    box = sink.bounds[i]
    if box[0] < 0:
        box[0], box[1], box[2], box[3] = first, left, right, last
    else:
        box[0], box[1] = min(box[0], first), max(box[1], left)
        box[2], box[3] = min(box[2], right), max(box[3], last)


class Stack(NamedTuple):
    """The memory of one thread's depth-first walks, for nodes with at most `most` candidates.

    Attributes:
        frames: int64[M, 5], a frame for each list of kept neighbours from the empty one on, see `NEXT`.
        occluded: uint64[M, words], for each frame a bit per candidate: whether its list occludes the candidate.
        items: int32[most], the candidates.
        occludes: uint64[most, words], bit j of row i: whether candidate i occludes the farther candidate j.
        computed: bool[most], whether that row was computed for this node.
        lengths: float32[most], the distances from one candidate to the farther ones.
    """

    frames: NDArray[np.int64]
    occluded: NDArray[np.uint64]
    items: Items
    occludes: NDArray[np.uint64]
    computed: NDArray[np.bool_]
    lengths: Distances


def new_stack(most: int, M: int) -> Stack:
    """Return memory for nodes with at most `most` candidates, of which at most `M` are kept."""
    words = -(-most // 64)
    return Stack(
        frames=np.zeros((M, 5), np.int64),
        occluded=np.zeros((M, words), np.uint64),
        items=np.empty(most, np.int32),
        occludes=np.zeros((most, words), np.uint64),
        computed=np.zeros(most, np.bool_),
        lengths=np.empty(most, np.float32),
    )


@part
def rectangles(
    space: Space, node: Item, keys: Keys, count: int, n: int, alpha: float, stack: Stack, sink: Policy
) -> None:
    """Record every rectangle of every candidate of a node (algorithm 1).

    Args:
        space: the items, numbered by their ranks.
        node: the node.
        keys: int64[*], its candidates as keys, ascending, without the node itself.
        count: how many candidates there are.
        n: how many items there are.
        alpha: a kept neighbour k occludes a candidate c if alpha * d(k, c) < d(node, c), distances squared.
        stack: memory for at least `count` candidates; the number of its frames is M, the most that are kept.
        sink: policy of `record`.
    """
    frames, occluded = stack.frames, stack.occluded
    for i in range(count):
        stack.items[i] = key_id(keys[i])
        stack.computed[i] = False
    # Begin with the empty list, which every range around the node has.
    depth = 0
    occluded[0] = np.uint64(0)
    frames[0, NEXT], frames[0, FIRST], frames[0, LAST] = 0, 0, n - 1
    frames[0, LEFT], frames[0, RIGHT] = node, node
    while depth >= 0:
        # Find the next candidate that the list does not occlude; without one, return to the shorter list.
        frame = frames[depth]
        i = _next_free(occluded[depth], frame[NEXT], count)
        if i == count:
            depth -= 1
            continue
        frame[NEXT] = i + 1
        item = stack.items[i]
        first, last = frame[FIRST], frame[LAST]
        if item < first or item > last:
            continue
        # All of the frame's ranges that hold it keep it.
        left, right = min(frame[LEFT], item), max(frame[RIGHT], item)
        record(sink, i, first, left, right, last)
        # This frame continues with the ranges that do not hold it.
        if item < frame[LEFT]:
            frame[FIRST] = item + 1
        elif item > frame[RIGHT]:
            frame[LAST] = item - 1
        else:
            frame[NEXT] = count
        if depth + 1 == len(frames):
            continue
        # A new frame takes those that do, and its list is longer by this neighbour.
        _find_occluded(space, keys, count, i, alpha, stack)
        depth += 1
        for word in range(occluded.shape[1]):
            occluded[depth, word] = occluded[depth - 1, word] | stack.occludes[i, word]
        frames[depth, NEXT], frames[depth, FIRST], frames[depth, LAST] = i + 1, first, last
        frames[depth, LEFT], frames[depth, RIGHT] = left, right


@part
def _next_free(bits: NDArray[np.uint64], start: int, count: int) -> int:
    """Return the first position from `start` on whose bit is not set; `count` if there is none before it."""
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


@part
def _find_occluded(space: Space, keys: Keys, count: int, i: int, alpha: float, stack: Stack) -> None:
    """Compute which of the farther candidates candidate i occludes, unless that was done for this node already."""
    if stack.computed[i]:
        return
    stack.computed[i] = True
    row = stack.occludes[i]
    row[:] = np.uint64(0)
    distances(target(space, stack.items[i]), stack.items[i + 1 : count], count - i - 1, stack.lengths)
    for j in range(i + 1, count):
        if np.float32(alpha) * stack.lengths[j - i - 1] < key_distance(keys[j]):
            row[j >> 6] |= np.uint64(1) << np.uint64(j & 63)
