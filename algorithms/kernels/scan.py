"""Measuring every item of a run: exact, and faster than any graph if the run is short."""

from __future__ import annotations

from algorithms.kernels.beam import COMPUTED, RESULTS, Scratch
from algorithms.kernels.filter import Bitmap, next_passing, passes
from algorithms.kernels.heap import admit, make_key
from algorithms.kernels.jit import part
from algorithms.kernels.space import distances
from algorithms.kernels.types import Accept, Items, Target


@part
def scan(target: Target, accept: Accept, items: Items, start: int, stop: int, ef: int, scratch: Scratch) -> None:
    """Measure ``items[start:stop]``, all distinct; add those that pass to the results, of which the best `ef` are kept.

    The search must have been begun, and can be finished afterwards (see `beam`).
    """
    at = start
    while at < stop:
        count = 0
        while at < stop and count < len(scratch.items):
            if passes(accept, items[at]):
                scratch.items[count] = items[at]
                count += 1
            at += 1
        _measure(target, count, ef, scratch)


@part
def scan_between(target: Target, accept: Accept, first: int, last: int, ef: int, scratch: Scratch) -> None:
    """Measure the items with the numbers `first` to `last`, as `scan` does."""
    item = first
    while item <= last:
        count = 0
        while item <= last and count < len(scratch.items):
            if passes(accept, item):
                scratch.items[count] = item
                count += 1
            item += 1
        _measure(target, count, ef, scratch)


@part
def scan_passing(target: Target, accept: Bitmap, ef: int, scratch: Scratch) -> None:
    """Measure all items that pass, as `scan` does."""
    bits = 64 * len(accept.words)
    item = next_passing(accept, 0)
    while item < bits:
        count = 0
        while item < bits and count < len(scratch.items):
            scratch.items[count] = item
            count += 1
            item = next_passing(accept, item + 1)
        _measure(target, count, ef, scratch)


@part
def _measure(target: Target, count: int, ef: int, scratch: Scratch) -> None:
    """Measure the first `count` of ``scratch.items``, and add them to the results."""
    results = scratch.counters[RESULTS]
    distances(target, scratch.items, count, scratch.lengths)
    scratch.counters[COMPUTED] += count
    for i in range(count):
        if admit(scratch.results, results, ef, make_key(scratch.lengths[i], scratch.items[i])):
            results = min(ef, results + 1)
    scratch.counters[RESULTS] = results
