"""The store: rows that appear whole, which of them are done, and damaged files that are named."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.core.errors import BenchError
from bench.core.formats import Storage
from bench.results.rows import SCHEMA, Row, Status, from_table, log_of, reason_of, to_table, with_log
from bench.results.selection import with_distinct_names
from bench.results.store import Overwrite, Store
from tests.support.rows import TIME, row
from tests.support.rows import query_table as queries_of


def query_table() -> pa.Table:
    return queries_of("{}", 1, np.random.default_rng(0))


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    store = Store(tmp_path)
    written = [row(recall=0.5, queries=3, code_dirty=True), row(search_params={"ef": 1}, recall=None)]
    store.write("a", 0, written, [query_table()])
    assert store.run("a", 0) == written
    rows = store.rows()
    assert rows.columns.tolist() == SCHEMA.names
    assert [json.loads(params) for params in rows["search_params"]] == [{"ef": 10}, {"ef": 1}]
    assert rows["recall"][0] == 0.5
    assert pd.isna(rows["recall"][1])
    assert len(store.queries("a", 0)) == 1


def write_as_before(root: Path, *, lacking: tuple[str, ...], **values: Any) -> None:
    """Write the file of one row as an earlier version did, without some columns and with others as they were then."""
    columns = {name: [value] for name, value in vars(row()).items() if name not in lacking} | values
    (root / "runs").mkdir()
    pq.write_table(pa.table(columns), root / "runs" / "old-0.parquet")


@pytest.mark.parametrize(
    ("lacking", "algorithm", "storage", "expected"),
    [
        (("controlled", "controlled_value"), "acorn_int8", "int8", ("acorn", "int8")),
        (("controlled", "controlled_value"), "acorn", "float32", ("acorn", "float32")),
        (("controlled", "controlled_value", "storage", "storage_error"), "acorn", None, ("acorn", "float32")),
    ],
)
def test_rows_of_earlier_versions_are_read(
    tmp_path: Path, lacking: tuple[str, ...], algorithm: str, storage: str | None, expected: tuple[str, str]
) -> None:
    values = {"algorithm": [algorithm]} | ({"storage": [storage]} if storage else {})
    write_as_before(tmp_path, lacking=lacking, **values)
    store = Store(tmp_path)
    store.write("new", 0, [row(workload="r", controlled="selectivity", controlled_value=0.5)], [])
    rows = store.rows().set_index("workload")
    assert rows.columns.tolist() == [name for name in SCHEMA.names if name != "workload"]
    assert (rows.loc["em", "algorithm"], rows.loc["em", "storage"]) == expected
    assert pd.isna(rows.loc["em", "controlled"])
    assert rows.loc["r", "controlled_value"] == 0.5


def test_a_row_of_an_earlier_version_and_the_same_of_today_count_once(tmp_path: Path) -> None:
    old = {"algorithm": ["acorn_int8"], "storage": ["int8"], "recall": [0.1]}
    write_as_before(tmp_path, lacking=("controlled", "controlled_value", "metric", "shards"), **old)
    store = Store(tmp_path)
    later = TIME + dt.timedelta(days=1)
    store.write("new", 0, [row(algorithm="acorn", storage=Storage.INT8, recall=0.9, started_at=later)], [])
    assert store.rows()["recall"].tolist() == [0.9]


def test_the_format_of_vectors_tells_rows_apart(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write("a", 0, [row(storage=storage) for storage in Storage], [])
    assert len(store.rows()) == len(Storage)


def test_the_number_of_shards_tells_rows_apart(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write("a", 0, [row(shards=shards) for shards in (1, 2, 4)], [])
    rows = store.rows()
    assert rows["shards"].tolist() == [1, 2, 4]
    named = with_distinct_names(rows)
    assert named["algorithm"].tolist() == [f"hnswlib_infilter{count}" for count in ("", " in 2 shards", " in 4 shards")]
    assert named["algorithm_name"].tolist() == ["hnswlib_infilter"] * 3


def test_a_row_needs_what_is_always_known() -> None:
    with pytest.raises(TypeError, match="status"):
        Row(run_id="r")


def test_a_column_that_a_file_lacks_is_unknown() -> None:
    table = to_table([row(recall=0.5)])
    (read,) = from_table(table.drop_columns(["recall", "controlled"]))
    assert (read.recall, read.qps) == (None, 1000.0)
    assert type(read.status) is Status


def test_a_value_that_is_always_known_cannot_be_stored_as_null(tmp_path: Path) -> None:
    with pytest.raises(pa.ArrowInvalid, match="'n' is declared non-nullable"):
        Store(tmp_path).write("a", 0, [row(n=None)], [])


def test_an_error_ends_with_the_log_and_keeps_its_reason() -> None:
    error = with_log("Traceback\n  line\nKeyError: 1\n", Path("results/logs/r-0-build.log"))
    assert error.endswith("results/logs/r-0-build.log")
    assert (reason_of(error), log_of(error)) == ("KeyError: 1", "results/logs/r-0-build.log")
    assert (reason_of("took more than 1 s"), log_of("took more than 1 s")) == ("took more than 1 s", None)
    assert (reason_of(""), log_of("")) == ("", None)
    assert reason_of(with_log("", Path("x"))) == ""


def test_an_empty_store_has_no_rows(tmp_path: Path) -> None:
    rows = Store(tmp_path / "nowhere").rows()
    assert rows.empty
    assert rows.columns.tolist() == SCHEMA.names
    assert not (tmp_path / "nowhere").exists()


def test_of_rows_that_differ_only_in_time_the_newest_counts(tmp_path: Path) -> None:
    store = Store(tmp_path)
    later = TIME + dt.timedelta(hours=1)
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


def test_what_a_kill_left_behind_is_not_a_row(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write("a", 0, [row()], [])
    (tmp_path / "runs" / ".b-0.parquet.0123abcd").write_bytes(b"half a fi")
    assert len(store.rows()) == 1


@pytest.mark.parametrize("group", ["runs", "queries"])
def test_a_run_whose_files_are_damaged_is_not_done(
    tmp_path: Path, group: str, capfd: pytest.CaptureFixture[str]
) -> None:
    store = Store(tmp_path)
    store.write("a", 0, [row()], [query_table()])
    assert store.is_done("a", 0, Overwrite.NEVER)
    path = tmp_path / group / "a-0.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    assert not store.is_done("a", 0, Overwrite.NEVER)
    assert f"{group}/a-0.parquet is damaged" in capfd.readouterr().err


def test_rows_and_queries_of_two_attempts_do_not_make_a_run(tmp_path: Path) -> None:
    store, other = Store(tmp_path), Store(tmp_path / "other")
    store.write("a", 0, [row()], [query_table()])
    other.write("a", 0, [row()], [])
    (tmp_path / "other" / "queries" / "a-0.parquet").replace(tmp_path / "queries" / "a-0.parquet")
    assert not store.is_done("a", 0, Overwrite.NEVER)


def test_a_foreign_file_is_left_out(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    store = Store(tmp_path)
    store.write("a", 0, [row()], [])
    pq.write_table(pa.table({"x": [1]}), tmp_path / "runs" / "foreign.parquet")
    odd = pq.read_table(tmp_path / "runs" / "a-0.parquet").to_pydict() | {"n": ["many"]}
    pq.write_table(pa.table(odd), tmp_path / "runs" / "odd.parquet")
    assert len(store.rows()) == 1
    said = capfd.readouterr().err
    assert "foreign.parquet does not hold rows of this benchmark and is left out (it has no column" in said
    assert "odd.parquet does not hold rows" in said


@pytest.mark.parametrize(
    "difference",
    [
        {"workload_digest": "b"},
        {"skip": 5},
        {"rerank": 5.0},
        {"timed_seconds": 9.0},
        {"latency_queries": 9},
        {"seed": 1},
    ],
    ids=lambda difference: next(iter(difference)),
)
def test_rows_that_ask_other_questions_do_not_replace_each_other(tmp_path: Path, difference: dict[str, Any]) -> None:
    store = Store(tmp_path)
    store.write("a", 0, [row(workload_digest="a", skip=0)], [])
    store.write("b", 0, [row(**{"workload_digest": "a", "skip": 0} | difference)], [])
    assert len(store.rows()) == 2


def test_a_row_of_a_clock_that_ran_ahead_does_not_win(tmp_path: Path) -> None:
    store = Store(tmp_path)
    ahead = dt.datetime.now(dt.UTC) + dt.timedelta(days=400)
    store.write("ahead", 0, [row(recall=0.1, started_at=ahead)], [])
    store.write("today", 0, [row(recall=0.9, started_at=dt.datetime.now(dt.UTC))], [])
    assert store.rows()["recall"].tolist() == [0.9]
    assert len(store.all_rows()) == 2


@pytest.mark.parametrize("content", [b"", b"no Parquet", None])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    store = Store(tmp_path)
    store.write("a", 0, [row()], [query_table()])
    for group in ("runs", "queries"):
        path = tmp_path / group / "a-0.parquet"
        path.write_bytes(path.read_bytes()[:-20] if content is None else content)
    for read in (store.rows, lambda: store.queries("a", 0)):
        with pytest.raises(BenchError, match=r"a-0.parquet is damaged .* delete it, and the run will be made again"):
            read()
