"""Workloads: query vectors, each with a filter. Each class is the typed configuration of one kind of workload.

``configs/workload/*.yaml`` name a `kind` and its fields; `open` gives the `Workload` over a dataset.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np

from bench.core.attributes import Attributes
from bench.core.errors import BenchError, suggestion
from bench.core.filters import (
    And,
    Between,
    Everything,
    Filter,
    FilterType,
    Not,
    Or,
    attributes_of,
    check,
    leaves,
    to_json,
    type_of,
)
from bench.datasets.dataset import Dataset
from bench.datasets.layout import PUBLISHED_WORKLOADS, filters_file, read_filters
from bench.system.cache import Cache, digest_of
from bench.workloads.controlled import draw_controlled
from bench.workloads.draw import LEAVES
from bench.workloads.neighbours import neighbours
from bench.workloads.workload import Workload


class WorkloadSource(Protocol):
    """The configuration of a workload, able to open it over a dataset.

    Attributes:
        name: as results name it.
        queries: how many; None for all.
        skip: how many of the dataset's first queries are left out, as those that parameters were tuned on.
    """

    name: str
    queries: int | None
    skip: int

    def open(self, dataset: Dataset, cache: Cache) -> Workload:
        """Read or make the filters and check them against the attributes.

        Raises:
            BenchError: the filters do not fit the dataset, or there is no query.
        """
        ...


@dataclass
class UnfilteredWorkload:
    """Queries without a filter."""

    kind: ClassVar[str] = "unfiltered"
    name: str
    queries: int | None = None
    skip: int = 0

    def open(self, dataset: Dataset, cache: Cache) -> Workload:
        """See `WorkloadSource.open`."""
        stop = _stop(self, dataset)
        return _workload(self, [Everything()] * stop, dataset.attributes, dataset, cache)


@dataclass
class PublishedWorkload:
    """A workload that comes with a dataset of the published layout."""

    kind: ClassVar[str] = "published"
    name: str
    filter_type: FilterType
    queries: int | None = None
    skip: int = 0

    def open(self, dataset: Dataset, cache: Cache) -> Workload:
        """See `WorkloadSource.open`."""
        if self.filter_type not in PUBLISHED_WORKLOADS:
            raise BenchError(f"workload.filter_type={self.filter_type}: published workloads are EM, R and EMIS")
        if dataset.folder is None:
            raise BenchError(
                f"dataset '{dataset.name}' has no published {self.filter_type} workload; "
                f"use workload={self.name}_selectivity, whose attributes are made for any vectors"
            )
        path = dataset.folder / filters_file(self.filter_type)
        filters = read_filters(path, self.filter_type, PUBLISHED_WORKLOADS[self.filter_type])
        if len(filters) != dataset.number_of_queries:
            raise BenchError(
                f"{path} has {len(filters)} filters where there are {dataset.number_of_queries} query vectors"
            )
        return _workload(self, filters[: _stop(self, dataset)], dataset.attributes, dataset, cache)


@dataclass
class SampledWorkload:
    """Filters of one shape, with values sampled from the items' own attributes.

    `expression` is a tree of ``{equals: attribute}``, ``{between: attribute}``, ``{contains: attribute}`` leaves
    under ``{and: [...]}``, ``{or: [...]}`` and ``{not: ...}``. Per query, the leaves joined by `and` at the top
    take their values from one random item, which therefore passes them; below `or` and `not` every leaf draws
    an item of its own.

    `correlation` is the share of queries for which that one item is not any, but one of the query's nearest ten: the
    items that match are near then, where attribute and vector have to do with each other.
    """

    kind: ClassVar[str] = "sampled"
    name: str
    expression: dict[str, Any]
    seed: int
    correlation: float = 0.0
    queries: int | None = None
    skip: int = 0

    def open(self, dataset: Dataset, cache: Cache) -> Workload:
        """See `WorkloadSource.open`."""
        if not 0 <= self.correlation <= 1:
            raise BenchError(f"workload.correlation={self.correlation} is out of range; it lies in [0, 1]")
        stop, attributes = _stop(self, dataset), dataset.open_attributes()
        rng = np.random.Generator(np.random.Philox(self.seed))
        anchors = rng.integers(attributes.n, size=dataset.number_of_queries)  # whatever part of them is asked for
        if self.correlation:
            near = neighbours(dataset, cache)
            near = near[np.arange(len(near)), rng.integers(near.shape[1], size=len(near))]
            anchors = np.where(rng.random(len(near)) < self.correlation, near, anchors)
        parts = _parts(self.expression["and"]) if set(self.expression) == {"and"} else [self.expression]
        drawn = [self._draw(part, attributes, rng, anchors) for part in parts]
        filters = list(drawn[0]) if len(parts) == 1 else [And(row) for row in zip(*drawn, strict=True)]
        return _workload(self, filters[:stop], dataset.attributes, dataset, cache)

    def _draw(
        self, tree: Any, attributes: Attributes, rng: np.random.Generator, anchors: np.ndarray
    ) -> Sequence[Filter]:
        """Return one filter per anchor for a subtree."""
        if not isinstance(tree, dict) or len(tree) != 1:
            raise BenchError(
                f"workload.expression: {tree!r} should be one operator with its operand, as {{equals: name}}"
            )
        ((operator, operand),) = tree.items()
        if operator in ("and", "or"):
            join: Callable[[tuple[Filter, ...]], Filter] = And if operator == "and" else Or
            drawn = [
                self._draw(part, attributes, rng, rng.integers(attributes.n, size=len(anchors)))
                for part in _parts(operand)
            ]
            return [join(row) for row in zip(*drawn, strict=True)]
        if operator == "not":
            own = rng.integers(attributes.n, size=len(anchors))
            return [Not(part) for part in self._draw(operand, attributes, rng, own)]
        if operator not in LEAVES:
            raise BenchError(
                f"workload.expression: no operator '{operator}'{suggestion(operator, [*LEAVES, 'and', 'or', 'not'])}"
            )
        leaf, kinds = LEAVES[operator]
        column = attributes[str(operand)]
        if column.kind not in kinds:
            raise BenchError(f"workload.expression: '{operator}' cannot test the {column.kind} attribute '{operand}'")
        return leaf(operand, column, rng, anchors)


@dataclass
class SelectivityWorkload:
    """A workload of controlled selectivity: synthetic attributes over any dataset's vectors (see `draw_controlled`)."""

    kind: ClassVar[str] = "selectivity"
    name: str
    filter_type: FilterType
    selectivity: float
    seed: int
    queries: int | None = None
    skip: int = 0

    def open(self, dataset: Dataset, cache: Cache) -> Workload:
        """See `WorkloadSource.open`."""
        if not 0 < self.selectivity <= 1:
            raise BenchError(f"workload.selectivity={self.selectivity} is out of range; it lies in (0, 1]")
        stop, n = _stop(self, dataset), dataset.shape[0]
        attributes, filters = draw_controlled(self.filter_type, self.selectivity, n, stop, self.seed)
        digest = digest_of(attributes.digest(attributes.kinds))
        parquet = cache.file("attributes", digest, ".parquet", attributes.save)
        return _workload(self, filters, parquet, dataset, cache)


