"""How a method describes itself: its place in the taxonomy, what it serves, its parameters and its files."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from bench.core.errors import BenchError, suggestion
from bench.core.formats import Storage
from bench.core.leaf import FilterType
from bench.core.metrics import Metric


class TimedBy(StrEnum):
    """Whose clock says how long a search took."""

    HARNESS = "harness"
    PROGRAM = "program"


ENGINE = "engine"

METHOD_KINDS = ("method", ENGINE)
"""What a configuration of ``configs/algorithm`` is: a method, or an engine that chooses among methods by itself."""

NAMES = "tuple[str, ...]"
"""The type of a parameter that is a list of names."""

_TYPES: dict[str, tuple[type, ...]] = {"int": (int,), "float": (float, int), "str": (str,), "bool": (bool,)}


@dataclass(frozen=True)
class Param:
    """A parameter of a method, as `algorithms.base.param` declares it.

    Attributes:
        name: its key in the configuration.
        type: its annotation, such as ``int``, ``float | None`` or `NAMES`.
        default: its value where the configuration has none.
        meaning: what it does, in words.
        low: its least value; None where there is none.
        high: its greatest value; None where there is none.
        choices: the values that it may take; empty where others may do.
    """

    name: str
    type: str
    default: Any
    meaning: str
    low: float | None
    high: float | None
    choices: tuple[Any, ...]

    def checked(self, phase: str, value: Any) -> Any:
        """Return a value of the parameter, as float where the parameter is one; names sorted, as a list.

        Raises:
            BenchError: the value is of another type or out of range.
        """
        key = f"algorithm.{phase}.{self.name}={value!r}"
        if self.type == NAMES:
            if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
                raise BenchError(f"{key} should be a list of names ({self.meaning})")
            if len(set(value)) < len(value):
                raise BenchError(f"{key} has a name twice; give each once")
            return sorted(value)
        kinds = [kind.strip() for kind in self.type.split("|")]
        if value is None and "None" in kinds:
            return None
        types: Any = tuple(t for kind in kinds for t in _TYPES.get(kind, ()))
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise BenchError(f"{key} should be {self.type} ({self.meaning})")
        if self.choices and value not in self.choices:
            raise BenchError(f"{key} is not one of {', '.join(map(str, self.choices))}")
        low, high = self.low, self.high
        if isinstance(value, float) and not math.isfinite(value):
            raise BenchError(f"{key} is out of range; it is a finite number ({self.meaning})")
        if (low is not None and value < low) or (high is not None and value > high):
            bounds = (
                f"at least {low}" if high is None else f"at most {high}" if low is None else f"from {low} to {high}"
            )
            raise BenchError(f"{key} is out of range; it is {bounds} ({self.meaning})")
        return float(value) if isinstance(value, int) and kinds[0] == "float" else value


@dataclass(frozen=True)
class Method:
    """A method as it described itself: the fields of `algorithms.base.Info`, and what follows from its class.

    Attributes:
        target: the class, as ``module.Class``.
        unsupported: per filter type, why it is not served, or None.
        depends_on_attributes: whether the index depends on the attributes that a workload filters on.
        needs_values: whether every item must have a value of every attribute that the filters test.
        same_attributes: whether the filters of all queries must test the same attributes.
        names_attributes: whether its build parameter `attributes` names the attributes that the index covers.
        holds_vectors: whether the files of the index hold the vectors.
        timed_by: whose clock says how long a search takes.
        reads: the formats of stored vectors that it searches.
        metrics: those that it computes itself; see `algorithms.base.Info`.
        build: the build parameters.
        search: the search parameters.
        sources: the source files that it consists of, including those of the harness that run beside it.
        files: what else its results depend on, such as a library or a binary that it calls.
        is_described: whether it could be imported; if not, its parameters are unknown, and it serves nothing.
    """

    target: str
    paper: str
    year: int
    approach: str
    technique: str
    afanns: bool
    libraries: tuple[str, ...]
    serves: tuple[FilterType, ...]
    reads: tuple[Storage, ...]
    metrics: tuple[Metric, ...]
    unsupported: dict[FilterType, str | None]
    depends_on_attributes: bool
    holds_vectors: bool
    needs_values: bool
    same_attributes: bool
    build: tuple[Param, ...]
    search: tuple[Param, ...]
    sources: tuple[Path, ...]
    files: tuple[Path, ...]
    is_described: bool = True
    timed_by: TimedBy = TimedBy.HARNESS
    names_attributes: bool = False

    @classmethod
    def undescribed(cls, target: str, reason: str) -> Self:
        """Return a method that cannot be imported here, and serves nothing for that reason."""
        return cls(
            target=target,
            paper="",
            year=0,
            approach="",
            technique="",
            afanns=False,
            libraries=(),
            serves=(),
            reads=tuple(Storage),
            metrics=tuple(Metric),
            unsupported=dict.fromkeys(FilterType, reason),
            depends_on_attributes=False,
            holds_vectors=False,
            needs_values=False,
            same_attributes=False,
            build=(),
            search=(),
            sources=(),
            files=(),
            is_described=False,
        )

    def why_not(self, filter_type: FilterType, storage: Storage, metric: Metric) -> str | None:
        """Return why the method does not serve filters of a type over vectors of a format, or None if it does."""
        if metric not in self.metrics and Metric.L2 not in self.metrics:
            return f"it ranks by {', '.join(self.metrics)}, not by {metric}"
        if storage not in self.reads:
            return f"it reads {', '.join(self.reads)} vectors, not {storage}"
        return self.unsupported[filter_type]

    def check_params(self, phase: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of a phase's parameters, with defaults for those not given.

        Args:
            phase: ``build`` or ``search``.
            values: what the configuration says.

        Raises:
            BenchError: a parameter is unknown, of the wrong type, or out of its range.
        """
        if not self.is_described:
            return dict(values)
        declared: dict[str, Param] = {param.name: param for param in getattr(self, phase)}
        for name in values:
            if name not in declared:
                raise BenchError(f"{self.target} has no {phase} parameter '{name}'{suggestion(name, declared)}")
        return {name: param.checked(phase, values.get(name, param.default)) for name, param in declared.items()}
