"""For tests of methods for ranges: problems whose filters are ranges of one ordered attribute."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.encode import ordered
from bench.core.filters import Between
from tests.support.problems import Problem


def ranged(n: int, seed: int, values: Iterable[int] | None = None, queries: int = 40, fraction: float = 0.3) -> Problem:
    """Return n items in ten clusters, by default with distinct values, and ranges over a fraction of them."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(10, 12))
    vectors = (centres[rng.integers(0, 10, n)] + 0.4 * rng.normal(size=(n, 12))).astype(np.float32)
    points = (centres[rng.integers(0, 10, queries)] + 0.4 * rng.normal(size=(queries, 12))).astype(np.float32)
    column = rng.permutation(n).tolist() if values is None else list(values)
    ascending = sorted(column)
    width = max(1, int(n * fraction))
    lows = rng.integers(0, n - width + 1, queries)
    filters = tuple(Between("year", ascending[low], ascending[low + width - 1]) for low in lows)
    return Problem(vectors, Attributes(n, {"year": ordered(column)}), points, filters)


VALUES = {
    "distinct": lambda n, rng: rng.permutation(n),
    "few": lambda n, rng: rng.integers(0, 4, n),
    "equal": lambda n, rng: np.zeros(n, np.int64),
    "descending": lambda n, rng: -np.arange(n),
    "wide": lambda n, rng: rng.integers(-(2**63), 2**63 - 1, n),
    "floats": lambda n, rng: rng.choice([-1e300, -0.5, 0.1, 0.1 + 2**-56, 0.25, np.inf], n),
}


@st.composite
def range_problems(draw: st.DrawFn) -> Problem:
    """Draw up to 60 items and six ranges: one-sided, reversed, empty, with or without ends; vectors may be equal."""
    n = draw(st.integers(1, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    values = VALUES[draw(st.sampled_from(sorted(VALUES)))](n, rng).tolist()
    extremes = [-(2**63), 2**63 - 1, 2]
    bounds = [None, *values, *(map(float, extremes) if isinstance(values[0], float) else extremes)]
    drawn = [[bounds[i] for i in rng.integers(0, len(bounds), 2)] for _ in range(6)]
    ends = rng.choice(["[]", "[)", "(]", "()"], 6).tolist()
    filters = tuple(Between("year", low, high, brackets) for (low, high), brackets in zip(drawn, ends, strict=True))
    vectors, queries = rng.normal(size=(n, 5)).astype(np.float32), rng.normal(size=(6, 5)).astype(np.float32)
    if draw(st.booleans()):
        vectors = vectors[rng.integers(0, n, n) // 2]
    return Problem(vectors, Attributes(n, {"year": ordered(values)}), queries, filters)


def part(problem: Problem, rows: NDArray[np.int64]) -> Problem:
    """Return some of the items with all of the queries."""
    column = ordered(problem.attributes["year"].values[rows].tolist())
    return Problem(problem.vectors[rows], Attributes(len(rows), {"year": column}), problem.queries, problem.filters)
