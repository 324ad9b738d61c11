"""What a worker is told, and the names by which parent and worker find each other's files.

The parent writes a `Task` as ``task.json`` into an empty folder and starts a worker on it. The worker answers with
files in the same folder (`bench.runs.facts`), each of which appears by one rename. It sees neither the true answers nor
the configuration, and what it prints is never parsed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.core.filters import FilterType

TASK_FILE = "task.json"

DESCRIPTION_FILE = "description.json"
"""How a method describes itself: a `bench.core.method.Method`."""

BUILD_FILE = "build.json"
"""What a build measured: `bench.runs.facts.BuildFacts`."""

COMPILING_FILE = "compiling"
"""It is there while a worker compiles kernels first, as it does once after an installation."""

OUT_OF_MEMORY_EXIT = 77
"""The exit code of a worker whose allocation failed."""


def timing_file(setting: int) -> str:
    """Return the file of what the search at a setting measured, a `bench.runs.facts.Timing`; settings count from 0."""
    return f"setting-{setting:03}.npz"


@dataclass(frozen=True)
class Task:
    """A build or a search.

    Attributes:
        target: the method's class, as ``module.Class``.
        build_params: every build parameter.
        settings: every search setting, with every search parameter.
        first_setting: the number of the setting that a search starts with; those before it are done.
        vectors: the file of the items' vectors.
        queries: the file of the query vectors.
        attributes: Parquet of the attributes that the filters test; None where there are none.
        filters: JSON lines, one filter per query.
        skip: how many query vectors come before those that have a filter.
        filtered: the names of the attributes that the filters test, sorted.
        filter_type: the type of the filters.
        k: answers per query.
        codes: the folder of the vectors in the format that is searched; None where that is float32.
        rerank: how many candidates per answer are ranked by exact distances, where there are codes.
        seed: the source of all randomness.
        threads: how many threads the method may use.
        memory_limit: bytes of resident memory that the worker may hold.
        latency_queries: how many queries are timed alone.
        timed_seconds: how long a short search is repeated.
        index: the folder to which a build saves, and from which a search loads.
    """

    target: str
    build_params: dict[str, Any]
    settings: tuple[dict[str, Any], ...]
    first_setting: int
    vectors: Path
    queries: Path
    attributes: Path | None
    filters: Path
    skip: int
    filtered: tuple[str, ...]
    filter_type: FilterType
    k: int
    codes: Path | None
    rerank: float
    seed: int
    threads: int
    memory_limit: int
    latency_queries: int
    timed_seconds: float
    index: Path
