"""Rows: what is stored of a run. A row is one search setting of one repeat; its fields are the columns of the store.

To add a column, add a field to `Row` with its meaning, and give it a value where rows are made (`bench.runs.rows`). The
Arrow schema and the reference of columns follow from the fields. New columns are optional and come last, so that rows
of earlier versions can still be read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

import numpy as np
import pandas as pd
import pyarrow as pa

from bench.core.formats import Storage
from bench.core.leaf import FilterType
from bench.core.method import TimedBy
from bench.core.metrics import Metric

METHOD = ["algorithm", "storage"]
"""The columns that tell methods apart in reports: one that searches int8 vectors is another than on float32."""


def methods_in(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """Return algorithm and storage of every row."""
    return list(zip(*(rows[column].astype(str) for column in METHOD), strict=True))


def self_timed(rows: pd.DataFrame) -> set[tuple[str, str]]:
    """Return algorithm and storage of the methods that some row times by a program itself."""
    return set(methods_in(rows[rows["timed_by"] == TimedBy.PROGRAM]))


class Status(StrEnum):
    """How a search setting of a run ended."""

    OK = "ok"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    CRASHED = "crashed"
    INVALID = "invalid"
    UNSUPPORTED = "unsupported"


def method_title(algorithm: str, storage: str) -> str:
    """Return the name of a method in words, with the format of the vectors that it searches unless that is float32."""
    return algorithm if storage == Storage.FLOAT32 else f"{algorithm} ({storage})"


def in_shards(algorithm: str, shards: int) -> str:
    """Return the name of a method, with the number of its shards if there are several."""
    return algorithm if shards == 1 else f"{algorithm} in {shards} shards"


def column(meaning: str, unit: str = "", **default: Any) -> Any:
    """Declare a column: its meaning, the unit of its values, and ``default=None`` if a value may be unknown."""
    return field(metadata={"meaning": meaning, "unit": unit}, **default)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One search setting of one repeat of a run. A value that is unknown is None, and null in the store."""

    run_id: str = column("names everything that decides the row, except for the repeat and the limits")
    status: Status = column("how it ended: ok, timeout, out_of_memory, crashed, invalid or unsupported")
    error: str | None = column("why it did not end well; if a worker failed, the last line names its log", default=None)
    dataset: str = column("name of the dataset")
    n: int = column("number of items")
    dim: int = column("dimensions of the vectors")
    workload: str = column("name of the workload")
    filter_type: FilterType = column("type of the workload's filters: EM, R, EMIS, MEM, MR, MEMIS, C or none")
    k: int = column("answers per query")
    queries: int = column("number of queries")
    algorithm: str = column("name of the method's configuration, configs/algorithm/NAME.yaml")
    build_params: str = column("build parameters, as JSON")
    search_params: str = column("search parameters, as JSON")
    repeat: int = column("number of the repeat, from 0; every repeat builds anew")
    seed: int = column("seed of everything random in the method")
    threads_build: int = column("threads of the build")
    threads_search: int = column("threads of the search")
    recall: float | None = column(
        "recall@k, the mean of |returned and true| / min(k, matches) over queries that some item matches", default=None
    )
    recall_paper: float | None = column(
        "recall as the paper has it, the mean of |returned and true| / k over all queries", default=None
    )
    underfill: float | None = column(
        "the mean of 1 - returned / min(k, matches) over queries that some item matches", default=None
    )
    violations: int | None = column(
        "returned ids that fail the filter, repeat or are out of range, over all queries", default=None
    )
    unordered: int | None = column("queries whose answers are not in order of distance", default=None)
    unmatched: int | None = column("queries that no item matches", default=None)
    qps: float | None = column(
        "queries that some item matches, per second of searching them in batches: the median of the passes",
        "1/s",
        default=None,
    )
    qps_with_prepare: float | None = column(
        "the same per second of preparing the filters and searching", "1/s", default=None
    )
    latency_p50_ms: float | None = column(
        "median latency of queries that are prepared and searched one at a time", "ms", default=None
    )
    latency_p95_ms: float | None = column("95th percentile of the same latencies", "ms", default=None)
    latency_p99_ms: float | None = column("99th percentile of the same latencies", "ms", default=None)
    build_seconds: float | None = column("time of the build", "s", default=None)
    build_memory_bytes: int | None = column(
        "most memory that the build held, without mapped files, above what its process held before it read anything",
        "bytes",
        default=None,
    )
    search_memory_bytes: int | None = column(
        "most memory that the search at this setting held, likewise", "bytes", default=None
    )
    index_bytes: int | None = column("size of the saved index without the vectors", "bytes", default=None)
    storage: Storage = column("format of the vectors that the method searches")
    storage_error: float = column("mean of ||x - decoded|| / ||x|| over the vectors; 0 for float32")
    distance_computations: int | None = column(
        "distances that the method computed for all queries; null where it does not count them", default=None
    )
    selectivity_mean: float | None = column("fraction of items that pass, the mean over the queries", default=None)
    started_at: dt.datetime = column("when the run started, in UTC")
    build_id: str = column("names everything that decides the index, except for the repeat")
    data_digest: str = column("digest of the vectors and queries")
    code_revision: str | None = column("git revision of this project; null outside a checkout", default=None)
    code_dirty: bool | None = column("whether the checkout had changes; null outside a checkout", default=None)
    code_digest: str = column("digest of the method's code, of the files it declares and of its libraries' versions")
    libraries: str = column("versions of the main libraries, as JSON")
    cpu_model: str = column("name of the processor")
    cores: int = column("cores that the run could use")
    memory_bytes: int = column("memory of the machine", "bytes")
    kernel: str = column("operating system and its version")
    controlled: str | None = column(
        "what the workload sets: selectivity or correlation; null where the data decides everything", default=None
    )
    controlled_value: float | None = column("the value to which it is set, from 0 to 1", default=None)
    workload_digest: str | None = column(
        "digest of the queries' positions, filters and tested attributes", default=None
    )
    skip: int | None = column("queries of the dataset that come before the first one", default=None)
    rerank: float | None = column(
        "candidates per answer that are ranked by exact distances; null where float32 is searched", default=None
    )
    timed_seconds: float | None = column("for how long the passes were repeated, at least", "s", default=None)
    latency_queries: int | None = column("queries that were searched one at a time", default=None)
    passes: int | None = column("how often all queries were searched", default=None)
    batch_size: int | None = column("most queries that one call of the method searched", default=None)
    qps_one_by_one: float | None = column(
        "queries per second of preparing and searching them one at a time", "1/s", default=None
    )
    recall_one_by_one: float | None = column("recall@k of the queries that were searched one at a time", default=None)
    first_pass_seconds: float | None = column("time of the first pass", "s", default=None)
    fastest_pass_seconds: float | None = column("least time of a pass", "s", default=None)
    slowest_pass_seconds: float | None = column("greatest time of a pass after the first", "s", default=None)
    build_warm_up_seconds: float | None = column(
        "time of building over a few items first, which compiles kernels", "s", default=None
    )
    save_seconds: float | None = column("time of saving the index", "s", default=None)
    load_seconds: float | None = column("time of loading the index", "s", default=None)
    search_warm_up_seconds: float | None = column("time of searching a few other queries first", "s", default=None)
    baseline_memory_bytes: int | None = column(
        "memory that the search's process held before it loaded the index", "bytes", default=None
    )
    index_bytes_with_vectors: int | None = column("size of the saved index with the vectors", "bytes", default=None)
    build_cpu_per_second: float | None = column("processor time of the build per second", default=None)
    cpu_per_second: float | None = column("processor time of the search per second", default=None)
    involuntary_switches: int | None = column(
        "how often the search was interrupted to let another process run", default=None
    )
    machine_load: float | None = column("processes that wanted to run when the search began", default=None)
    sandbox: int | None = column(
        "version of Landlock that confined the search; 0 where the kernel has none", default=None
    )
    remarks: str | None = column(
        "what to know before believing the times; null where nothing was noticed", default=None
    )
    metric: Metric = column("what items are ranked by: l2, cosine, ip or hamming", default=Metric.L2)
    timed_by: str | None = column(
        "whose clock timed the search: harness, or program where a program says so itself; null in earlier rows",
        default=None,
    )
    relevance_mean: float | None = column(
        "fraction of the k nearest of all items that pass, the mean over the queries", default=None
    )
    hardness_mean: float | None = column(
        "rank among all items of the k-th that passes, over k, the mean over queries that some item matches",
        default=None,
    )
    hardness_median: float | None = column("the median of the same", default=None)
    controlled_selectivity: float | None = column(
        "the selectivity that a workload sets beside a correlation; null where it does not", default=None
    )
    kind: str | None = column("whether the algorithm is a method or an engine; null in earlier rows", default=None)
    shards: int = column("parts of the items, each with an index of its own", default=1)


