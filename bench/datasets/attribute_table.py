"""What is worth knowing of attributes at a glance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from bench.core.attributes import Attributes, Boolean, Categorical, Ordered, Sets


def attribute_figures(attributes: Attributes) -> pd.DataFrame:
    """Return per attribute: its kind, how many values are missing, how many are distinct, and the commonest."""
    return pd.DataFrame(
        [
            {"attribute": name, "kind": str(kind), **_figures(attributes[name])}
            for name, kind in attributes.kinds.items()
        ]
    )


def _figures(column: Categorical | Ordered | Boolean | Sets) -> dict[str, object]:
    match column:
        case Categorical(codes, vocabulary):
            values, missing = codes[codes >= 0].astype(np.int64), int((codes < 0).sum())
            name: Callable[[Any], str] = vocabulary.__getitem__
        case Sets(_, codes, vocabulary):
            values, missing = codes.astype(np.int64), int((np.diff(column.offsets) == 0).sum())
            name = vocabulary.__getitem__
        case Ordered() | Boolean():
            values, missing = column.values[column.present].astype(np.int64), int((~column.present).sum())
            name = str if isinstance(column, Ordered) else lambda value: str(bool(value))
    distinct, counts = np.unique(values, return_counts=True)
    top = counts.argsort()[::-1][:3]
    commonest = ", ".join(f"{name(distinct[t])} ({counts[t] / len(column):.1%})" for t in top)
    return {"missing": missing, "distinct": len(distinct), "commonest": commonest}
