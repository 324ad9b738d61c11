"""The local join of NN-descent: introducing the neighbours of every item to each other.

Two neighbours of an item meet if at least one of the two edges is new, and each is proposed to the pool of the other.
All proposals of a batch of items are collected before any is taken: every thread measures pairs of some items, and
then fills the pools of some items. So the outcome does not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from algorithms.kernels.beam import Scratch
from algorithms.kernels.csr import offsets
from algorithms.kernels.heap import make_key
from algorithms.kernels.jit import kernel, part
from algorithms.kernels.nn_pools import Pools, Sample, enter, would_enter
from algorithms.kernels.space import distances, target
from algorithms.kernels.types import Item, Items, Key, Keys, Offsets, Space
from algorithms.kernels.workers import Workers

_PROPOSALS = 1 << 20
"""How many proposals are collected, unless a single item makes more."""


class Batch(NamedTuple):
    """Items whose neighbours meet at the same time.

    Attributes:
        first: the first of them.
        starts: int64[items + 1], where the proposals of each begin, and the end.
    """

    first: Item
    starts: Offsets


class Proposals(NamedTuple):
    """Candidates that are proposed to pools.

    Attributes:
        items: int32[p], the items to whose pools; -1 where the candidate is too far for the pool.
        keys: int64[p], the candidates with their distances.
    """

    items: Items
    keys: Keys


def join(workers: Workers, space: Space, pools: Pools, sample: Sample) -> None:
    """Introduce the sampled neighbours of every item to each other, and let their pools take the near ones.

    Args:
        workers: the threads, whose scratch has room for all neighbours of an item in the sample.
        space: the items, see `space`; their distance must be symmetric.
        pools: the pools; changed in place.
        sample: the edges of the round.
    """
    parts = 2 * len(workers)  # few, as each reads all proposals
    for batch in _batches(sample):
        proposals = Proposals(np.empty(batch.starts[-1], np.int32), np.empty(batch.starts[-1], np.int64))
        workers.run(_propose, len(batch.starts) - 1, space, pools, sample, batch, proposals)
        workers.run(_take, parts, pools, proposals, parts)


def _batches(sample: Sample) -> Iterator[Batch]:
    """Yield all items in batches with few enough proposals: two for every pair that meets."""
    new, old = np.diff(sample.new.starts), np.diff(sample.old.starts)
    starts = offsets(new * (new - 1) + 2 * new * old)
    first = 0
    while first < len(new):
        stop = max(first + 1, int(np.searchsorted(starts, starts[first] + _PROPOSALS, "right")) - 1)
        yield Batch(first, starts[first : stop + 1] - starts[first])
        first = stop


@kernel
def _propose(
    start: int,
    stop: int,
    scratch: Scratch,
    space: Space,
    pools: Pools,
    sample: Sample,
    batch: Batch,
    proposals: Proposals,
) -> None:
    """Measure the pairs of neighbours of some items of a batch, and propose each of a pair to the pool of the other."""
    new, old = sample.new, sample.old
    others = scratch.items
    for i in range(start, stop):
        item, place = batch.first + i, batch.starts[i]
        for j in range(new.starts[item], new.starts[item + 1]):
            # A new neighbour meets the new ones after it, and all old ones.
            neighbour, count = new.ids[j], 0
            for other in range(j + 1, new.starts[item + 1]):
                others[count] = new.ids[other]
                count += 1
            for other in range(old.starts[item], old.starts[item + 1]):
                others[count] = old.ids[other]
                count += 1
            distances(target(space, neighbour), others, count, scratch.lengths)
            # Each of a pair is proposed to the other.
            for other in range(count):
                length = scratch.lengths[other]
                _write(proposals, place, pools, neighbour, make_key(length, others[other]))
                _write(proposals, place + 1, pools, others[other], make_key(length, neighbour))
                place += 2


@part
def _write(proposals: Proposals, place: int, pools: Pools, item: Item, key: Key) -> None:
    """Propose a candidate to an item's pool."""
    proposals.items[place] = item if would_enter(pools, item, key) else -1
    proposals.keys[place] = key


@kernel
def _take(start: int, stop: int, scratch: Scratch, pools: Pools, proposals: Proposals, parts: int) -> None:
    """Let the pools of parts `start` to `stop` - 1 of all items, of equal size, take what is proposed to them."""
    first, end = start * len(pools.keys) // parts, stop * len(pools.keys) // parts
    for i in range(len(proposals.items)):
        item = proposals.items[i]
        if first <= item < end:
            enter(pools, item, proposals.keys[i])
