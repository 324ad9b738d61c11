"""What a parent asks a worker, and what the worker replies.

The parent starts a worker with a `Task`. It then sends one `Request` at a time, and the worker replies to each. What
the worker claims is checked by its parent; nothing that it sends is run or unpickled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from bench.core.external import External
from bench.core.leaf import FilterType
from bench.core.metrics import Metric


class Action(StrEnum):
    """What a worker can be asked to do."""

    DESCRIBE = "describe"
    PING = "ping"
    WARM_UP = "warm_up"
    BUILD = "build"
    SAVE = "save"
    LOAD = "load"
    COLLECT = "collect"
    FILTERS = "filters"
    PREPARE = "prepare"
    SEARCH = "search"
    PLANS = "plans"
    END = "end"


@dataclass(frozen=True)
class Task:
    """What a worker works on. It knows neither queries nor filters: these come with requests, after it has loaded.

    Attributes:
        target: the method's class, as ``module.Class``.
        shards: in how many parts the items are indexed.
        build_params: every build parameter.
        external: for a method that a YAML file describes, its section `external`.
        search_params: for such a method, every search parameter, with the value of one setting.
        inputs: for such a method, the files of the items that it reads, by their placeholders.
        vectors: the file of the items' vectors; None where the method only describes itself.
        metric: what the vectors are ranked by.
        attributes: Parquet of the attributes that the filters test; None where there are none.
        filtered: the names of the attributes that the filters test, or of those that the index is to cover, sorted.
        filter_type: the type of the filters; any combination where the index is for all filters over its attributes.
        codes: the folder of the vectors in the format that is searched; None where that is float32.
        rerank: how many candidates per answer are ranked by exact distances, where there are codes.
        seed: the source of all randomness.
        threads: how many threads the method may use.
        memory_limit: bytes of memory that the worker may hold.
        index: the folder to which a build saves, and from which a search loads; None where it only describes itself.
        search_path: folders in which the method's module is looked for, after all others.
    """

    target: str
    build_params: dict[str, Any] = field(default_factory=dict)
    vectors: Path | None = None
    metric: Metric = Metric.L2
    attributes: Path | None = None
    filtered: tuple[str, ...] = ()
    filter_type: FilterType = FilterType.NONE
    codes: Path | None = None
    rerank: float = 1.0
    seed: int = 0
    threads: int = 1
    memory_limit: int = 8 << 30
    index: Path | None = None
    search_path: tuple[Path, ...] = ()
    external: External | None = None
    search_params: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Path] = field(default_factory=dict)
    shards: int = 1


@dataclass(frozen=True)
class Request:
    """One thing to do; a search is followed by the queries, float32[q, d].

    Attributes:
        action: what to do.
        filters: for `Action.FILTERS`, the filter of each query, as JSON; empty for those of the last search.
        params: for `Action.SEARCH`, every search parameter.
        k: for `Action.SEARCH`, answers per query.
        threads: for `Action.SEARCH`, how many threads the method may use.
    """

    action: Action
    filters: tuple[str, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)
    k: int = 0
    threads: int = 1


@dataclass(frozen=True)
class Reply:
    """What a worker claims to have done.

    After a search, it is followed by the ids, as the method returned them; where it names plans, by two arrays with the
    plan of every query and the seconds that the method expected it to take.

    Attributes:
        seconds: what the call of the method took, by the worker's clock.
        cpu_seconds: processor time of the worker in that call.
        distance_computations: for a search, how many distances were computed; None where the method does not count.
        program_seconds: for a search, how long it took by the clock of a program; None where there is none.
        plans: for `Action.PLANS`, the names of the plans of the last search; empty where the method has no plans.
        text: for `Action.DESCRIBE`, a `bench.core.method.Method`; for `Action.END`, a `Loaded`; both as JSON.
        failure: why the worker has to give up.
    """

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    distance_computations: int | None = None
    program_seconds: float | None = None
    plans: tuple[str, ...] = ()
    text: str = ""
    failure: Failure | None = None


class FailureKind(StrEnum):
    """Why a worker has to give up."""

    ERROR = "error"
    INVALID = "invalid"
    LIBRARY_MISSING = "library_missing"
    OUT_OF_MEMORY = "out_of_memory"
    SURROUNDINGS = "surroundings"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True)
class Failure:
    """Why a worker has to give up, in words."""

    kind: FailureKind
    reason: str


@dataclass(frozen=True)
class Notice:
    """Something to show to the user while the worker goes on."""

    text: str


@dataclass(frozen=True)
class Started:
    """The first reply: the worker is confined, and has imported the method.

    Attributes:
        sandbox: the version of Landlock; 0 where the kernel has none.
    """

    sandbox: int


@dataclass(frozen=True)
class Loaded:
    """Files outside the standard library and installed distributions from which a worker ran code."""

    files: tuple[Path, ...]
