"""Attributes and filters of a user's own, by command: reported cases, each with its right value."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench import data, run
from tests.support.commands import Commands, Outcome
from tests.support.small_dataset import clustered, write_lines

N, QUERIES, DIM = 300, 8, 8
COLOURS = [("red", "green", "blue")[i % 3] for i in range(N)]
PRICES = [round(1 + (i * 7 % N) / 10, 2) for i in range(N)]
DAYS = [dt.date(2020, 1, 1) + dt.timedelta(days=i) for i in range(N)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with vectors, queries, and no attributes yet."""
    np.save(tmp_path / "x.npy", clustered(N, DIM, 1))
    np.save(tmp_path / "y.npy", clustered(QUERIES, DIM, 2))
    return tmp_path


@pytest.fixture
def ran(command: Commands, folder: Path) -> Any:
    """Call a command over the folder."""

    def call(attributes: str, *words: str, entry: Any = run.entry) -> Outcome:
        files = [f"dataset.{key}={folder / name}" for key, name in (("vectors", "x.npy"), ("queries", "y.npy"))]
        files += [f"dataset.attributes={folder / attributes}", f"results={folder / 'results'}"]
        if entry is run.entry:
            files += ["latency_queries=0", "timed_seconds=0.01"]
        return command(entry, *(["verify"] if entry is data.entry else []), "dataset=vectors", *files, *words)

    return call


def store(folder: Path, **columns: Any) -> None:
    pq.write_table(pa.table({"colour": COLOURS, **columns}), folder / "a.parquet")


@pytest.mark.parametrize(
    "other",
    [
        pa.array([0.5] * N),
        pa.array([Decimal("1.5")] * N),
        pa.array([[0.5, 1.5]] * N),
        pa.array([[1, 2]] * N, pa.list_(pa.int32())),
        pa.array([{"year": 2020}] * N),
        pa.array([b"raw"] * N),
        pa.array([2**64 - 1] * N, pa.uint64()),
        pa.nulls(N),
        pa.array(["text"] * N, pa.string_view()),
        pa.array([dt.datetime(2020, 1, 1)] * N),
    ],
    ids=lambda array: str(array.type),
)
def test_a_column_that_no_filter_tests_is_no_obstacle(ran: Any, folder: Path, other: pa.Array) -> None:
    store(folder, other=other)
    said = ran("a.parquet", "workload=mem", "workload.expression={equals: colour}", "dry_run=true")
    assert said.code == 0, said
    assert "8 queries, EM on colour" in said.out


def test_the_same_range_over_every_type_has_the_same_answers(ran: Any, folder: Path) -> None:
    """Prices as floats, decimals and JSON numbers that begin whole; days as dates, timestamps and ISO strings."""
    middle = dt.datetime.combine(DAYS[100], dt.time())
    store(
        folder,
        price=PRICES,
        cost=[Decimal(str(price)) for price in PRICES],
        day=DAYS,
        moment=pa.array([dt.datetime.combine(day, dt.time()) for day in DAYS], pa.timestamp("us", "UTC")),
        meta=[{"day": day} for day in DAYS],
    )
    write_lines(
        folder / "a.jsonl",
        [
            {
                "price": int(price) if price == int(price) else price,
                "day": day.isoformat(),
                "moment": f"{day}T00:00:00Z",
            }
            for price, day in zip(PRICES, DAYS, strict=True)
        ],
    )
    ranges = [
        *(("a.parquet", f"{{between: [{name}, 10.5, null, '(]']}}") for name in ("price", "cost")),
        ("a.jsonl", "{between: [price, 10.5, null, '(]']}"),
        *(("a.parquet", f"{{between: [{name}, '{DAYS[100]}', null]}}") for name in ("day", "moment", "meta.day")),
        *(("a.jsonl", f"{{between: [{name}, '{middle.isoformat()}', null]}}") for name in ("day", "moment")),
    ]
    for number, (file, expression) in enumerate(ranges):
        said = ran(file, "workload=c", f"workload.name=w{number}", f"workload.expression={expression}")
        assert said.code == 0, said
        assert "recall up to 1.000" in said.out
    rows = pd.read_parquet(folder / "results" / "runs").set_index("workload")
    passing = [np.mean([price > 10.5 for price in PRICES])] * 3 + [(N - 100) / N] * 5
    assert rows["selectivity_mean"].loc[[f"w{i}" for i in range(len(ranges))]].tolist() == pytest.approx(passing)
    assert (rows["relevance_mean"].between(0, 1) & (rows["hardness_mean"] >= 1)).all()
    assert (rows["filter_type"] == "R").all()


