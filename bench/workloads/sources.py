"""Workloads: query vectors, each with a filter. Each class is the typed configuration of one kind of workload.

``configs/workload/*.yaml`` name a `kind` and its fields; `open` gives the `Workload` over a dataset.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.errors import BenchError
from bench.core.filter_json import to_json
from bench.core.filters import Between, Everything, Filter, attributes_of, leaves, type_of
from bench.core.fitting import check
from bench.core.leaf import FilterType
from bench.datasets.answers import answer_file
from bench.datasets.dataset import Dataset
from bench.datasets.layout import PUBLISHED_WORKLOADS, filters_file, read_filters, truth_file
from bench.datasets.vector_files.files import file_of
from bench.system.cache import Cache
from bench.system.files import digest_of
from bench.workloads import filter_files
from bench.workloads.controlled import Placed, draw_controlled
from bench.workloads.draw import draw_filters
from bench.workloads.neighbours import neighbours
from bench.workloads.spatial import spatial_order
from bench.workloads.workload import Control, Workload

_JSON = (".json", ".jsonl")


class WorkloadSource(Protocol):
    """The configuration of a workload, able to open it over a dataset.

    Attributes:
        name: as results name it.
        queries: how many; None for all.
        skip: how many of the dataset's first queries are skipped, because parameters were tuned on them.
    """

    name: str
    queries: int | None
    skip: int

    @property
    def control(self) -> Control | None:
        """What the workload sets; None where the data decides everything."""
        ...

    def open(self, dataset: Dataset, cache: Cache) -> Workload:
        """Read or draw the filters and check them against the attributes.

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
    control: ClassVar[Control | None] = None

    def open(self, dataset: Dataset, cache: Cache) -> Workload:
        """See `WorkloadSource.open`."""
        filters, answers = [Everything()] * _stop(self, dataset), _published_answers(dataset, FilterType.NONE)
        return _workload(self, filters, dataset.attributes, dataset, cache, answers)


@dataclass
class PublishedWorkload:
    """A workload that comes with a dataset of the published layout."""

    kind: ClassVar[str] = "published"
    name: str
    filter_type: FilterType
    queries: int | None = None
    skip: int = 0
    control: ClassVar[Control | None] = None

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
        attribute = PUBLISHED_WORKLOADS[self.filter_type]
        filters = read_filters(path, self.filter_type, attribute, dataset.open_attributes()[attribute])
        _check_number(path, "filters", len(filters), dataset)
        answers = _published_answers(dataset, self.filter_type)
        return _workload(self, filters[: _stop(self, dataset)], dataset.attributes, dataset, cache, answers)


@dataclass
class GivenWorkload:
    """Filters from a file, one per line, see `bench.workloads.filter_files`; perhaps with published answers.

    By default, they are those that the dataset brings along. `answers` are of any format of
    `bench.datasets.answers`, or JSON lines of DiskANN; the file of filters may have them as well.
    """

    kind: ClassVar[str] = "given"
    name: str
    filters: str | None = None
    answers: str | None = None
    queries: int | None = None
    skip: int = 0
    control: ClassVar[Control | None] = None

    def open(self, dataset: Dataset, cache: Cache) -> Workload:
        """See `WorkloadSource.open`."""
        path = dataset.filters if self.filters is None else Path(self.filters).expanduser()
        if path is None:
            raise BenchError(
                f"workload.filters is not set, and dataset '{dataset.name}' brings no filters; set it to a file of them"
            )
        file = filter_files.read_filters(path, dataset.open_attributes())
        _check_number(path, "filters", len(file.filters), dataset)
        answers = self._answers(file.answers, dataset, cache)
        return _workload(self, file.filters[: _stop(self, dataset)], dataset.attributes, dataset, cache, answers)

    def _answers(self, in_file: filter_files.Answers | None, dataset: Dataset, cache: Cache) -> Path | None:
        """Return the published answers: those given, those in the file of filters, or those of the dataset."""
        if self.answers is not None and Path(self.answers).suffix in _JSON:
            path = file_of(self.answers, "workload.answers")
            in_file = filter_files.read_answers(path)
            _check_number(path, "answers", len(in_file), dataset)
        elif self.answers is not None:
            return answer_file(self.answers, "workload.answers", cache)
        if in_file is not None:
            return filter_files.keep_answers(in_file, cache)
        return dataset.truth if self.filters is None else None


