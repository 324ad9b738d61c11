"""Synthetic attributes whose filters pass a given fraction of the items.

Those that are independent of the vectors isolate selectivity from everything else (paper, selectivity experiments).
They are the control for real attributes, which correlate with the vectors. Those that follow the vectors isolate
correlation: filters of one selectivity then pass what is near a query, or what is anywhere.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.columns import Categorical, Column, Ordered, Sets
from bench.core.errors import BenchError
from bench.core.filters import And, Between, Contains, Equals, Filter, Not, Or
from bench.core.leaf import FilterType

ATTRIBUTE = "synthetic"
_LABELS = 10
_TYPES = (FilterType.EM, FilterType.R, FilterType.EMIS)

Shape = Any
"""A filter type, EM, R or EMIS; or ``{and: [shapes]}``, ``{or: [shapes]}`` or ``{not: shape}``."""


class Placed(NamedTuple):
    """What makes attributes follow the vectors, and filters pass what is near some item.

    Attributes:
        order: int64[n], all items, with near ones close to each other.
        anchors: int64[queries], an item for each filter, which passes it and what is near it.
    """

    order: NDArray[np.int64]
    anchors: NDArray[np.int64]


def draw_controlled(
    shape: Shape, selectivity: float, n: int, queries: int, seed: int, placed: Placed | None = None
) -> tuple[Attributes, list[Filter]]:
    """Return attributes of `n` items and one filter of a shape per query, each passing a given fraction of the items.

    A single filter passes round(selectivity * n) items, at least 1. The parts of a shape have attributes of their own,
    independent of each other, and equal selectivities of which the shape's follows; it holds on average.

    EM: as many values as fit, each on that many random items; the remaining items have a value that no filter tests.
    R: the items in random order, and a window at a random position. EMIS: ten labels, each on that many random items,
    drawn independently.

    If attributes are `placed`, that of the first part follows the vectors, so that the parts stay independent of each
    other. EM: a value has consecutive items of the order; R: the items have that order, and the window is around the
    anchor; EMIS: labels are on windows of the order, ten or more until they cover all items, and the one around the
    anchor is tested. Below `not`, the item halfway around the order takes the place of the anchor, which then passes.

    Args:
        shape: of all filters.
        selectivity: the fraction of items that pass, in (0, 1].
        n: the number of items.
        queries: the number of filters.
        seed: of everything that is drawn.
        placed: the order of the items and the anchors; None for attributes that are independent of the vectors.

    Raises:
        BenchError: the shape cannot be read.
    """
    types = _leaves(shape)
    names = [ATTRIBUTE] if len(types) == 1 else [f"{ATTRIBUTE}_{i}" for i in range(1, len(types) + 1)]
    columns: dict[str, Column] = {}

    def draw(part: Shape, fraction: float, *, negated: bool = False) -> list[Filter]:
        if not isinstance(part, dict):
            name, passing = names[len(columns)], max(1, round(fraction * n))
            if placed is not None and not columns:
                columns[name], filters = _place_one(FilterType(part), name, passing, placed, negated=negated)
                return filters
            rng = np.random.Generator(np.random.Philox([seed, len(columns)] if columns else seed))
            columns[name], filters = _draw_one(FilterType(part), name, passing, n, queries, rng)
            return filters
        ((operator, operand),) = part.items()
        if operator == "not":
            return [Not(each) for each in draw(operand, 1 - fraction, negated=not negated)]
        root = 1 / len(operand)
        each = fraction**root if operator == "and" else 1 - (1 - fraction) ** root
        join = And if operator == "and" else Or
        return [join(parts) for parts in zip(*(draw(inner, each, negated=negated) for inner in operand), strict=True)]

    filters = draw(shape, selectivity)
    return Attributes(n, columns), filters


def _leaves(shape: Shape) -> list[FilterType]:
    """Return the filter types of a shape in order.

    Raises:
        BenchError: it cannot be read.
    """
    if isinstance(shape, str) and shape in _TYPES:
        return [FilterType(shape)]
    if isinstance(shape, dict) and len(shape) == 1:
        ((operator, operand),) = shape.items()
        if operator == "not":
            return _leaves(operand)
        if operator in ("and", "or") and isinstance(operand, list) and operand:
            return [leaf for part in operand for leaf in _leaves(part)]
    raise BenchError(
        f"workload.shape={shape}: selectivity can be controlled for EM, R and EMIS, and for and, or and not of them, "
        "as {and: [EM, R]}"
    )


def _draw_one(
    filter_type: FilterType, name: str, passing: int, n: int, queries: int, rng: np.random.Generator
) -> tuple[Column, list[Filter]]:
    """Return an attribute of `n` items and filters of EM, R or EMIS, each passing `passing` items."""
    match filter_type:
        case FilterType.EM:
            tested = n // passing
            codes = np.full(n, tested, np.int32)
            codes[: tested * passing] = np.repeat(np.arange(tested, dtype=np.int32), passing)
            names = _names(tested + 1)
            column = Categorical(rng.permutation(codes), names)
            values = rng.integers(tested, size=queries)
            return column, [Equals(name, names[v]) for v in values]
        case FilterType.R:
            order = Ordered(rng.permutation(n), np.ones(n, np.bool_))
            lows = rng.integers(n - passing + 1, size=queries).tolist()
            return order, [Between(name, low, low + passing - 1) for low in lows]
        case _:
            sets = _sets([rng.choice(n, passing, replace=False) for _ in range(_LABELS)], n)
            values = rng.integers(_LABELS, size=queries)
            return sets, [Contains(name, sets.vocabulary[v]) for v in values]


def _place_one(
    filter_type: FilterType, name: str, passing: int, placed: Placed, *, negated: bool
) -> tuple[Column, list[Filter]]:
    """Return an attribute of EM, R or EMIS that follows the vectors, and filters that pass what is near the anchors."""
    n = len(placed.order)
    ranks = np.empty(n, np.int64)
    ranks[placed.order] = np.arange(n)
    at = ranks[placed.anchors]
    if negated:
        at = (at + n // 2) % n
    match filter_type:
        case FilterType.EM:
            tested = n // passing
            names = _names(tested + 1)
            column = Categorical(np.minimum(ranks // passing, tested).astype(np.int32), names)
            return column, [Equals(name, names[v]) for v in np.minimum(at // passing, tested - 1)]
        case FilterType.R:
            lows = np.clip(at - passing // 2, 0, n - passing).tolist()
            return Ordered(ranks, np.ones(n, np.bool_)), [Between(name, low, low + passing - 1) for low in lows]
        case _:
            starts = np.linspace(0, n - passing, max(_LABELS, -(-n // passing))).round().astype(np.int64)
            sets = _sets([placed.order[start : start + passing] for start in starts], n)
            # The window with the anchor nearest to its centre; of two, the second, as an even one reaches farther back.
            centres = starts + passing // 2
            after = np.clip(np.searchsorted(centres, at), 1, len(centres) - 1)
            values = np.where(at - centres[after - 1] < centres[after] - at, after - 1, after)
            return sets, [Contains(name, sets.vocabulary[v]) for v in values]


def _sets(items_of: list[NDArray[np.int64]], n: int) -> Sets:
    """Return an attribute of `n` items, given those of each label."""
    names = _names(len(items_of))
    items = np.concatenate(items_of)
    labels = np.repeat(np.arange(len(items_of), dtype=np.int32), list(map(len, items_of)))
    offsets = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(items, minlength=n), out=offsets[1:])
    return Sets(offsets, labels[np.lexsort((labels, items))], names)


def _names(count: int) -> tuple[str, ...]:
    """Return `count` labels that sort as strings in the order of their numbers."""
    width = len(str(count - 1))
    return tuple(f"v{i:0{width}}" for i in range(count))
