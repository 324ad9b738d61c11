"""A workload that was opened and checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.core.attributes import Attributes
from bench.core.filters import (
    Filter,
    FilterType,
    attributes_of,
)


@dataclass(frozen=True)
class Workload:
    """Some consecutive queries of a dataset, each with its filter.

    Attributes:
        name: as results name it.
        skip: how many queries of the dataset stand before them.
        filter_type: the type of all its filters.
        filters: one per query.
        filters_path: the same as JSON lines, for the worker.
        attributes_path: Parquet of the attributes that the filters test; None where there are none.
        attributes: the same, opened.
        digest: hex digest of `skip`, the filters and the attribute values that they test.
    """

    name: str
    skip: int
    filter_type: FilterType
    filters: tuple[Filter, ...]
    filters_path: Path
    attributes_path: Path | None
    attributes: Attributes
    digest: str

    @property
    def rows(self) -> slice:
        """Which of the dataset's queries they are."""
        return slice(self.skip, self.skip + len(self.filters))

    @property
    def filtered(self) -> tuple[str, ...]:
        """The names of the attributes that the filters test, sorted."""
        return attributes_of(set(self.filters))