@dataclass
class SampledWorkload:
    """Filters of one shape, with values sampled from the items' own attributes.

    `expression` is a tree of leaves such as ``{equals: attribute}``, ``{between: attribute}`` and
    ``{contains: attribute}`` under ``{and: [...]}``, ``{or: [...]}`` and ``{not: ...}``. Per query, the leaves joined
    by `and` at the top take their values from one random item, which therefore passes them; below `or` and `not` every
    branch draws an item of its own. A leaf may state its values instead, as in ``{between: [attribute, null, 30]}``.
    With ``{mixed: [...]}`` on top, queries take turns with several expressions.

    `correlation` is the fraction of queries for which that item is one of the query's nearest ten rather than any item.
    Where attributes and vectors are related, the items that match are then near. None controls nothing: any item.
    """

    kind: ClassVar[str] = "sampled"
    name: str
    expression: dict[str, Any]
    seed: int
    correlation: float | None = None
    queries: int | None = None
    skip: int = 0

    @property
    def control(self) -> Control | None:
        """See `WorkloadSource.control`."""
        return None if self.correlation is None else Control("correlation", self.correlation)

    def open(self, dataset: Dataset, cache: Cache) -> Workload:
        """See `WorkloadSource.open`."""
        _check_correlation(self.correlation)
        stop, attributes = _stop(self, dataset), dataset.open_attributes()
        rng = np.random.Generator(np.random.Philox(self.seed))
        anchors = _anchors(self.correlation or 0.0, dataset, cache, rng)
        filters = draw_filters(self.expression, attributes, rng, anchors)
        return _workload(self, filters[:stop], dataset.attributes, dataset, cache)


@dataclass
class SelectivityWorkload:
    """A workload of controlled selectivity: synthetic attributes over any dataset's vectors.

    Without a `correlation`, attributes are independent of the vectors. With one, they follow the vectors, and it is the
    fraction of queries whose filter passes what is near them; the filters of the others pass what is near any item.
    """

    kind: ClassVar[str] = "selectivity"
    name: str
    shape: Any
    selectivity: float
    seed: int
    correlation: float | None = None
    queries: int | None = None
    skip: int = 0

    @property
    def control(self) -> Control:
        """See `WorkloadSource.control`."""
        if self.correlation is None:
            return Control("selectivity", self.selectivity)
        return Control("correlation", self.correlation, self.selectivity)

    def open(self, dataset: Dataset, cache: Cache) -> Workload:
        """See `WorkloadSource.open`."""
        if not 0 < self.selectivity <= 1:
            raise BenchError(f"workload.selectivity={self.selectivity} is out of range; it lies in (0, 1]")
        _check_correlation(self.correlation)
        stop, n = _stop(self, dataset), dataset.shape[0]
        placed = None
        if self.correlation is not None:
            rng = np.random.Generator(np.random.Philox(self.seed))
            anchors = _anchors(self.correlation, dataset, cache, rng)
            placed = Placed(spatial_order(dataset, cache, self.seed), anchors[:stop])
        attributes, filters = draw_controlled(self.shape, self.selectivity, n, stop, self.seed, placed)
        digest = digest_of(attributes.digest(attributes.kinds))
        parquet = cache.file("attributes", digest, ".parquet", attributes.save)
        return _workload(self, filters, parquet, dataset, cache)


WORKLOADS: dict[str, type[Any]] = {
    source.kind: source
    for source in (UnfilteredWorkload, PublishedWorkload, GivenWorkload, SampledWorkload, SelectivityWorkload)
}
"""The kinds of workload that ``configs/workload/*.yaml`` may name."""