@dataclass(frozen=True)
class QueryRow:
    """One query at one search setting, in the file of per-query values beside that of the rows."""

    search_params: str = column("search parameters, as JSON")
    query: np.int32 = column("number of the query in the workload, from 0")
    recall: np.float32 | None = column("recall@k of the query; null where no item matches")
    latency_ms: np.float32 | None = column("latency where the query was searched alone; else null", "ms")
    selectivity: np.float32 = column("fraction of items that pass its filter")
    returned: np.int32 = column("returned ids that are items, distinct and pass")
    relevance: np.float32 | None = column("fraction of the k nearest of all items that pass its filter")
    hardness: np.float32 | None = column(
        "rank among all items of the k-th that passes, over k; of the last one, over their number, if fewer than k "
        "pass; null where none does"
    )
    plan: str | None = column(
        "the plan by which the method answered the query in the first pass; null where it has one plan for all",
        default=None,
    )
    estimate_ms: np.float32 | None = column(
        "the latency that the method expected when it chose the plan; null where it has no estimate",
        "ms",
        default=None,
    )


_ARROW: dict[type, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    dt.datetime: pa.timestamp("us", "UTC"),
    np.int32: pa.int32(),
    np.float32: pa.float32(),
}


def schema_of(row: type) -> pa.Schema:
    """Return the Arrow schema of a dataclass of columns; columns whose values may be None are nullable."""
    return pa.schema([_arrow_field(name, kind) for name, kind in get_type_hints(row).items()])


