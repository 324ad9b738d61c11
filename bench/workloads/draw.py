"""Drawing the values of filters from the items' own attributes, one filter per anchor: an item that passes it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bench.core.attributes import Categorical, Column, Kind, Ordered, Sets
from bench.core.errors import BenchError
from bench.core.filters import Between, Contains, Equals, Filter


def _present(column: Column, rng: np.random.Generator, anchors: np.ndarray) -> np.ndarray:
    """Return `anchors`, those without a value replaced by random items that have one."""
    match column:
        case Categorical():
            present = column.codes >= 0
        case Sets():
            present = np.diff(column.offsets) > 0
        case _:
            present = column.present
    having = np.flatnonzero(present)
    if not len(having):
        raise BenchError("workload.expression tests an attribute that is missing in every item")
    return np.where(present[anchors], anchors, having[rng.integers(len(having), size=len(anchors))])


def _equals(name: str, column: Column, rng: np.random.Generator, anchors: np.ndarray) -> list[Filter]:
    items = _present(column, rng, anchors)
    if isinstance(column, Categorical):
        return [Equals(name, column.vocabulary[code]) for code in column.codes[items]]
    assert not isinstance(column, Sets)
    return [Equals(name, value.item()) for value in column.values[items]]


def _between(name: str, column: Column, rng: np.random.Generator, anchors: np.ndarray) -> list[Filter]:
    """Draw ranges between the anchor's value and that of another random item."""
    assert isinstance(column, Ordered)
    items = _present(column, rng, anchors)
    others = _present(column, rng, rng.integers(len(column), size=len(anchors)))
    ends = np.sort(np.stack([column.values[items], column.values[others]]), axis=0)
    return [Between(name, low.item(), high.item()) for low, high in ends.T]


def _contains(name: str, column: Column, rng: np.random.Generator, anchors: np.ndarray) -> list[Filter]:
    assert isinstance(column, Sets)
    items = _present(column, rng, anchors)
    starts, lengths = column.offsets[items], np.diff(column.offsets)[items]
    codes = column.codes[starts + rng.integers(lengths)]
    return [Contains(name, column.vocabulary[code]) for code in codes]


LEAVES: dict[str, tuple[Callable[..., list[Filter]], tuple[Kind, ...]]] = {
    "equals": (_equals, (Kind.CATEGORICAL, Kind.ORDERED, Kind.BOOLEAN)),
    "between": (_between, (Kind.ORDERED,)),
    "contains": (_contains, (Kind.SET,)),
}
"""How each operator draws its filters, and the kinds of attribute that it tests."""
