"""Whether stored rows reproduce expected figures: a cell is a figure with its tolerance."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from bench.core.errors import BenchError, suggestion
from bench.results.curves import best_at, points
from bench.results.rows import Row, Status

DISTANCES_PER_QUERY = "distances_per_query"
"""The one figure that is not a column of rows: their distance computations over their queries."""

_CLOSE = 3.0
"""Up to how many times the tolerance a figure is close."""


class Outcome(StrEnum):
    """How a measured figure compares with the expected one."""

    OK = "OK"
    CLOSE = "close"
    OFF = "off"
    MISSING = "missing"
    UNKNOWN = "not recorded"


@dataclass(frozen=True)
class Cell:
    """An expected figure: the mean of a column over some rows, perhaps over that of another method.

    Attributes:
        workload: of the rows.
        algorithm: of the rows.
        column: a column of numbers, or `DISTANCES_PER_QUERY`.
        search: search parameters that the rows have; None for all settings.
        recall: reads the column off the Pareto front over all settings at this recall; None for the mean over the rows.
        over: the method whose figure this one is divided by; None for the figure itself.
        value: what is expected; None while nobody has recorded it.
        absolute: by how much a measured figure may differ.
        relative: by which fraction of the expected one it may differ. One of the two is given.
    """

    workload: str
    algorithm: str
    column: str
    search: dict[str, Any] | None = None
    recall: float | None = None
    over: str | None = None
    value: float | None = None
    absolute: float | None = None
    relative: float | None = None

    def check(self, where: str) -> None:
        """Check the column and the tolerance.

        Raises:
            BenchError: one of them is invalid; begins with `where`.
        """
        columns = [f.name for f in fields(Row)] + [DISTANCES_PER_QUERY]
        if self.column not in columns:
            raise BenchError(f"{where}.column={self.column} is unknown{suggestion(self.column, columns)}")
        tolerances = [each for each in (self.absolute, self.relative) if each is not None]
        if len(tolerances) != 1:
            raise BenchError(f"{where}: give one of 'absolute' and 'relative', by how much the figure may differ")
        if tolerances[0] < 0:
            raise BenchError(f"{where}: its tolerance is {tolerances[0]:g}; it is at least 0")

    def measured(self, rows: pd.DataFrame) -> float | None:
        """Return the figure over rows of the store; None where they do not have it."""
        figure = self._figure(rows, self.algorithm)
        if self.over is None or figure is None:
            return figure
        other = self._figure(rows, self.over)
        return figure / other if other else None

    def _figure(self, rows: pd.DataFrame, algorithm: str) -> float | None:
        some = rows[
            (rows["workload"] == self.workload) & (rows["algorithm"] == algorithm) & (rows["status"] == Status.OK)
        ]
        if self.search is not None:
            wanted = self.search.items()
            some = some[[wanted <= json.loads(params).items() for params in some["search_params"]]]
        if some.empty:
            return None
        values = (
            some["distance_computations"] / some["queries"] if self.column == DISTANCES_PER_QUERY else some[self.column]
        )
        if self.recall is None:
            return _number(pd.to_numeric(values).mean())
        curve = points(some.assign(figure=pd.to_numeric(values)), "recall", "figure")
        x, y = (curve[axis].to_numpy(np.float64) for axis in "xy")
        return _number(best_at(x, y, np.array([self.recall]))[0])

    def outcome(self, measured: float | None) -> Outcome:
        """Return how a measured figure compares with this cell."""
        if measured is None:
            return Outcome.MISSING
        if self.value is None:
            return Outcome.UNKNOWN
        tolerance = self.absolute if self.absolute is not None else abs(self.value) * (self.relative or 0.0)
        difference = abs(measured - self.value)
        if difference <= tolerance:
            return Outcome.OK
        return Outcome.CLOSE if difference <= _CLOSE * tolerance else Outcome.OFF

    def recorded(self, measured: float | None) -> Cell:
        """Return the cell with a measured figure as what is expected; unchanged where there is none."""
        return self if measured is None else replace(self, value=float(f"{measured:.6g}"))

    def line(self) -> str:
        """Return the cell as a line of YAML."""
        given = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}
        if self.value is not None and self.value == round(self.value):
            given["value"] = round(self.value)
        return f"  - {{{', '.join(f'{name}: {_yaml(value)}' for name, value in given.items())}}}"


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _yaml(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {_yaml(each)}' for name, each in value.items())}}}"
    return value if isinstance(value, str) else json.dumps(value)
