"""The store: one Parquet file of rows per run and repeat, and one of per-query values beside it.

A run's file of rows appears by one rename, after everything else of the run: it marks the run as complete. Files are
only ever added or replaced whole, so that a kill at any moment loses nothing that was stored. Several processes, on
several machines, may write to one store: each holds a lock on the run or index that it is making.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bench.core.errors import BenchError
from bench.core.formats import Storage
from bench.core.metrics import Metric
from bench.results.rows import METHOD, QUERY_SCHEMA, SCHEMA, Row, Status, from_table, to_table
from bench.system.files import atomic_file, drop_leftovers, make_folder, sha256
from bench.system.locks import lock, try_lock


class Overwrite(StrEnum):
    """Which stored runs are run again."""

    NEVER = "never"
    FAILED = "failed"
    ALWAYS = "always"


_WORKLOAD = ["workload", "workload_digest", "filter_type", "controlled", "controlled_value", "skip", "queries"]
_WHAT = ["dataset", "data_digest", "n", "dim", *_WORKLOAD, "k", *METHOD, "rerank", "build_params", "search_params"]
_HOW = ["shards", "repeat", "seed", "threads_build", "threads_search", "timed_seconds", "latency_queries"]
_WHERE = ["cpu_model", "cores", "memory_bytes"]
_IDENTITY = [*_WHAT, *_HOW, *_WHERE]
"""Two rows that are equal in these measure the same: only the code, the time and the measurements may differ."""

_QUERIES = b"queries_sha256"
"""The key of a file of rows under which it names the content of the file of per-query values."""

_REQUIRED = {"run_id", "status", "dataset", "workload", "algorithm", "search_params", "repeat", "started_at"}
"""Columns that every version had: a file without one of them does not hold rows."""

_CLOCK_ERROR = pd.Timedelta(days=1)


class Store:
    """The runs under a results folder."""

    def __init__(self, root: Path) -> None:
        """Keep runs below `root`, which is created on the first write."""
        self.root = root

    def _file(self, group: str, run_id: str, repeat: int) -> Path:
        return self.root / group / f"{run_id}-{repeat}.parquet"

    def is_done(self, run_id: str, repeat: int, overwrite: Overwrite) -> bool:
        """Return whether a run is stored and need not be run again under an overwrite strategy.

        A run whose files are damaged is not; this is a warning.
        """
        path = self._file("runs", run_id, repeat)
        if overwrite is Overwrite.ALWAYS or not path.exists():
            return False
        try:
            statuses = self._complete(run_id, repeat).column("status").to_pylist()
        except BenchError as error:
            print(f"warning: {error}", file=sys.stderr)
            return False
        return overwrite is Overwrite.NEVER or all(status in (Status.OK, Status.UNSUPPORTED) for status in statuses)

    def _complete(self, run_id: str, repeat: int) -> pa.Table:
        """Return the rows of a run whose per-query values are those that were stored with them.

        Raises:
            BenchError: a file is damaged, or is of another attempt.
        """
        table, queries = _read(self._file("runs", run_id, repeat)), self._file("queries", run_id, repeat)
        stored = (table.schema.metadata or {}).get(_QUERIES, b"").decode()
        if stored and (not queries.is_file() or sha256(queries) != stored):
            raise BenchError(f"{queries} is damaged or of another attempt; the run is made again")
        return table

    def lock(self, kind: str, name: str, repeat: int, waiting: Callable[[], None]) -> BinaryIO:
        """Return an open file that holds a lock until it is closed.

        Args:
            kind: ``run`` or ``index``.
            name: of the run or the build.
            repeat: its number.
            waiting: called repeatedly while another process holds the lock.

        Raises:
            BenchError: the results folder cannot be written, or its file system does not support locks.
        """
        return lock(self._lock_file(kind, name, repeat), waiting)

    def is_being_made(self, run_id: str, repeat: int) -> bool:
        """Return whether some process is making a run at the moment.

        Raises:
            BenchError: see `lock`.
        """
        file = try_lock(self._lock_file("run", run_id, repeat))
        if file is not None:
            file.close()
        return file is None

    def _lock_file(self, kind: str, name: str, repeat: int) -> Path:
        return make_folder(self.root) / "locks" / f"{kind}-{name}-{repeat}"

    def log_file(self, run_id: str, repeat: int, stage: str) -> Path:
        """Return where the log of a worker that failed in a stage of a run, ``build`` or ``search``, is kept."""
        return self.root / "logs" / f"{run_id}-{repeat}-{stage}.log"

    def write(self, run_id: str, repeat: int, rows: Sequence[Row], queries: Iterable[pa.Table]) -> None:
        """Store a finished run: its per-query tables first, then its rows, whose appearance completes it.

        Raises:
            BenchError: the results folder cannot be written.
        """
        per_query, per_setting = self._file("queries", run_id, repeat), self._file("runs", run_id, repeat)
        for path in (per_query, per_setting):
            drop_leftovers(path)
        with (
            atomic_file(per_query) as path,
            pq.ParquetWriter(path, QUERY_SCHEMA, compression="zstd") as writer,
        ):
            for table in queries:
                writer.write_table(table)
        with atomic_file(per_setting) as path:
            pq.write_table(to_table(rows).replace_schema_metadata({_QUERIES: sha256(per_query)}), path)

    def run(self, run_id: str, repeat: int) -> list[Row]:
        """Return the rows of a stored run.

        Raises:
            BenchError: its file is damaged.
        """
        return from_table(_read(self._file("runs", run_id, repeat)))

    def all_rows(self) -> pd.DataFrame:
        """Return all rows by the time at which they started; those of a clock that ran ahead come first.

        A file that is not one of rows is named on stderr and left out.

        Raises:
            BenchError: a file of rows is damaged; names it.
        """
        tables = [_rows_of(path) for path in sorted((self.root / "runs").glob("*.parquet"))]
        table = pa.concat_tables([SCHEMA.empty_table(), *filter(None, tables)], promote_options="default")
        frame = table.to_pandas().sort_values("started_at", kind="stable")
        ahead = frame["started_at"] > pd.Timestamp.now("UTC") + _CLOCK_ERROR
        return pd.concat([frame[ahead], frame[~ahead]], ignore_index=True)

    def rows(self) -> pd.DataFrame:
        """Return all rows; among those that differ only in when and by which code they ran, the newest.

        Raises:
            BenchError: see `all_rows`.
        """
        return self.all_rows().drop_duplicates(_IDENTITY, keep="last").reset_index(drop=True)

    def has_queries(self, run_id: str, repeat: int) -> bool:
        """Return whether the per-query values of a run are stored."""
        return self._file("queries", run_id, repeat).is_file()

    def queries(self, run_id: str, repeat: int) -> pd.DataFrame:
        """Return the per-query values of a run."""
        return _read(self._file("queries", run_id, repeat)).to_pandas()


def _read(path: Path) -> pa.Table:
    try:
        return pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = (str(error).splitlines() or ["no message"])[0]
        raise BenchError(f"{path} is damaged ({reason}); delete it, and the run will be made again") from error


def _rows_of(path: Path) -> pa.Table | None:
    """Return the rows of a file as today's version writes them; None if it holds something else.

    Raises:
        BenchError: it is damaged.
    """
    table = _read(path)
    try:
        if missing := _REQUIRED - set(table.column_names):
            raise KeyError(f"it has no column '{min(missing)}'")
        current = _current(table)
        types = {f.name: f.type for f in SCHEMA}
        columns = zip(current.column_names, current.columns, strict=True)
        return pa.table({name: values.cast(types.get(name, values.type)) for name, values in columns})
    except (KeyError, ValueError, pa.ArrowException) as error:
        reason = str(error.args[0] if error.args else error).splitlines()[0]
        print(f"warning: {path} does not hold rows of this benchmark and is left out ({reason})", file=sys.stderr)
        return None


def _current(table: pa.Table) -> pa.Table:
    """Return a table of an earlier version as today's writes it.

    The first had no column `storage`, as all vectors were float32; later ones appended other formats to the algorithm's
    name. None had a column `metric`, as all items were ranked by squared L2, or `shards`, as there was one index.
    """
    columns = dict(zip(table.column_names, table.columns, strict=True))
    columns.setdefault("metric", pa.array([Metric.L2] * len(table), pa.string()))
    columns.setdefault("shards", pa.array([1] * len(table), pa.int64()))
    if "controlled" in table.column_names:
        return pa.table(columns)
    columns.setdefault("storage", pa.array([Storage.FLOAT32] * len(table), pa.string()))
    pairs = zip(columns["algorithm"].to_pylist(), columns["storage"].to_pylist(), strict=True)
    columns["algorithm"] = pa.array([name.removesuffix(f"_{storage}") for name, storage in pairs], pa.string())
    return pa.table(columns)
