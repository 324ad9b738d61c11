"""The space of a search: ordered lists of candidates for build parameters, and points in it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bench.config.algorithm import AlgorithmConfig
from bench.core.errors import BenchError

Point = tuple[int, ...]
"""A position in each list."""


@dataclass(frozen=True)
class SearchSpace:
    """Ordered candidates for some build parameters.

    Attributes:
        candidates: the values of each parameter, in order.
        start: the point where a search begins.
    """

    candidates: Mapping[str, list[Any]]
    start: Point

    def values(self, point: Point) -> dict[str, Any]:
        """Return the values of the parameters at a point."""
        return {name: values[at] for (name, values), at in zip(self.candidates.items(), point, strict=True)}

    def moved(self, point: Point, axis: int, step: int) -> Point | None:
        """Return the point with one position moved, or None beyond the ends of its list."""
        at = point[axis] + step
        if not 0 <= at < len(list(self.candidates.values())[axis]):
            return None
        return (*point[:axis], at, *point[axis + 1 :])

    def points(self) -> Iterator[Point]:
        """Yield every point, the last parameter changing fastest."""
        return itertools.product(*(range(len(values)) for values in self.candidates.values()))


def search_space(algorithm: AlgorithmConfig) -> SearchSpace:
    """Return the candidates in the configuration of a method, starting from its build parameters.

    Raises:
        BenchError: there are no candidates, a list is empty or repeats a value, or lacks the build parameter.
    """
    if not algorithm.candidates:
        raise BenchError(f"algorithm.candidates of '{algorithm.name}' is empty: there is nothing to search")
    start = []
    for name, values in algorithm.candidates.items():
        if not isinstance(values, list) or not values or len(values) != len(set(values)):
            raise BenchError(f"algorithm.candidates.{name}={values!r} should be a list of distinct values")
        if algorithm.build.get(name) not in values:
            raise BenchError(
                f"algorithm.build.{name}={algorithm.build.get(name)!r} is not among its candidates, "
                f"algorithm.candidates.{name}={values}"
            )
        start.append(values.index(algorithm.build[name]))
    return SearchSpace(algorithm.candidates, tuple(start))
