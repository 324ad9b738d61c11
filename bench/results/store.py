"""The store: one Parquet file of rows per run and repeat, and one of per-query values beside it.

A run's file of rows appears by one rename, after everything else of the run: it marks the run as complete. Files are
only ever added or replaced whole, so that a kill at any moment loses nothing that was stored. Several processes, on
several machines, may write to one store: each holds a lock on the run or index that it is making.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bench.core.errors import BenchError
from bench.core.formats import Storage
from bench.results.rows import METHOD, QUERY_SCHEMA, SCHEMA, Row, Status, from_table, to_table
from bench.system.cache import atomic_file, make_folder
from bench.system.locks import lock, try_lock


class Overwrite(StrEnum):
    """Which stored runs are run again."""

    NEVER = "never"
    FAILED = "failed"
    ALWAYS = "always"


_WORKLOAD = ["workload", "filter_type", "controlled", "controlled_value"]
_WHAT = ["dataset", "data_digest", "n", "dim", *_WORKLOAD, "k", *METHOD, "build_params", "search_params"]
_HOW = ["repeat", "seed", "queries", "threads_build", "threads_search", "cpu_model", "cores"]


class Store:
    """The runs under a results folder."""

    def __init__(self, root: Path) -> None:
        """Keep runs below `root`, which is created on the first write."""
        self.root = root

    def _file(self, group: str, run_id: str, repeat: int) -> Path:
        return self.root / group / f"{run_id}-{repeat}.parquet"

    def is_done(self, run_id: str, repeat: int, overwrite: Overwrite) -> bool:
        """Return whether a run is stored and need not be run again under an overwrite strategy.

        Raises:
            BenchError: its file is damaged.
        """
        path = self._file("runs", run_id, repeat)
        if overwrite is Overwrite.ALWAYS or not path.exists():
            return False
        if overwrite is Overwrite.NEVER:
            return True
        statuses = _read(path).column("status").to_pylist()
        return all(status in (Status.OK, Status.UNSUPPORTED) for status in statuses)

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
        with (
            atomic_file(self._file("queries", run_id, repeat)) as path,
            pq.ParquetWriter(path, QUERY_SCHEMA, compression="zstd") as writer,
        ):
            for table in queries:
                writer.write_table(table)
        with atomic_file(self._file("runs", run_id, repeat)) as path:
            pq.write_table(to_table(rows), path)

    def run(self, run_id: str, repeat: int) -> list[Row]:
        """Return the rows of a stored run.

        Raises:
            BenchError: its file is damaged.
        """
        return from_table(_read(self._file("runs", run_id, repeat)))

    def rows(self) -> pd.DataFrame:
        """Return all rows; among those that differ only in when and by which code they ran, the newest.

        Raises:
            BenchError: a file is damaged; names it.
        """
        tables = [_current(_read(path)) for path in sorted((self.root / "runs").glob("*.parquet"))]
        table = pa.concat_tables([SCHEMA.empty_table(), *tables], promote_options="default")
        frame = table.to_pandas().sort_values("started_at", kind="stable")
        return frame.drop_duplicates(_WHAT + _HOW, keep="last").reset_index(drop=True)

    def queries(self, run_id: str, repeat: int) -> pd.DataFrame:
        """Return the per-query values of a run."""
        return _read(self._file("queries", run_id, repeat)).to_pandas()


def _read(path: Path) -> pa.Table:
    try:
        return pq.ParquetFile(path).read()
    except (pa.ArrowInvalid, OSError) as error:
        raise BenchError(f"{path} is damaged ({error}); delete it, and the run will be made again") from error


def _current(table: pa.Table) -> pa.Table:
    """Return a table of an earlier version as today's writes it.

    The first had no column `storage`, as all vectors were float32; later ones appended other formats to the algorithm's
    name.
    """
    if "controlled" in table.column_names:
        return table
    columns = dict(zip(table.column_names, table.columns, strict=True))
    columns.setdefault("storage", pa.array([Storage.FLOAT32] * len(table), pa.string()))
    pairs = zip(columns["algorithm"].to_pylist(), columns["storage"].to_pylist(), strict=True)
    columns["algorithm"] = pa.array([name.removesuffix(f"_{storage}") for name, storage in pairs], pa.string())
    return pa.table(columns)
