"""Choosing a plan for a filter: the cheapest of those that can answer it, by what walks and scans are taken to cost."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.composite.costs import BASE, LADDER, RULE, UNITED, Prices, price
from algorithms.composite.cover import UNMASKED, Filters
from algorithms.composite.encoding import ALL
from algorithms.kernels.jit import kernel, part

PLANS = ("scan", "scan_together", "covered", "cover_and_rest", "union", "general", "post")
SCAN, TOGETHER, COVERED, REST, UNION, GENERAL, POST = range(len(PLANS))

CHEAPEST = -1
"""In place of a plan that is asked for by name."""

UNLIMITED = 2**62
"""How many neighbours a walk may be offered that is not to give up."""


class Choices(NamedTuple):
    """What is done for each distinct filter.

    Attributes:
        plans: int64[u], of `PLANS`.
        beams: int64[u], how many results a walk keeps.
        most: int64[u], how many neighbours it may be offered before it gives up, and all that passes is measured.
        seconds: float64[u], what the plan is taken to cost.
    """

    plans: NDArray[np.int64]
    beams: NDArray[np.int64]
    most: NDArray[np.int64]
    seconds: NDArray[np.float64]


def no_choices(filters: int) -> Choices:
    """Return choices for a number of filters, to be written."""
    plans, beams, most = np.zeros((3, filters), np.int64)
    return Choices(plans, beams, most, np.zeros(filters))


@kernel
def choose(
    prices: Prices, filters: Filters, groups: NDArray[np.int64], k: int, asked: int, scale: float, choices: Choices
) -> None:
    """Write the choice for each filter.

    Args:
        prices: for k answers.
        filters: the distinct filters.
        groups: int64[u], how many queries have each.
        k: how many answers.
        asked: the plan to take where it can answer the filter, without giving up; or `CHEAPEST`.
        scale: how many times as wide as the table says beams are.
        choices: written.
    """
    for f in range(len(groups)):
        matches = filters.matches[f]
        best, cheapest, beam = SCAN, matches * prices.scan, float(k)
        for plan in range(len(PLANS)):
            if matches == 0 or not _can_answer(prices, filters, f, plan):
                continue
            width, seconds = _cost(prices, filters, f, groups[f], plan, k)
            if plan == asked or (seconds < cheapest and best != asked):
                best, cheapest, beam = plan, seconds, width
        choices.plans[f], choices.seconds[f] = best, cheapest
        widest = LADDER[-1] if math.isinf(beam) else beam
        choices.beams[f] = max(k, math.ceil(min(widest * scale, 2.0**30)))
        per_distance = prices.walk[_kind(filters, f, best)]
        choices.most[f] = UNLIMITED if best == asked else int(matches * prices.scan / per_distance)


@part
def _can_answer(prices: Prices, filters: Filters, f: int, plan: int) -> bool:
    """Return whether a plan answers a filter."""
    terms = filters.starts[f + 1] - filters.starts[f]
    is_covered = filters.terms[filters.starts[f], 0] != ALL
    if plan == TOGETHER:
        return not math.isinf(prices.product)
    if plan == COVERED:
        return is_covered and filters.exact[f] and terms == 1
    if plan == UNION:
        return is_covered and filters.exact[f] and terms > 1
    if plan == REST:
        return is_covered and not filters.exact[f]
    if plan == GENERAL:
        return filters.rows[f] != UNMASKED
    if plan == POST:
        return filters.rows[f] != UNMASKED or not is_covered
    return True


@part
def _kind(filters: Filters, f: int, plan: int) -> int:
    """Return what kind of walk a plan is."""
    if plan == GENERAL:
        return RULE
    if plan == UNION:
        return UNITED
    return BASE if plan == POST else filters.kinds[f]


@part
def _cost(prices: Prices, filters: Filters, f: int, group: int, plan: int, k: int) -> tuple[float, float]:
    """Return the beam and the seconds per query of a plan."""
    matches = filters.matches[f]
    if plan == SCAN:
        return float(k), matches * prices.scan
    if plan == TOGETHER:
        return float(k), matches * (prices.product + prices.gather / group) + prices.call / group
    n = filters.terms[0, 3] + 1
    size = min(filters.sizes[f], n) if plan in (COVERED, UNION, REST) else n
    if plan == UNION:
        return price(prices, UNITED, size, 1 / filters.parts[f])
    beam, seconds = price(prices, _kind(filters, f, plan), size, min(1.0, matches / size))
    parts = filters.parts[f] if plan == REST else 1.0
    return parts * beam, parts * seconds
