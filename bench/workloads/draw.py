"""Drawing filters of one shape, with values from the items' own attributes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.errors import BenchError, suggestion
from bench.core.filter_json import decoded
from bench.core.filters import And, Everything, Filter, Not, Or
from bench.core.fitting import fit
from bench.core.leaf import LEAVES, draw_leaf

_JOINS: dict[str, Callable[[tuple[Filter, ...]], Filter]] = {"and": And, "or": Or}


def draw_filters(expression: Any, attributes: Attributes, rng: Generator, anchors: NDArray[np.int64]) -> list[Filter]:
    """Return one filter per anchor, an item; see `bench.workloads.sources.SampledWorkload` for expressions.

    Leaves joined by `and` at the top take their values from the anchor, which therefore passes them; below `or` and
    `not`, each branch takes them from a random item of its own. Under `mixed`, expressions take turns.

    Args:
        expression: the shape of the filters.
        attributes: those of the items.
        rng: the source of randomness.
        anchors: int64[q], ids of items.

    Raises:
        BenchError: the expression cannot be read, or does not fit the attributes.
    """
    if isinstance(expression, dict) and set(expression) == {"mixed"}:
        parts = _parts(expression["mixed"])
        filters: list[Filter] = [Everything()] * len(anchors)
        for i, part in enumerate(parts):
            filters[i :: len(parts)] = draw_filters(part, attributes, rng, anchors[i :: len(parts)])
        return filters
    if not isinstance(expression, dict) or set(expression) != {"and"}:
        return _draw(expression, attributes, rng, anchors)
    drawn = [_draw(part, attributes, rng, anchors) for part in _parts(expression["and"])]
    return drawn[0] if len(drawn) == 1 else [And(parts) for parts in zip(*drawn, strict=True)]


def _draw(tree: Any, attributes: Attributes, rng: Generator, anchors: NDArray[np.int64]) -> list[Filter]:
    """Return one filter per anchor for a subtree."""
    if not isinstance(tree, dict) or len(tree) != 1:
        raise BenchError(f"workload.expression: {tree!r} should be one operator with its operand, as {{equals: name}}")

    def draw_apart(part: Any) -> list[Filter]:
        return _draw(part, attributes, rng, rng.integers(attributes.n, size=len(anchors)))

    ((operator, operand),) = tree.items()
    if operator in _JOINS:
        drawn = [draw_apart(part) for part in _parts(operand)]
        return [_JOINS[operator](parts) for parts in zip(*drawn, strict=True)]
    if operator == "not":
        return [Not(part) for part in draw_apart(operand)]
    if operator not in LEAVES:
        raise BenchError(
            f"workload.expression: no operator '{operator}'{suggestion(operator, [*LEAVES, *_JOINS, 'not'])}"
        )
    if isinstance(operand, list):
        return [_stated(operator, operand, attributes)] * len(anchors)
    attribute = str(operand)
    return list(draw_leaf(LEAVES[operator], attribute, attributes[attribute], rng, anchors))


def _stated(operator: str, operands: list[Any], attributes: Attributes) -> Filter:
    """Return the leaf of an attribute and the values that the expression states."""
    try:
        leaf = decoded({operator: operands})
    except (ValueError, TypeError) as error:
        raise BenchError(f"workload.expression: {{{operator}: {operands}}} is not a filter: {error}") from error
    return fit(leaf, attributes)


def _parts(operand: Any) -> list[Any]:
    if not isinstance(operand, list) or not operand:
        raise BenchError(f"workload.expression: 'and', 'or' and 'mixed' take a list of expressions, not {operand!r}")
    return operand
