"""The published layout: attributes and filters as JSON lines, in various spellings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.core.attributes import Attributes
from bench.core.columns import Kind
from bench.core.errors import BenchError
from bench.core.filters import And, Between, Contains, Equals, Everything, Filter
from bench.core.leaf import FilterType
from bench.datasets import layout
from bench.datasets.layout import (
    PUBLISHED_KINDS,
    attributes_to_parquet,
    parquet_to_attributes,
    read_filters,
    write_filters,
)
from tests.support.naive import items_of, values_of
from tests.support.small_dataset import attributes, records, write_lines


def converted(folder: Path, lines: list[Any]) -> Attributes:
    attributes_to_parquet(write_lines(folder / "in.jsonl", lines), folder / "out.parquet")
    return Attributes.open(folder / "out.parquet")


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Convert a few lines at a time, so that a small file has several batches."""
    monkeypatch.setattr(layout, "_BATCH", 7)


@pytest.mark.usefixtures("small_batches")
def test_the_eleven_attributes_are_read_with_their_kinds(tmp_path: Path) -> None:
    lines = records(30, 3)
    read = converted(tmp_path, lines)
    assert read.kinds == PUBLISHED_KINDS
    for item, record in zip(items_of(read), lines, strict=True):
        sets = {name for name, kind in PUBLISHED_KINDS.items() if kind is Kind.SET}
        assert item == {name: set(value or []) if name in sets else value for name, value in record.items()}


@pytest.mark.usefixtures("small_batches")
def test_attributes_survive_a_round_trip_through_json(tmp_path: Path) -> None:
    attributes(30).save(tmp_path / "in.parquet")
    parquet_to_attributes(tmp_path / "in.parquet", tmp_path / "again.jsonl")
    attributes_to_parquet(tmp_path / "again.jsonl", tmp_path / "again.parquet")
    assert items_of(Attributes.open(tmp_path / "again.parquet")) == items_of(attributes(30))


@pytest.mark.parametrize("spelling", ["has_comment", "has_comments", "hasComment", "Has Comments", "HAS-COMMENT"])
def test_published_attributes_may_be_spelled_in_several_ways(tmp_path: Path, spelling: str) -> None:
    read = converted(tmp_path, [{spelling: True}, {spelling: None}])
    assert values_of(read["has_comment"]) == [True, None]


def test_the_kind_of_other_attributes_follows_from_their_values(tmp_path: Path) -> None:
    lines = [
        {"Journals": None, "year": None, "open": None, "tags": None},
        {"Journals": "Nature", "year": 3, "open": False, "tags": ["x", "y"]},
    ]
    read = converted(tmp_path, lines)
    kinds = {"Journals": Kind.CATEGORICAL, "year": Kind.ORDERED, "open": Kind.BOOLEAN, "tags": Kind.SET}
    assert read.kinds == kinds
    assert items_of(read)[1] == {"Journals": "Nature", "year": 3, "open": False, "tags": {"x", "y"}}


def test_dates_are_days_since_1970(tmp_path: Path) -> None:
    lines = [{"update_date": "1970-01-02"}, {"update_date": "2024-02-29"}, {"update_date": 3}]
    assert values_of(converted(tmp_path, lines)["update_date"]) == [1, 19782, 3]


