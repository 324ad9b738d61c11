"""A workload that was opened and checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bench.core.attributes import Attributes
from bench.core.filters import Filter, attributes_of
from bench.core.leaf import FilterType


class Control(NamedTuple):
    """What a workload sets, where others leave it to the data.

    Attributes:
        quantity: ``selectivity`` (the fraction of items that pass) or ``correlation`` (the fraction of queries whose
            filter takes its values from a near item).
        value: what it is set to, from 0 to 1.
        selectivity: the selectivity, where a workload that sets the correlation sets it as well; else None.
    """

    quantity: str
    value: float
    selectivity: float | None = None


@dataclass(frozen=True)
class Workload:
    """Consecutive queries of a dataset, each with its filter.

    Attributes:
        name: as results name it.
        control: what it sets; None where the data decides everything.
        skip: how many queries of the dataset come before them.
        filter_type: the type of all its filters.
        filters: one per query.
        filters_path: the same as JSON lines, for the worker.
        attributes_path: Parquet of the attributes that the filters test; None where there are none.
        attributes: the same, opened.
        digest: hex digest of `skip`, the filters and the attribute values that they test.
        answers: ivecs of the published answers of all of the dataset's queries; None where there are none.
    """

    name: str
    control: Control | None
    skip: int
    filter_type: FilterType
    filters: tuple[Filter, ...]
    filters_path: Path
    attributes_path: Path | None
    attributes: Attributes
    digest: str
    answers: Path | None = None

    @property
    def rows(self) -> slice:
        """Which of the dataset's queries they are."""
        return slice(self.skip, self.skip + len(self.filters))

    @property
    def filtered(self) -> tuple[str, ...]:
        """The names of the attributes that the filters test, sorted."""
        return attributes_of(set(self.filters))
