"""Synthetic attributes whose filters pass a given fraction of the items, independent of the vectors.

They isolate selectivity from everything else (paper, selectivity experiments). They are the control for real
attributes, which correlate with the vectors.
"""

from __future__ import annotations

from typing import Any

import numpy as np

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


def draw_controlled(
    shape: Shape, selectivity: float, n: int, queries: int, seed: int
) -> tuple[Attributes, list[Filter]]:
    """Return attributes of `n` items and one filter of a shape per query, each passing a given fraction of the items.

    A single filter passes round(selectivity * n) items, at least 1. The parts of a shape have attributes of their own,
    independent of each other, and equal selectivities of which the shape's follows; it holds on average.

    EM: as many values as fit, each on that many random items; the remaining items have a value that no filter tests.
    R: the items in random order, and a window at a random position. EMIS: ten labels, each on that many random items,
    drawn independently.

    Args:
        shape: of all filters.
        selectivity: the fraction of items that pass, in (0, 1].
        n: the number of items.
        queries: the number of filters.
        seed: of everything that is drawn.

    Raises:
        BenchError: the shape cannot be read.
    """
    types = _leaves(shape)
    names = [ATTRIBUTE] if len(types) == 1 else [f"{ATTRIBUTE}_{i}" for i in range(1, len(types) + 1)]
    columns: dict[str, Column] = {}

    def draw(part: Shape, fraction: float) -> list[Filter]:
        if not isinstance(part, dict):
            name = names[len(columns)]
            rng = np.random.Generator(np.random.Philox([seed, len(columns)] if columns else seed))
            columns[name], filters = _draw_one(FilterType(part), name, max(1, round(fraction * n)), n, queries, rng)
            return filters
        ((operator, operand),) = part.items()
        if operator == "not":
            return [Not(each) for each in draw(operand, 1 - fraction)]
        root = 1 / len(operand)
        each = fraction**root if operator == "and" else 1 - (1 - fraction) ** root
        join = And if operator == "and" else Or
        return [join(parts) for parts in zip(*(draw(inner, each) for inner in operand), strict=True)]

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
            items = np.concatenate([rng.choice(n, passing, replace=False) for _ in range(_LABELS)])
            labels = np.repeat(np.arange(_LABELS, dtype=np.int32), passing)
            by_item = np.lexsort((labels, items))
            offsets = np.zeros(n + 1, np.int64)
            np.cumsum(np.bincount(items, minlength=n), out=offsets[1:])
            names = _names(_LABELS)
            sets = Sets(offsets, labels[by_item], names)
            values = rng.integers(_LABELS, size=queries)
            return sets, [Contains(name, names[v]) for v in values]


def _names(count: int) -> tuple[str, ...]:
    """Return `count` labels that sort as strings in the order of their numbers."""
    width = len(str(count - 1))
    return tuple(f"v{i:0{width}}" for i in range(count))
