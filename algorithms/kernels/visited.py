"""Which items a search has met: a stamp per item, so that nothing is cleared between searches."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray


class Visited(NamedTuple):
    """The items met in one search.

    Attributes:
        stamps: uint32[n], the epoch in which each item was last met.
        epoch: this search's epoch, uint32.
    """

    stamps: NDArray[np.uint32]
    epoch: np.uint32


@nb.njit(cache=True, nogil=True)
def next_epoch(stamps: Any, epoch: Any) -> Any:
    """Return the epoch after `epoch`; once in 2^32 searches it starts again and clears the stamps."""
    if epoch == np.uint32(0xFFFFFFFF):
        stamps[:] = 0
        return np.uint32(1)
    return np.uint32(epoch + 1)


@nb.njit(cache=True, nogil=True, inline="always")
def visit(visited: Any, item: Any) -> Any:
    """Mark an item as met; return whether it is for the first time."""
    at = np.uint32(item)
    fresh = visited.stamps[at] != visited.epoch
    visited.stamps[at] = visited.epoch
    return fresh