def test_a_given_expression_replaces_the_configured_one(ran: Any, folder: Path) -> None:
    store(folder, price=PRICES)
    for configured in ("mem", "c", "emis_correlation"):
        for expression, kind in (
            ("{equals: colour}", "EM on colour"),
            ("{between: price}", "R on price"),
            ("{or: [{in: colour}, {not: {is_null: price}}]}", "C on colour, price"),
            ("{and: [{equals: colour}, {between: [price, null, 3]}]}", "C on colour, price"),
        ):
            said = ran("a.parquet", f"workload={configured}", f"workload.expression={expression}", "dry_run=true")
            assert f"8 queries, {kind}, k = 10" in said.out, said
    said = ran("a.parquet", "workload=em", "workload.expression={equals: colour}", "dry_run=true")
    assert said.code == 2
    assert "there is no key 'workload.expression'" in said.err


def test_expressions_can_be_swept(ran: Any, folder: Path) -> None:
    store(folder, price=PRICES)
    swept = "workload.expression={equals: colour},{between: price}"
    said = ran("a.parquet", "-m", "workload=mem,c", swept, "dry_run=true")
    assert said.code == 0, said
    assert [said.out.count(kind) for kind in ("EM on colour", "R on price")] == [2, 2]


def given_lines(style: str) -> list[Any]:
    """Return a filter per query on colour and price, in one of three styles."""
    lines: list[Any] = []
    for query in range(QUERIES):
        colour, most = COLOURS[query], 5 + query
        match style:
            case "ours":
                lines.append({"and": [{"equals": ["colour", colour]}, {"between": ["price", None, most, "[)"]}]})
            case "qdrant":
                tests = [{"colour": {"match": {"value": colour}}}, {"price": {"range": {"lt": most}}}]
                lines.append({"query": [0.0] * DIM, "conditions": {"and": tests}})
            case "diskann":
                lines.append({"query_id": query, "filter": {"colour": colour, "price": {"$lt": most}}})
    return lines


def nearest_passing(folder: Path, k: int = 5) -> list[list[int]]:
    """Return the true answers to `given_lines`, by sorting."""
    vectors, queries = np.load(folder / "x.npy"), np.load(folder / "y.npy")
    answers = []
    for query, point in enumerate(queries):
        distances = ((vectors.astype(np.float64) - point) ** 2).sum(axis=1)
        passing = [i for i in range(N) if COLOURS[i] == COLOURS[query] and PRICES[i] < 5 + query]
        answers.append(sorted(passing, key=lambda i: distances[i])[:k])
    return answers


