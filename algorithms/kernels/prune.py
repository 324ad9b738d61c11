"""Choosing a node's neighbours among candidates: the occlusion rule of HNSW and Vamana.

A candidate c of a node p is *occluded* if some chosen neighbour k, nearer to p than c is, has a * d(k, c) < d(p, c).
With a = 1 this is the heuristic of HNSW (Malkov and Yashunin 2020, algorithm 4) and the RNG rule. Vamana (DiskANN,
NeurIPS 2019) keeps more: what a = 1 leaves of the `cap` places is filled with what is not occluded under
a = 1.2, 1.44, ... up to alpha. Distances are squared, for alpha too, as in the authors' code.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from algorithms.kernels.heap import NO_KEY, key_distance, key_id
from algorithms.kernels.jit import part
from algorithms.kernels.policy import implements, operation
from algorithms.kernels.space import distance, target
from algorithms.kernels.types import Item, Keys, Rule, Space

_STEP = 1.2
_ROUNDING = 1 + 1e-6


@operation
def may_occlude(rule: Rule, node: Item, chosen: Item, candidate: Item) -> bool:  # type: ignore[empty-body]
    """Return whether a chosen neighbour of a node may occlude a candidate, whatever the distances."""


class Always(NamedTuple):
    """Any neighbour may occlude any candidate."""


@implements(may_occlude, Always)
def may_always_occlude(rule: Always, node: Item, chosen: Item, candidate: Item) -> bool:
    """Leave it to the distances."""
    return True


@part
def prune(space: Space, rule: Rule, node: Item, keys: Keys, count: int, cap: int, alpha: float, out: Keys) -> int:
    """Choose at most `cap` of a node's candidates.

    Args:
        space: the items, see `distance`.
        rule: policy of `may_occlude`.
        node: the node, an item.
        keys: int64[*], candidates as keys, ascending, without the node itself and without repeats.
            Overwritten: what is chosen, or lost for good, becomes `NO_KEY`.
        count: how many.
        cap: how many may be chosen.
        alpha: at least 1, see above.
        out: int64[cap], the chosen keys in the order of choice: ascending if alpha < 1.2.

    Returns:
        how many were chosen.
    """
    chosen = 0
    a = 1.0
    while a <= alpha * _ROUNDING and chosen < cap:
        for i in range(count):
            key = keys[i]
            if key == NO_KEY:
                continue
            candidate = key_id(key)
            limit = key_distance(key)
            point = target(space, candidate)
            occluded = False
            for j in range(chosen):
                other = key_id(out[j])
                if out[j] > key or not may_occlude(rule, node, other, candidate):
                    continue
                length = distance(point, other)
                if np.float32(a) * length < limit:
                    occluded = True
                    if np.float32(alpha) * length < limit:
                        keys[i] = NO_KEY  # in the passes to come as well
                    break
            if not occluded:
                out[chosen] = key
                chosen += 1
                keys[i] = NO_KEY
                if chosen == cap:
                    break
        a *= _STEP
    return chosen
