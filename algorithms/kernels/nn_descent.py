"""NN-descent: an approximate k-NN graph, as neighbours of neighbours are likely to be neighbours.

Dong, Charikar, Li: Efficient k-Nearest Neighbor Graph Construction for Generic Similarity Measures (WWW 2011), with the
sampling and the early end of the authors' KGraph. Every item keeps a pool of the nearest that it has met. Round by
round, each samples some of its pool and of the pools that it is in (`nn_pools`), and introduces these neighbours to
each other (`nn_join`). All items do so at the same time, so that the graph is the same for any number of threads.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.beam import Scratch, new_scratch
from algorithms.kernels.heap import admit, key_ids, make_key, sort_max
from algorithms.kernels.jit import kernel
from algorithms.kernels.nn_join import join
from algorithms.kernels.nn_pools import draw_sample, fill_pools, new_pools
from algorithms.kernels.space import distance, target
from algorithms.kernels.stride import stride
from algorithms.kernels.types import Items, Space
from algorithms.kernels.workers import Workers

CONTROLS = 100
ENOUGH = 0.8
"""The rounds end when the pools of so many items hold this fraction of their true neighbours (KGraph)."""


class Limits(NamedTuple):
    """The parameters of KGraph, by their names there.

    Attributes:
        L: how many neighbours an item keeps.
        S: how many new ones it samples in a round.
        R: how many of the new edges that lead to an item it takes at most in a round, and twice as many old ones.
        rounds: how many rounds at most (iter).
    """

    L: int
    S: int
    R: int
    rounds: int


def nn_descent(space: Space, n: int, limits: Limits, seed: int, threads: int) -> NDArray[np.int64]:
    """Return int64[n, min(L, n - 1)]: the keys of each item's neighbours, ascending, `NO_KEY` where there are fewer.

    Args:
        space: the items, see `space`; their distance must be symmetric.
        n: how many items.
        limits: how much is kept, sampled and repeated.
        seed: decides the first neighbours and the samples.
        threads: how many threads.
    """
    L, S, R = min(limits.L, n - 1), limits.S, limits.R
    pools = new_pools(n, L)
    if L == 0:
        return pools.keys
    rng = np.random.default_rng(seed)
    with Workers([new_scratch(n, L + 4 * R) for _ in range(threads)]) as workers:
        # Begin with random neighbours.
        workers.run(fill_pools, n, space, pools, rng.integers(0, n, n), stride(n), min(2 * S, L))
        # Measure what the control items should end with.
        controls = np.sort(rng.choice(n, min(CONTROLS, n), replace=False)).astype(np.int32)
        truth = np.empty((len(controls), L), np.int64)
        workers.run(_measure_all, len(controls), space, n, controls, truth)
        # In every round sample, and join, until enough of the controls' neighbours are there.
        for _ in range(limits.rounds):
            join(workers, space, pools, draw_sample(workers, pools, S, R, rng))
            if _recall(pools.keys[controls], truth) >= ENOUGH:
                break
    return pools.keys


@kernel
def _measure_all(
    start: int, stop: int, scratch: Scratch, space: Space, n: int, items: Items, nearest: NDArray[np.int64]
) -> None:
    """Write the keys of the nearest of all n items to each of `items` to its row of `nearest`."""
    L = nearest.shape[1]
    for i in range(start, stop):
        point, keys, count = target(space, items[i]), nearest[i], 0
        for other in range(n):
            if other != items[i] and admit(keys, count, L, make_key(distance(point, other), other)):
                count = min(L, count + 1)
        sort_max(keys, count)


def _recall(keys: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    """Return the fraction of the true neighbours' ids, row by row, that are among the keys."""
    rows = zip(key_ids(keys), key_ids(truth), strict=True)
    return float(np.mean([np.isin(true, ids).mean() for ids, true in rows]))
