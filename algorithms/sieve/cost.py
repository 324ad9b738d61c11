"""What SIEVE takes a search to cost, in units of which a walk without a filter takes log(n) for each place of its beam.

The same two formulas choose graphs while building, and plans while searching.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from algorithms.kernels.jit import part


class CostModel(NamedTuple):
    """The two constants.

    Attributes:
        gamma: the cost of measuring an item.
        cor: how much of the inverse selectivity a walk pays for: 0 nothing, as if all that is near passes; 1 all of it.
    """

    gamma: float
    cor: float


@part
def cost_of_walk(model: CostModel, size: int, matches: int, ef: int) -> float:
    """Return the cost of walking a graph of `size` items, of which `matches` > 0 pass, with a beam of `ef`."""
    return math.log(size) * ef * (size / matches) ** model.cor


@part
def cost_of_scan(model: CostModel, matches: int) -> float:
    """Return the cost of measuring all that pass."""
    return model.gamma * matches


@part
def prefers_scan(model: CostModel, size: int, matches: int, ef: int) -> bool:
    """Return whether to measure all that pass: where it costs no more than a walk, or where the beam holds them all."""
    return matches <= ef or cost_of_scan(model, matches) <= cost_of_walk(model, size, matches, ef)
