"""What a method says of itself: its place in the taxonomy, what it serves, and its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.core.errors import BenchError, suggestion
from bench.core.filters import FilterType
from bench.core.formats import Storage

_TYPES: dict[str, tuple[type, ...]] = {"int": (int,), "float": (float, int), "str": (str,), "bool": (bool,)}


@dataclass(frozen=True)
class Method:
    """A method as it described itself: the fields of `algorithms.base.Info`, and what follows from its class.

    Attributes:
        unsupported: per filter type, why it is not served, or None.
        depends_on_attributes: whether the index depends on the attributes that a workload filters on.
        reads: the formats of stored vectors that it searches.
        build: the declared build parameters.
        search: the declared search parameters.
        sources: the source files that it consists of, with the harness's own that run beside it.
    """

    target: str
    paper: str
    year: int
    approach: str
    technique: str
    afanns: bool
    libraries: list[str]
    serves: list[FilterType]
    reads: list[Storage]
    unsupported: dict[FilterType, str | None]
    depends_on_attributes: bool
    build: list[dict[str, Any]]
    search: list[dict[str, Any]]
    sources: list[str]

    def why_not(self, filter_type: FilterType, storage: Storage) -> str | None:
        """Return why the method does not serve filters of a type over vectors of a format, or None if it does."""
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
        declared = {param["name"]: param for param in getattr(self, phase)}
        for name in values:
            if name not in declared:
                raise BenchError(f"{self.target} has no {phase} parameter '{name}'{suggestion(name, declared)}")
        return {
            name: _checked(f"algorithm.{phase}.{name}", values.get(name, param["default"]), param)
            for name, param in declared.items()
        }


def _checked(key: str, value: Any, param: Mapping[str, Any]) -> Any:
    kinds = [kind.strip() for kind in param["type"].split("|")]
    if value is None and "None" in kinds:
        return None
    wanted = tuple(t for kind in kinds for t in _TYPES.get(kind, ()))
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        raise BenchError(f"{key}={value!r} should be {param['type']} ({param['meaning']})")
    low, high, choices = param["low"], param["high"], param["choices"]
    if choices and value not in choices:
        raise BenchError(f"{key}={value!r} is not one of {', '.join(map(str, choices))}")
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = f"at least {low}" if high is None else f"at most {high}" if low is None else f"from {low} to {high}"
        raise BenchError(f"{key}={value!r} is out of range; it is {bounds} ({param['meaning']})")
    return float(value) if isinstance(value, int) and kinds[0] == "float" else value
