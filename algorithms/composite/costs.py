"""What walks cost: a table of counts, which a build measures, and what a search reads from it for its target of recall.

The table has the recall and the distances of walks by their kind, the size of the graph, the fraction of its items that
pass and the beam. It is the same for any build with the same seed. The seconds per distance are measured beside it, so
they are not; they are rounded, so that they differ little.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.jit import part

BASE, RULE, UNITED, ATTRIBUTE = range(4)
"""The kinds of walk: of the graph of all items, of that by NaviX's rule, of the graphs of several labels and ranges
together, and from `ATTRIBUTE` on, for one attribute after the other, of the graph of one of its labels or ranges."""

LADDER = (10, 20, 40, 80, 160, 320, 640, 1280)
"""The beams that are measured."""

FRACTIONS = (0.03, 0.1, 0.3, 0.6, 1.0)
"""The fractions of passing items that are measured; for a union, of the items of one part."""

DEPTHS = (10, 100)
"""The numbers of answers that recall is measured for."""

MARGIN = 0.9
"""The part of what a recall may miss that is aimed at, as the queries to come differ from those that were measured."""


class CostTable(NamedTuple):
    """What a build counted; NaN where nothing was measured, for beams of which scans are cheaper too.

    Attributes:
        sizes: float64[kinds, s], the sizes of graphs, ascending.
        recall: float32[kinds, s, FRACTIONS, DEPTHS, LADDER], the mean recall, less its standard error.
        distances: float32[kinds, s, FRACTIONS, LADDER], the mean number of distances.
    """

    sizes: NDArray[np.float64]
    recall: NDArray[np.float32]
    distances: NDArray[np.float32]


@dataclass(frozen=True)
class Units:
    """Seconds, as measured by the build.

    Attributes:
        walk: per distance of a walk with all that goes with it, by the kind of walk and the fraction that passes.
        scan: per item measured for one query.
        product: per item measured in a product of matrices, and query; infinite where items are codes.
        gather: per item whose vector is copied for such a product.
        call: of such a product, whatever its size.
    """

    walk: list[list[float]]
    scan: float
    product: float
    gather: float
    call: float


class Prices(NamedTuple):
    """What a search pays, for its target of recall and its number of answers; logarithms are to the base 2.

    Attributes:
        sizes: float64[kinds, s], logarithms of the sizes of graphs.
        fractions: float64[f], logarithms of the fractions of passing items.
        beams: float64[kinds, s, f], logarithms of the narrowest beams that reach the target; infinite where none does.
        seconds: float64[kinds, s, f], logarithms of what these walks take.
        walk: float64[kinds], the least seconds per distance of a walk, see `Units`.
        scan: see `Units`.
        product: see `Units`.
        gather: see `Units`.
        call: see `Units`.
    """

    sizes: NDArray[np.float64]
    fractions: NDArray[np.float64]
    beams: NDArray[np.float64]
    seconds: NDArray[np.float64]
    walk: NDArray[np.float64]
    scan: float
    product: float
    gather: float
    call: float


def rounded(seconds: float) -> float:
    """Return the nearest power of the fourth root of 2."""
    return float(2.0 ** (round(4 * math.log2(max(seconds, 1e-12))) / 4))


def prices_of(table: CostTable, units: Units, recall: float, k: int) -> Prices:
    """Read from a table what reaching a recall takes for k answers.

    Recall between two numbers of answers is interpolated by their logarithms. More answers than the most that were
    measured take a beam that is as many times as wide.
    """
    aim = 1 - (1 - recall) * MARGIN
    beams, distances = np.full((2, *table.distances.shape[:3]), np.inf)
    wider = max(1.0, k / DEPTHS[-1])
    between = float(np.clip(math.log(k / DEPTHS[0]) / math.log(DEPTHS[1] / DEPTHS[0]), 0, 1))
    for cell in np.ndindex(beams.shape):
        curve = (1 - between) * table.recall[cell][0] + between * table.recall[cell][1]
        beams[cell], distances[cell] = _least(curve, table.distances[cell], aim)
    beams, distances = (_filled(values) + math.log2(wider) for values in (beams, distances))
    seconds = distances + np.log2(units.walk)[:, None, :]
    return Prices(
        sizes=np.log2(table.sizes),
        fractions=np.log2(FRACTIONS),
        beams=np.maximum(beams, math.log2(k)),
        seconds=seconds,
        walk=np.min(units.walk, axis=1),
        scan=units.scan,
        product=units.product,
        gather=units.gather,
        call=units.call,
    )


def _least(curve: NDArray[np.float32], distances: NDArray[np.float32], recall: float) -> tuple[float, float]:
    """Return logarithms of the narrowest beam that reaches a recall, and of its distances.

    They are infinite where no beam reaches it, and NaN where those that were measured do not.
    """
    reached = np.maximum.accumulate(curve)
    at = int(np.searchsorted(reached, recall))
    if at == len(curve):
        return math.inf, math.inf
    if np.isnan(reached[at]):
        return math.nan, math.nan
    beams, costs = np.log2(LADDER), np.log2(np.maximum(distances, 1))
    if at == 0:
        return float(beams[0]), float(costs[0])
    part = (recall - reached[at - 1]) / (reached[at] - reached[at - 1])
    return tuple(float(values[at - 1] + part * (values[at] - values[at - 1])) for values in (beams, costs))  # type: ignore[return-value]


def _filled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values of [kinds, sizes, fractions] with those of the nearest size that was measured in place of NaN.

    They are infinite where no size was.
    """
    filled = np.full_like(values, np.inf)
    for kind, size, fraction in np.ndindex(values.shape):
        column = values[kind, :, fraction]
        measured = np.flatnonzero(~np.isnan(column))
        if len(measured):
            filled[kind, size, fraction] = column[measured[np.argmin(np.abs(measured - size))]]
    return filled


@part
def _place(grid: NDArray[np.float64], value: float) -> tuple[int, float]:
    """Return the interval of an ascending grid that holds a value, and how far into it the value is, from 0 to 1."""
    at = 0
    while at < len(grid) - 2 and grid[at + 1] <= value:
        at += 1
    if len(grid) == 1 or grid[at + 1] <= grid[at]:
        return at, 0.0
    return at, min(max((value - grid[at]) / (grid[at + 1] - grid[at]), 0.0), 1.0)


@part
def price(prices: Prices, kind: int, size: int, fraction: float) -> tuple[float, float]:
    """Return the beam and the seconds of a walk in a graph of `size` > 0 items of which a fraction > 0 passes."""
    s, across = _place(prices.sizes[kind], math.log2(size))
    f, up = _place(prices.fractions, math.log2(fraction))
    beam = seconds = 0.0
    for i in range(2):
        for j in range(2):
            weight = (across if i else 1 - across) * (up if j else 1 - up)
            if weight > 0:
                beam += weight * prices.beams[kind, s + i, f + j]
                seconds += weight * prices.seconds[kind, s + i, f + j]
    return 2.0**beam, 2.0**seconds
