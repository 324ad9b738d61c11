"""The store: rows that appear whole, which of them are done, and damaged files that are named."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from bench.core.errors import BenchError
from bench.results.rows import QUERY_SCHEMA, SCHEMA, Status
from bench.results.store import Overwrite, Store

NOW = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)


def row(**values: Any) -> dict[str, Any]:
    return {"status": Status.OK, "search_params": "{}", "repeat": 0, "started_at": NOW} | values


def query_table() -> pa.Table:
    return pa.table({name: [None] for name in QUERY_SCHEMA.names}, schema=QUERY_SCHEMA)


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write("a", 0, [row(recall=0.5, queries=3, code_dirty=True), row(search_params='{"ef": 1}')], [query_table()])
    rows = store.rows()
    assert rows.columns.tolist() == SCHEMA.names
    assert rows["search_params"].tolist() == ["{}", '{"ef": 1}']
    assert rows["recall"][0] == 0.5
    assert pd.isna(rows["recall"][1])
    assert len(store.queries("a", 0)) == 1


def test_an_empty_store_has_no_rows(tmp_path: Path) -> None:
    rows = Store(tmp_path / "nowhere").rows()
    assert rows.empty
    assert rows.columns.tolist() == SCHEMA.names
    assert not (tmp_path / "nowhere").exists()


def test_of_rows_that_differ_only_in_time_the_newest_counts(tmp_path: Path) -> None:
    store = Store(tmp_path)
    later = NOW + dt.timedelta(hours=1)
    store.write("old", 0, [row(recall=0.1), row(recall=0.2, repeat=1), row(recall=0.3, k=5)], [])
    store.write("a_new", 0, [row(recall=0.9, started_at=later)], [])
    assert sorted(store.rows()["recall"]) == [0.2, 0.3, 0.9]


@pytest.mark.parametrize(
    ("statuses", "again"),
    [
        ([Status.OK], False),
        ([Status.UNSUPPORTED, Status.OK], False),
        ([Status.OK, Status.TIMEOUT], True),
        ([Status.CRASHED], True),
        ([Status.INVALID], True),
        ([Status.OUT_OF_MEMORY], True),
    ],
)
def test_overwrite_strategies(tmp_path: Path, statuses: list[Status], again: bool) -> None:
    store = Store(tmp_path)
    store.write("a", 0, [row(status=status) for status in statuses], [])
    assert store.is_done("a", 0, Overwrite.NEVER)
    assert store.is_done("a", 0, Overwrite.FAILED) is not again
    assert not store.is_done("a", 0, Overwrite.ALWAYS)
    for overwrite in Overwrite:
        assert not store.is_done("a", 1, overwrite)
        assert not store.is_done("b", 0, overwrite)


def test_a_run_whose_queries_cannot_be_written_is_not_there(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def failing() -> Any:
        yield query_table()
        raise OSError("no space left on device")

    with pytest.raises(BenchError, match=r"cannot write .*queries.*no space left"):
        store.write("a", 0, [row()], failing())
    assert not store.is_done("a", 0, Overwrite.NEVER)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_rows_that_do_not_fit_the_schema_leave_no_file(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(pa.ArrowInvalid):
        store.write("a", 0, [row(recall="high")], [])
    assert not store.is_done("a", 0, Overwrite.NEVER)
    assert list((tmp_path / "runs").iterdir()) == []


def test_what_a_kill_left_behind_is_no_row(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write("a", 0, [row()], [])
    (tmp_path / "runs" / ".b-0.parquet.0123abcd").write_bytes(b"half a fi")
    assert len(store.rows()) == 1


@pytest.mark.parametrize("content", [b"", b"no Parquet", None])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    store = Store(tmp_path)
    store.write("a", 0, [row()], [query_table()])
    for group in ("runs", "queries"):
        path = tmp_path / group / "a-0.parquet"
        path.write_bytes(path.read_bytes()[:-20] if content is None else content)
    for read in (store.rows, lambda: store.is_done("a", 0, Overwrite.FAILED), lambda: store.queries("a", 0)):
        with pytest.raises(BenchError, match=r"a-0.parquet is damaged .* delete it, and the run will be made again"):
            read()