def test_two_spellings_of_one_attribute_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="'has_comment' in two ways: has_comment and hasComments"):
        converted(tmp_path, [{"has_comment": True, "hasComments": True}])


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("line", [2, 8, 30])
@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        ("{", "is not JSON"),
        ("", "is not JSON"),
        ("\udcff", "is not JSON"),
        ("[1]", "is list, not a JSON object"),
        ('{"year": 1}', "has no 'tags'"),
        ('{"year": "x", "tags": []}', "has 'x' for 'year', which should be ordered"),
        ('{"year": "2020-13-01", "tags": []}', "has '2020-13-01' for 'year', which should be ordered"),
        ('{"year": true, "tags": []}', "has True for 'year'"),
        ('{"year": 9223372036854775808, "tags": []}', "has 9223372036854775808 for 'year'"),
        ('{"year": 1, "tags": "a"}', "has 'a' for 'tags', which should be set"),
        ('{"year": 1, "tags": [1]}', r"has \[1\] for 'tags'"),
    ],
)
def test_damaged_lines_are_numbered(tmp_path: Path, line: int, damage: str, complaint: str) -> None:
    good = '{"year": 1, "tags": ["a"]}'
    lines = [good] * 30
    lines[line - 1] = damage
    path = tmp_path / "in.jsonl"
    path.write_bytes("".join(f"{text}\n" for text in lines).encode(errors="surrogateescape"))
    with pytest.raises(BenchError, match=f"in.jsonl: line {line} {complaint}"):
        attributes_to_parquet(path, tmp_path / "out.parquet")


def test_an_empty_file_and_a_value_of_another_type_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"in.jsonl is empty"):
        converted(tmp_path, [])
    with pytest.raises(BenchError, match=r"attribute 'score' has the value 1.5; use strings, integers, booleans"):
        converted(tmp_path, [{"score": 1.5}])


@pytest.mark.parametrize(
    ("filter_type", "filters"),
    [
        (FilterType.EM, [Equals("x", 3), Equals("x", -1)]),
        (FilterType.R, [Between("x", 3, 4), Between("x", 4, 3)]),
        (FilterType.EMIS, [Contains("x", "ü"), Contains("x", 'a"b')]),
    ],
)
def test_filters_survive_a_round_trip(tmp_path: Path, filter_type: FilterType, filters: list[Filter]) -> None:
    write_filters(tmp_path / "x.jsonl", filters)
    assert read_filters(tmp_path / "x.jsonl", filter_type, "x") == filters


def test_filters_may_use_other_spellings_and_dates(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "x.jsonl", [{"rangeStart": "1970-01-02", "Range-End": 5}])
    assert read_filters(path, FilterType.R, "x") == [Between("x", 1, 5)]


@pytest.mark.parametrize("filter_", [Everything(), And((Equals("x", 1), Equals("y", 2)))])
def test_filters_that_the_layout_cannot_store_are_refused(tmp_path: Path, filter_: Filter) -> None:
    with pytest.raises(BenchError, match="the published layout cannot store the filter"):
        write_filters(tmp_path / "x.jsonl", [filter_])


@pytest.mark.parametrize(
    ("filter_type", "record", "complaint"),
    [
        (FilterType.EM, {"labl": 1}, r"line 2 has no 'label' \(found labl\)"),
        (FilterType.EM, {}, r"line 2 has no 'label' \(found nothing\)"),
        (FilterType.EM, {"label": "x"}, "line 2 has 'x' for 'label', which should be int"),
        (FilterType.EM, {"label": True}, "line 2 has True for 'label', which should be int"),
        (FilterType.R, {"range_start": 1}, "line 2 has no 'range_end'"),
        (FilterType.R, {"range_start": 1, "range_end": None}, "line 2 has None for 'range_end'"),
        (FilterType.EMIS, {"label": 1}, "line 2 has 1 for 'label', which should be str"),
    ],
)
def test_damaged_filters_are_numbered(tmp_path: Path, filter_type: FilterType, record: Any, complaint: str) -> None:
    good: dict[FilterType, Any] = {
        FilterType.EM: {"label": 1},
        FilterType.R: {"range_start": 1, "range_end": 2},
        FilterType.EMIS: {"label": "x"},
    }
    path = write_lines(tmp_path / "x.jsonl", [good[filter_type], record])
    with pytest.raises(BenchError, match=complaint):
        read_filters(path, filter_type, "x")


def test_empty_or_missing_filter_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(BenchError, match=r"empty.jsonl is empty"):
        read_filters(tmp_path / "empty.jsonl", FilterType.EM, "x")
    with pytest.raises(BenchError, match=r"no file .*missing.jsonl"):
        read_filters(tmp_path / "missing.jsonl", FilterType.EM, "x")