def _arrow_field(name: str, annotation: Any) -> pa.Field:
    kinds = [kind for kind in get_args(annotation) or (annotation,) if kind is not NoneType]
    plain = str if issubclass(kinds[0], StrEnum) else kinds[0]
    return pa.field(name, _ARROW[plain], nullable=NoneType in get_args(annotation))


SCHEMA = schema_of(Row)
QUERY_SCHEMA = schema_of(QueryRow)


def query_table(columns: Mapping[str, Any]) -> pa.Table:
    """Return columns of `QueryRow` as a table of `QUERY_SCHEMA`; columns that may be null and are not given are null.

    Raises:
        KeyError: a column is missing.
        pa.ArrowInvalid: a value is not of its column's type.
    """
    count = len(columns["query"])
    unknown = {f.name: pa.nulls(count, f.type) for f in QUERY_SCHEMA if f.nullable}
    return pa.table(unknown | dict(columns), schema=QUERY_SCHEMA)


def columns(row: type = Row) -> list[tuple[str, str, str]]:
    """Return name, type and meaning, with the unit, of every column of a dataclass: what its reference page lists."""
    described = []
    for f, arrow in zip(fields(row), schema_of(row), strict=True):
        unit = f" ({f.metadata['unit']})" if f.metadata["unit"] else ""
        described.append((f.name, f"{arrow.type}{' or null' if arrow.nullable else ''}", f.metadata["meaning"] + unit))
    return described


def to_table(rows: Sequence[Row]) -> pa.Table:
    """Return rows as an Arrow table of `SCHEMA`.

    Raises:
        pa.ArrowInvalid: a value is not of its column's type.
    """
    return pa.table({name: [getattr(row, name) for row in rows] for name in SCHEMA.names}, schema=SCHEMA)


def from_table(table: pa.Table) -> list[Row]:
    """Return the rows of a table; columns that it lacks are unknown."""
    enums = {name: kind for name, kind in get_type_hints(Row).items() if kind in (Status, FilterType, Storage, Metric)}
    present = [name for name in SCHEMA.names if name in table.column_names]
    lines = table.select(present).to_pylist()
    return [Row(**(line | {name: kind(line[name]) for name, kind in enums.items() if name in line})) for line in lines]


_LOG = "log: "


def with_log(reason: str, log: Path) -> str:
    """Return an error as rows have it: the reason, and on a line of its own the file of the worker's log."""
    return f"{reason.rstrip()}\n{_LOG}{log}"


def reason_of(error: str) -> str:
    """Return the reason of an error in one line: the last one that does not name a log."""
    lines = error.strip().splitlines()
    if log_of(error):
        lines.pop()
    return lines[-1].strip() if lines else ""


def log_of(error: str) -> str | None:
    """Return the log that an error names, or None."""
    last = error.strip().rpartition("\n")[2]
    return last.removeprefix(_LOG) if last.startswith(_LOG) else None
