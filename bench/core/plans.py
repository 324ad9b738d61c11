"""The plans by which a method answered the queries of a search, where it chooses among several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_PLANS = 256
"""How many distinct plans a search may have."""

LONGEST_NAME = 80
"""How many characters the name of a plan may have."""

MOST_SECONDS = 1e9
"""The greatest estimate."""


@dataclass(frozen=True)
class QueryPlans:
    """The plan of every query of one search.

    Attributes:
        names: the distinct plans, at most `MOST_PLANS`.
        index: integer[q], the position in `names` of the plan of each query.
        estimates: float32[q], the seconds that the method expected each query to take; NaN where it has no estimate.
    """

    names: tuple[str, ...]
    index: NDArray[np.integer[Any]]
    estimates: NDArray[np.floating[Any]]

    @classmethod
    def without_estimates(cls, names: tuple[str, ...], index: NDArray[np.integer[Any]]) -> QueryPlans:
        """Return the plans of a method that does not know what they take."""
        return cls(names, index, np.full(len(index), np.nan, np.float32))

    def fault(self, queries: int) -> str | None:
        """Return why these cannot be the plans of some number of queries, or None."""
        if not 1 <= len(self.names) <= MOST_PLANS:
            return f"{len(self.names)} names of plans, where there are 1 to {MOST_PLANS}"
        for name in self.names:
            if not (name.isprintable() and name.strip() and len(name) <= LONGEST_NAME):
                return f"a plan named {name[:LONGEST_NAME]!r}; a name has 1 to {LONGEST_NAME} printable characters"
        if len(set(self.names)) < len(self.names):
            return "two plans of the same name"
        if self.index.dtype.kind not in "iu" or self.index.shape != (queries,):
            return f"plans as {_described(self.index)} where integer[{queries}] is expected"
        if self.index.size and not 0 <= int(self.index.min()) <= int(self.index.max()) < len(self.names):
            return f"plans {self.index.min()} to {self.index.max()}, where there are {len(self.names)} names"
        if self.estimates.dtype.kind != "f" or self.estimates.shape != (queries,):
            return f"estimates as {_described(self.estimates)} where float[{queries}] is expected"
        if (self.estimates < 0).any() or (self.estimates > MOST_SECONDS).any():
            return f"an estimate that is negative or above {MOST_SECONDS:g} s"
        return None


def _described(array: NDArray[Any]) -> str:
    return f"{array.dtype}{list(array.shape)}"