WORKLOADS: dict[str, type[Any]] = {
    source.kind: source for source in (UnfilteredWorkload, PublishedWorkload, SampledWorkload, SelectivityWorkload)
}
"""The kinds of workload that ``configs/workload/*.yaml`` may name."""


def _stop(source: WorkloadSource, dataset: Dataset) -> int:
    """Return the number of the dataset's query after the last one of the workload."""
    available, wanted, skip = dataset.number_of_queries, source.queries, source.skip
    if not 0 <= skip < available:
        raise BenchError(f"workload.skip={skip} is out of range; dataset '{dataset.name}' has {available} queries")
    if wanted is None:
        return available
    if not 1 <= wanted <= available - skip:
        left = f"{available - skip} after workload.skip={skip}" if skip else str(available)
        raise BenchError(f"workload.queries={wanted} is out of range; dataset '{dataset.name}' has {left} queries")
    return skip + wanted


def _parts(operand: Any) -> list[Any]:
    if not isinstance(operand, list) or not operand:
        raise BenchError(f"workload.expression: 'and' and 'or' join a list of expressions, not {operand!r}")
    return operand


def _workload(
    source: WorkloadSource, filters: Sequence[Filter], parquet: Path | None, dataset: Dataset, cache: Cache
) -> Workload:
    """Return the workload of the filters of the dataset's first queries, less those that are to be skipped."""
    filters = filters[source.skip :]
    attributes = Attributes.open(parquet) if parquet else Attributes(dataset.shape[0], {})
    distinct = set(filters)
    check(distinct, attributes)
    _warn_of_reversed(filters)
    types = {type_of(filter_) for filter_ in distinct}
    lines = [to_json(filter_) for filter_ in filters]
    digest = digest_of(source.skip, lines, attributes.digest(attributes_of(distinct)))
    path = cache.file("filters", digest, ".jsonl", lambda out: _write_lines(out, lines))
    filter_type = types.pop() if len(types) == 1 else FilterType.C
    return Workload(source.name, source.skip, filter_type, tuple(filters), path, parquet, attributes, digest)


def _warn_of_reversed(filters: Sequence[Filter]) -> None:
    """Say how many queries ask for a range that ends before it begins, which is empty and most likely a slip."""
    rows = [
        row
        for row, filter_ in enumerate(filters)
        if any(
            isinstance(leaf, Between) and leaf.low is not None and leaf.high is not None and leaf.low > leaf.high
            for leaf in leaves(filter_)
        )
    ]
    if rows:
        print(
            f"warning: {len(rows)} of {len(filters)} queries ask for a range whose low end is above its high end, "
            f"the first of them query {rows[0]}; nothing passes it",
            file=sys.stderr,
        )


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