def _stop(source: WorkloadSource, dataset: Dataset) -> int:
    """Return the number of the dataset's query after the last one of the workload."""
    available, count, skip = dataset.number_of_queries, source.queries, source.skip
    if not 0 <= skip < available:
        raise BenchError(f"workload.skip={skip} is out of range; dataset '{dataset.name}' has {available} queries")
    if count is None:
        return available
    if not 1 <= count <= available - skip:
        rest = f"{available - skip} after workload.skip={skip}" if skip else str(available)
        raise BenchError(f"workload.queries={count} is out of range; dataset '{dataset.name}' has {rest} queries")
    return skip + count


def _check_correlation(correlation: float | None) -> None:
    """Check a fraction of queries.

    Raises:
        BenchError: it is not one.
    """
    if not 0 <= (correlation or 0) <= 1:
        raise BenchError(f"workload.correlation={correlation} is out of range; it lies in [0, 1]")


def _anchors(correlation: float, dataset: Dataset, cache: Cache, rng: Generator) -> NDArray[np.int64]:
    """Return int64[q], an item for every query of a dataset: for a fraction of them a near one, for the others any.

    There is one for every query of the dataset: those of a workload do not depend on how many are asked for.
    """
    anchors = rng.integers(dataset.shape[0], size=dataset.number_of_queries)
    if not correlation:
        return anchors
    near = neighbours(dataset, cache)
    near = near[np.arange(len(near)), rng.integers(near.shape[1], size=len(near))]
    return np.where(rng.random(len(near)) < correlation, near, anchors)


def _workload(
    source: WorkloadSource,
    filters: Sequence[Filter],
    parquet: Path | None,
    dataset: Dataset,
    cache: Cache,
    answers: Path | None = None,
) -> Workload:
    """Return the workload of the filters of the dataset's first queries, without those that are to be skipped."""
    filters = filters[source.skip :]
    attributes = Attributes.open(parquet) if parquet else Attributes(dataset.shape[0], {})
    distinct = set(filters)
    check(distinct, attributes)
    _warn_of_reversed(filters)
    types = {type_of(filter_) for filter_ in distinct}
    lines = [to_json(filter_) for filter_ in filters]
    digest = digest_of(source.skip, lines, attributes.digest(attributes_of(distinct)))
    path = cache.file("filters", digest, ".jsonl", lambda out: _write_lines(out, lines))
    return Workload(
        name=source.name,
        control=source.control,
        skip=source.skip,
        filter_type=types.pop() if len(types) == 1 else FilterType.C,
        filters=tuple(filters),
        filters_path=path,
        attributes_path=parquet,
        attributes=attributes,
        digest=digest,
        answers=answers,
    )


def _published_answers(dataset: Dataset, filter_type: FilterType) -> Path | None:
    """Return the file of the published answers of a workload, if it is there."""
    if filter_type is FilterType.NONE and dataset.truth is not None and dataset.filters is None:
        return dataset.truth
    path = dataset.folder / truth_file(filter_type) if dataset.folder else None
    return path if path is not None and path.exists() else None


def _check_number(path: Path, what: str, number: int, dataset: Dataset) -> None:
    """Check that a file has a line for every query.

    Raises:
        BenchError: it does not.
    """
    if number != dataset.number_of_queries:
        raise BenchError(f"{path} has {number} {what} where there are {dataset.number_of_queries} query vectors")


def _warn_of_reversed(filters: Sequence[Filter]) -> None:
    """Say how many queries ask for a range that ends before it begins: it is empty, and most likely a mistake."""
    rows = [
        row
        for row, filter_ in enumerate(filters)
        if any(isinstance(leaf, Between) and leaf.is_reversed for leaf in leaves(filter_))
    ]
    if rows:
        print(
            f"warning: {len(rows)} of {len(filters)} queries ask for a range whose low end is above its high end, "
            f"the first of them query {rows[0]}; nothing passes it",
            file=sys.stderr,
        )


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
