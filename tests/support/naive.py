"""Slow and obvious versions of everything that the harness does fast; tests compare the two.

Items are dictionaries of plain Python values, None where missing; vectors are ranked in float64, one by one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.columns import Boolean, Categorical, Ordered, Sets
from bench.core.filters import And, Between, Contains, Equals, Everything, Filter, In, IsNull, Not, Or
from bench.core.leaf import Leaf
from bench.core.metrics import Metric

Item = dict[str, Any]

TESTS: dict[type[Leaf], Callable[[Any, Any], bool]] = {
    Equals: lambda leaf, value: value == leaf.value,
    Between: lambda leaf, value: above(leaf, value) and below(leaf, value),
    Contains: lambda leaf, value: leaf.value in value,
    In: lambda leaf, value: any(one in leaf.choices for one in (value if isinstance(value, set) else [value])),
    IsNull: lambda leaf, value: False,
}
"""Whether a value that is not missing passes a leaf: a line per class of leaf."""


def above(leaf: Between, value: Any) -> bool:
    """Return whether a value respects the low end of a range."""
    return leaf.low is None or value > leaf.low or (value == leaf.low and leaf.ends[0] == "[")


def below(leaf: Between, value: Any) -> bool:
    """Return whether a value respects the high end of a range."""
    return leaf.high is None or value < leaf.high or (value == leaf.high and leaf.ends[1] == "]")


def passes(filter_: Filter, item: Item) -> bool:
    """Return whether an item passes a filter; an empty set is missing."""
    match filter_:
        case Everything():
            return True
        case Leaf(name):
            missing = item[name] is None or item[name] == set()
            return isinstance(filter_, IsNull) if missing else TESTS[type(filter_)](filter_, item[name])
        case And(parts):
            return all(passes(part, item) for part in parts)
        case Or(parts):
            return any(passes(part, item) for part in parts)
        case Not(part):
            return not passes(part, item)


def items_of(attributes: Attributes) -> list[Item]:
    """Return every item as a dictionary."""
    columns = {name: values_of(attributes[name]) for name in attributes.kinds}
    return [{name: values[i] for name, values in columns.items()} for i in range(attributes.n)]


def values_of(column: Categorical | Ordered | Boolean | Sets) -> list[Any]:
    """Return a column as plain values; a missing set is empty."""
    match column:
        case Categorical(codes, vocabulary):
            return [vocabulary[code] if code >= 0 else None for code in codes]
        case Sets(offsets, codes, vocabulary):
            return [{vocabulary[code] for code in codes[a:b]} for a, b in pairwise(offsets)]
        case Ordered(values, present) | Boolean(values, present):
            return [value.item() if is_present else None for value, is_present in zip(values, present, strict=True)]


def distance(x: NDArray[np.float64], q: NDArray[np.float64], metric: Metric) -> float:
    """Return the distance between an item and a query, as `bench.core.metrics` defines it."""
    match metric:
        case Metric.L2:
            return float(((x - q) ** 2).sum())
        case Metric.HAMMING:
            return float((x != q).sum())
        case Metric.IP:
            return float(-2 * (x @ q))
        case Metric.COSINE:
            lengths = math.hypot(*x) * math.hypot(*q)
            return 2 - 2 * float(x @ q) / lengths if lengths else 2.0


def nearest(
    vectors: NDArray[Any],
    queries: NDArray[np.float32],
    filters: Sequence[Filter],
    attributes: Attributes,
    k: int,
    metric: Metric = Metric.L2,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Return ids [q, k], distances [q, k] and matches [q]; ties by id, padded with -1 and infinity."""
    items = items_of(attributes)
    ids = np.full((len(queries), k), -1, np.int64)
    distances = np.full((len(queries), k), np.inf)
    matches = np.zeros(len(queries), np.int64)
    for q, (query, filter_) in enumerate(zip(queries, filters, strict=True)):
        passing = [i for i, item in enumerate(items) if passes(filter_, item)]
        each = [distance(vectors[i].astype(np.float64), query.astype(np.float64), metric) for i in passing]
        best = sorted(zip(each, passing, strict=True))[:k]
        matches[q] = len(passing)
        ids[q, : len(best)] = [i for _, i in best]
        distances[q, : len(best)] = [d for d, _ in best]
    return ids, distances, matches
