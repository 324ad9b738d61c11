"""Values of attributes: how often each occurs, and a summary of all attributes as a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.columns import Boolean, Categorical, Column, Ordered, Sets
from bench.core.errors import BenchError

_COMMONEST = 3


def summarise_attributes(attributes: Attributes) -> pd.DataFrame:
    """Return a row per attribute: kind, number of missing and of distinct values, and the commonest values.

    Of an attribute that filters cannot test, it says why.
    """
    rows: list[dict[str, Any]] = []
    for name, column in attributes.columns():
        if isinstance(column, BenchError):
            rows.append({"attribute": name, "kind": "-", "missing": "", "distinct": "", "commonest": str(column)})
            continue
        n, (present, counts) = attributes.n, value_counts(column)
        occurring = {value: count for value, count in counts.items() if count}
        commonest = ", ".join(
            f"{column.given(value)} ({count / n:.1%})" for value, count in most_common(occurring, _COMMONEST)
        )
        rows.append({"attribute": name, "kind": str(column.kind), "missing": n - present, "distinct": len(occurring),
                     "commonest": commonest})  # fmt: skip
    return pd.DataFrame(rows)


def value_counts(column: Column) -> tuple[int, dict[Any, int]]:
    """Return how many items have a value, and how many items have each value.

    A set counts for each of its words. Strings and numbers ascend. A word of the vocabulary, or a truth value, may have
    a count of zero.
    """
    match column:
        case Categorical(codes, vocabulary):
            return int((codes >= 0).sum()), _count(codes[codes >= 0], vocabulary)
        case Sets(offsets, codes, vocabulary):
            return int((np.diff(offsets) > 0).sum()), _count(codes, vocabulary)
        case Boolean(values, present):
            true = int(values[present].sum())
            return int(present.sum()), {True: true, False: int(present.sum()) - true}
        case Ordered(values, present):
            distinct, counts = np.unique(values[present], return_counts=True)
            return int(present.sum()), dict(zip(distinct.tolist(), counts.tolist(), strict=True))


def most_common(counts: dict[Any, int], number: int) -> list[tuple[Any, int]]:
    """Return the most frequent values with their counts, of equally frequent ones the first in `counts`."""
    return sorted(counts.items(), key=lambda entry: -entry[1])[:number]


def _count(codes: NDArray[np.int32], vocabulary: tuple[Any, ...]) -> dict[Any, int]:
    return dict(zip(vocabulary, np.bincount(codes, minlength=len(vocabulary)).tolist(), strict=True))
