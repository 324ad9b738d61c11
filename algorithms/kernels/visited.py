"""Which items a search has met: a stamp per item, so that nothing is cleared between searches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.jit import part
from algorithms.kernels.types import Item


class Visited(NamedTuple):
    """The items met in one search.

    Attributes:
        stamps: uint32[n], the epoch in which each item was last met.
        epoch: this search's epoch, uint32.
    """

    stamps: NDArray[np.uint32]
    epoch: np.uint32


@part
def next_epoch(stamps: NDArray[np.uint32], epoch: np.uint32) -> np.uint32:
    """Return the epoch after `epoch`; every 2^32 searches, clear the stamps and start again."""
    if epoch == np.uint32(0xFFFFFFFF):
        stamps[:] = 0
        return np.uint32(1)
    return np.uint32(epoch + 1)


@part
def visit(visited: Visited, item: Item) -> bool:
    """Mark an item as met; return whether this is the first time."""
    at = np.uint32(item)
    fresh = visited.stamps[at] != visited.epoch
    visited.stamps[at] = visited.epoch
    return fresh
