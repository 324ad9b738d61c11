"""Synthetic attributes whose filters pass a given fraction of the items, independent of the vectors.

They isolate selectivity from everything else (paper, selectivity experiments). They are the control for real
attributes, which correlate with the vectors.
"""

from __future__ import annotations

import numpy as np

from bench.core.attributes import Attributes
from bench.core.columns import Categorical, Ordered, Sets
from bench.core.errors import BenchError
from bench.core.filters import Between, Contains, Equals, Filter
from bench.core.leaf import FilterType

ATTRIBUTE = "synthetic"
_LABELS = 10


def draw_controlled(
    filter_type: FilterType, selectivity: float, n: int, queries: int, seed: int
) -> tuple[Attributes, list[Filter]]:
    """Return attributes of `n` items and one filter per query, each passing round(selectivity * n) items, at least 1.

    EM: as many values as fit, each on that many random items; the remaining items have a value that no filter tests.
    R: the items in random order, and a window at a random position. EMIS: ten labels, each on that many random items,
    drawn independently.

    Raises:
        BenchError: the filter type is not EM, R or EMIS.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    passing = max(1, round(selectivity * n))
    match filter_type:
        case FilterType.EM:
            tested = n // passing
            codes = np.full(n, tested, np.int32)
            codes[: tested * passing] = np.repeat(np.arange(tested, dtype=np.int32), passing)
            names = _names(tested + 1)
            column = Categorical(rng.permutation(codes), names)
            values = rng.integers(tested, size=queries)
            return Attributes(n, {ATTRIBUTE: column}), [Equals(ATTRIBUTE, names[v]) for v in values]
        case FilterType.R:
            order = Ordered(rng.permutation(n), np.ones(n, np.bool_))
            lows = rng.integers(n - passing + 1, size=queries).tolist()
            return Attributes(n, {ATTRIBUTE: order}), [Between(ATTRIBUTE, low, low + passing - 1) for low in lows]
        case FilterType.EMIS:
            items = np.concatenate([rng.choice(n, passing, replace=False) for _ in range(_LABELS)])
            labels = np.repeat(np.arange(_LABELS, dtype=np.int32), passing)
            by_item = np.lexsort((labels, items))
            offsets = np.zeros(n + 1, np.int64)
            np.cumsum(np.bincount(items, minlength=n), out=offsets[1:])
            names = _names(_LABELS)
            sets = Sets(offsets, labels[by_item], names)
            values = rng.integers(_LABELS, size=queries)
            return Attributes(n, {ATTRIBUTE: sets}), [Contains(ATTRIBUTE, names[v]) for v in values]
    raise BenchError(f"workload.filter_type={filter_type}: selectivity can be controlled for EM, R and EMIS only")


def _names(count: int) -> tuple[str, ...]:
    """Return `count` labels that sort as strings in the order of their numbers."""
    width = len(str(count - 1))
    return tuple(f"v{i:0{width}}" for i in range(count))
