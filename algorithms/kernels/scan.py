"""Measuring every item of a run: exact, and quicker than any graph where the run is short."""

from __future__ import annotations

from typing import Any

import numba as nb

from algorithms.kernels.beam import COMPUTED, RESULTS
from algorithms.kernels.filter import passes
from algorithms.kernels.heap import admit, make_key
from algorithms.kernels.policy import FASTMATH
from algorithms.kernels.space import distances


@nb.njit(cache=True, nogil=True, fastmath=FASTMATH)
def scan(target: Any, accept: Any, items: Any, start: Any, stop: Any, ef: Any, scratch: Any) -> None:
    """Measure ``items[start:stop]``, int32, distinct; add those that pass to the results, of which the best `ef` stay.

    A search that was begun (see `beam`) can be finished after it.
    """
    results, counters = scratch.results, scratch.counters
    width = len(scratch.items)
    found = counters[RESULTS]
    at = start
    while at < stop:
        count = 0
        while at < stop and count < width:
            if passes(accept, items[at]):
                scratch.items[count] = items[at]
                count += 1
            at += 1
        distances(target, scratch.items, count, scratch.lengths)
        counters[COMPUTED] += count
        for i in range(count):
            if admit(results, found, ef, make_key(scratch.lengths[i], scratch.items[i])):
                found = min(ef, found + 1)
    counters[RESULTS] = found
