"""Choosing the labels that get a graph of their own: the most saved for their memory, as long as the budget lasts."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.jit import kernel
from algorithms.kernels.types import Items
from algorithms.sieve.cost import CostModel, cost_of_scan, cost_of_walk


def degree_for(size: int, n: int, M: int) -> int:
    """Return the M of a graph over `size` of n items."""
    return max(2, round(M * math.log(max(size, 2)) / math.log(max(n, 2))))


@kernel
def _write_savings(model: CostModel, sizes: NDArray[np.int64], n: int, sef: int, saved: NDArray[np.float64]) -> None:
    """Write what the graph of each label saves over all queries for it, which are as many as the items that have it.

    Nobody walks a graph that a beam holds: its items are measured.
    """
    for label in range(len(sizes)):
        size = sizes[label]
        if size > sef:
            scan = cost_of_scan(model, size)
            without = min(scan, cost_of_walk(model, n, size, sef))
            saved[label] = size * (without - min(scan, cost_of_walk(model, size, size, sef)))


def choose_labels(model: CostModel, sizes: NDArray[np.int64], n: int, M: int, sef: int, budget: float) -> Items:
    """Return the labels that get a graph, ascending.

    Args:
        model: the costs.
        sizes: int64[labels], how many items have each label.
        n: how many items there are.
        M: of the graph of all items, which has 2 M places for each.
        sef: the beam that graphs are chosen for.
        budget: the places of all graphs, by those of the graph of all items.
    """
    places = sizes * np.array([2 * degree_for(int(size), n, M) for size in sizes], np.int64)
    saved = np.zeros(len(sizes))
    _write_savings(model, sizes, n, sef, saved)
    room = (budget - 1) * n * 2 * M
    chosen = []
    for label in np.argsort(-saved / np.maximum(places, 1), kind="stable"):
        if saved[label] > 0 and places[label] <= room:
            room -= places[label]
            chosen.append(label)
    return np.sort(np.array(chosen, np.int32))
