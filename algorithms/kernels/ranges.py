"""What methods for ranges share: how a query is answered, and binary search in parts of arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

from algorithms.kernels.jit import part


class RangeBeam(NamedTuple):
    """How a query is answered: with a beam of `ef`, or by measuring its range if that has fewer than `scan_below`."""

    ef: int
    scan_below: int


@part
def first_not_below(values: NDArray[Any], start: int, stop: int, bound: int) -> int:
    """Return the first position of ascending ``values[start:stop]`` that is not below a bound; `stop` if all are."""
    while start < stop:
        middle = (start + stop) >> 1
        if values[middle] < bound:
            start = middle + 1
        else:
            stop = middle
    return start


@part
def first_not_above(values: NDArray[Any], start: int, stop: int, bound: int) -> int:
    """Return the first position of descending ``values[start:stop]`` that is not above a bound; `stop` if all are."""
    while start < stop:
        middle = (start + stop) >> 1
        if values[middle] > bound:
            start = middle + 1
        else:
            stop = middle
    return start