@pytest.mark.parametrize("style", ["ours", "qdrant", "diskann"])
def test_filters_from_a_file_are_verified_and_run(ran: Any, folder: Path, style: str) -> None:
    store(folder, price=PRICES)
    lines, answers = given_lines(style), nearest_passing(folder)
    words = ["workload=given", f"workload.filters={folder / 'filters.jsonl'}"]
    write_lines(folder / "filters.jsonl", lines)
    said = ran("a.parquet", *words, entry=data.entry)
    assert said.code == 0, said
    assert f"given {QUERIES} queries, no published answers" in said.out

    def publish(ids: list[list[int]]) -> None:
        if style == "qdrant":
            write_lines(
                folder / "filters.jsonl", [line | {"closest_ids": row} for line, row in zip(lines, ids, strict=True)]
            )
            return
        rows = [{"query_id": q, "count": len(row), "ids": row, "distances": []} for q, row in enumerate(ids)]
        path = write_lines(folder / "truth.jsonl", [{"distance_func": "l2", "query_num": QUERIES}, *rows])
        if len(words) == 2:
            words.append(f"workload.answers={path}")

    publish(answers)
    said = ran("a.parquet", *words, entry=data.entry)
    assert f"given {QUERIES} queries, published answers are exact" in said.out, said
    answers[3] = answers[3][::-1]
    publish(answers)
    said = ran("a.parquet", *words, entry=data.entry)
    assert said.code == 2
    assert f"given {QUERIES} queries, published answers differ from the exact ones in 1" in said.out
    said = ran("a.parquet", *words, "k=5")
    assert "vectors given prefilter: recall up to 1.000" in said.out, said


def test_filters_that_do_not_fit_are_one_sentence(ran: Any, folder: Path) -> None:
    store(folder, price=PRICES)
    path = write_lines(folder / "filters.jsonl", given_lines("ours")[:-1])
    said = ran("a.parquet", "workload=given", f"workload.filters={path}", "dry_run=true")
    assert said.code == 2
    assert f"filters.jsonl has {QUERIES - 1} filters where there are {QUERIES} query vectors" in said.err
    write_lines(path, [*given_lines("ours")[:-1], {"equals": ["price", "cheap"]}])
    said = ran("a.parquet", "workload=given", f"workload.filters={path}", "dry_run=true")
    assert said.code == 2
    assert f"filters.jsonl: line {QUERIES}: 'equals' cannot test attribute 'price', which has numbers" in said.err
    assert "Traceback" not in said.err


def test_an_index_over_one_attribute_says_that_filters_test_several(ran: Any, folder: Path) -> None:
    store(folder, price=PRICES, day=DAYS)
    lines = [{"between": ["price", 1, 9]}, *[{"between": ["day", "2020-02-01", None]}] * (QUERIES - 1)]
    words = ["workload=given", f"workload.filters={write_lines(folder / 'filters.jsonl', lines)}"]
    for algorithm in ("serf", "irangegraph", "dsg", "digra"):
        said = ran("a.parquet", *words, f"algorithm={algorithm}")
        assert said.code == 0, said
        assert "query 0 tests price, and query 1 day" in said.out
    said = ran("a.parquet", *words)
    assert "recall up to 1.000" in said.out


def test_nulls_make_methods_for_ranges_unsupported(ran: Any, folder: Path) -> None:
    store(folder, price=[None if i % 9 == 0 else price for i, price in enumerate(PRICES)])
    said = ran("a.parquet", "workload=c", "workload.expression={between: price}", "algorithm=serf")
    assert f"attribute 'price' has no value for {len(range(0, N, 9))} items" in said.out, said


def test_a_description_shows_filters_as_people_write_them(ran: Any, folder: Path, command: Commands) -> None:
    store(folder, day=DAYS, blob=[b"raw"] * N)
    path = write_lines(folder / "filters.jsonl", [{"between": ["day", "2020-02-01", None]}] * QUERIES)
    files = [f"dataset.{key}={folder / name}" for key, name in (("vectors", "x.npy"), ("queries", "y.npy"))]
    words = ["dataset=vectors", *files, f"dataset.attributes={folder / 'a.parquet'}", f"results={folder / 'results'}"]
    said = command(data.entry, "describe", *words, "workload=given", f"workload.filters={path}")
    assert said.code == 0, said
    assert json.dumps({"between": ["day", "2020-02-01", None]}, separators=(",", ":")) in said.out
    assert "2020-01-01 (0.3%)" in said.out
    assert "attribute 'blob' has Arrow type binary" in said.out
    for quantity in ("selectivity", "relevance at k = 10", "hardness at k = 10"):
        assert f"{quantity}, percentiles over queries" in said.out
