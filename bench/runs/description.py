"""What the harness knows of a method without importing it: a child process describes it, once per version."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bench.core.errors import BenchError, nearest
from bench.core.filters import FilterType
from bench.core.formats import Storage
from bench.core.paths import PROJECT
from bench.results.store import Status
from bench.runs.child import supervise
from bench.system.cache import Cache, digest_of
from bench.system.machine import library_versions

_SECONDS = 300.0
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

    @cached_property
    def code_digest(self) -> str:
        """Hex digest of the source files and of the versions of the wrapped libraries."""
        files = [hashlib.sha256(Path(source).read_bytes()).hexdigest() for source in self.sources]
        return digest_of(files, library_versions(tuple(self.libraries)))

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
                raise BenchError(f"{self.target} has no {phase} parameter '{name}'{nearest(name, declared)}")
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


def describe(target: str, cache: Cache) -> Method:
    """Return a method's description, from the cache if neither it nor the project's code has changed.

    Raises:
        BenchError: the method cannot be imported.
    """
    key = digest_of(target, _code_state(target), library_versions())

    def make(out: Path) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "job.json").write_text(json.dumps({"target": target, "threads": 1}))
            outcome = supervise(
                ["describe", str(folder / "job.json")],
                folder / "description.json",
                folder / "log.txt",
                threads=1,
                timeout=_SECONDS,
                memory_limit=8 << 30,
            )
            if outcome.status is not Status.OK:
                raise BenchError(f"algorithm.target={target} cannot be used: {outcome.error}")
            out.write_bytes((folder / "description.json").read_bytes())

    stored = json.loads(cache.file("methods", key, ".json", make).read_text())
    return Method(target=target, **stored)


def _code_state(target: str) -> dict[str, str]:
    """Return digests of all code that a description may depend on."""
    files = [*(PROJECT / "algorithms").rglob("*.py"), *(PROJECT / "bench").rglob("*.py")]
    module = target.rpartition(".")[0]
    try:
        spec = importlib.util.find_spec(module) if module else None
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        known = [
            ".".join(path.relative_to(PROJECT).with_suffix("").parts) for path in (PROJECT / "algorithms").rglob("*.py")
        ]
        raise BenchError(f"algorithm.target={target}: there is no module '{module}'{nearest(module, known)}")
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted({*files, Path(spec.origin)})}
