"""The store: one Parquet file of rows per run and repeat, one of per-query figures beside it.

A run's file of rows appears by one rename, after everything else of the run: it is the mark of completion. Files
are only ever added or replaced whole, so a kill at any moment loses nothing that was stored. Several processes, on
several machines, may write to one store: whoever makes a run or an index holds its lock meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bench.core.errors import BenchError
from bench.results.rows import QUERY_SCHEMA, SCHEMA, Status
from bench.system.cache import atomic_file, make_folder
from bench.system.locks import lock, try_lock


class Overwrite(StrEnum):
    """Which stored runs are run again."""

    NEVER = "never"
    FAILED = "failed"
    ALWAYS = "always"


_SAME = [
    "dataset",
    "data_digest",
    "n",
    "dim",
    "workload",
    "k",
    "algorithm",
    "build_params",
    "search_params",
    "repeat",
    "seed",
]
_SAME_CONDITIONS = ["queries", "threads_build", "threads_search", "cpu_model", "cores"]


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
            waiting: called again and again while another process holds it.

        Raises:
            BenchError: the results folder cannot be written, or its file system knows no locks.
        """
        return lock(self._lock_file(kind, name, repeat), waiting)

    def is_being_made(self, run_id: str, repeat: int) -> bool:
        """Return whether some process makes a run just now.

        Raises:
            BenchError: see `lock`.
        """
        file = try_lock(self._lock_file("run", run_id, repeat))
        if file is not None:
            file.close()
        return file is None

    def _lock_file(self, kind: str, name: str, repeat: int) -> Path:
        return make_folder(self.root) / "locks" / f"{kind}-{name}-{repeat}"

    def write(self, run_id: str, repeat: int, rows: Sequence[dict[str, Any]], queries: Iterable[pa.Table]) -> None:
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
            pq.write_table(pa.Table.from_pylist(list(rows), SCHEMA), path)

    def run(self, run_id: str, repeat: int) -> list[dict[str, Any]]:
        """Return the rows of a stored run.

        Raises:
            BenchError: its file is damaged.
        """
        return _read(self._file("runs", run_id, repeat)).to_pylist()

    def rows(self) -> pd.DataFrame:
        """Return all rows; of several that differ in nothing but when and by which code they ran, the newest.

        Raises:
            BenchError: a file is damaged; names it.
        """
        tables = [_read(path) for path in sorted((self.root / "runs").glob("*.parquet"))]
        table = pa.concat_tables(tables, promote_options="default") if tables else SCHEMA.empty_table()
        frame = table.to_pandas().sort_values("started_at", kind="stable")
        return frame.drop_duplicates(_SAME + _SAME_CONDITIONS, keep="last").reset_index(drop=True)

    def queries(self, run_id: str, repeat: int) -> pd.DataFrame:
        """Return the per-query figures of a run."""
        return _read(self._file("queries", run_id, repeat)).to_pandas()


def _read(path: Path) -> pa.Table:
    try:
        return pq.ParquetFile(path).read()
    except (pa.ArrowInvalid, OSError) as error:
        raise BenchError(f"{path} is damaged ({error}); delete it, and the run will be made again") from error
