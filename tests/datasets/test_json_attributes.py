"""Attributes as JSON lines: kinds that all values decide, in various spellings, and errors that name the line."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.attributes import Attributes
from bench.core.columns import Kind, Ordered
from bench.core.errors import BenchError
from bench.core.filters import Between, Equals
from bench.core.fitting import fit
from bench.core.masks import mask
from bench.datasets import json_attributes
from bench.datasets.json_attributes import PUBLISHED_KINDS, attributes_to_parquet, parquet_to_attributes
from tests.support.naive import items_of, values_of
from tests.support.small_dataset import attributes, records, write_lines


def converted(folder: Path, lines: list[Any]) -> Attributes:
    attributes_to_parquet(write_lines(folder / "in.jsonl", lines), folder / "out.parquet")
    return Attributes.open(folder / "out.parquet")


def column(folder: Path, values: list[Any]) -> Any:
    return converted(folder, [{"x": value} for value in values])["x"]


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Convert a few lines at a time, so that a small file has several batches."""
    monkeypatch.setattr(json_attributes, "_BATCH", 7)


@pytest.mark.usefixtures("small_batches")
def test_the_eleven_attributes_are_read_with_their_kinds(tmp_path: Path) -> None:
    lines = records(30, 3)
    read = converted(tmp_path, lines)
    assert read.kinds == PUBLISHED_KINDS
    for item, record in zip(items_of(read), lines, strict=True):
        sets = {name for name, kind in PUBLISHED_KINDS.items() if kind is Kind.SET}
        assert item == {name: set(value or []) if name in sets else value for name, value in record.items()}


def test_published_attributes_without_any_value_keep_their_kinds(tmp_path: Path) -> None:
    assert converted(tmp_path, [dict.fromkeys(PUBLISHED_KINDS)]).kinds == PUBLISHED_KINDS


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


def test_two_spellings_of_one_attribute_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="'has_comment' in two ways: has_comment and hasComments"):
        converted(tmp_path, [{"has_comment": True, "hasComments": True}])


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([None, "Nature"], Kind.CATEGORICAL, [None, "Nature"]),
        (["2020", "2021"], Kind.CATEGORICAL, ["2020", "2021"]),
        (["2024-02-29", "no date"], Kind.CATEGORICAL, ["2024-02-29", "no date"]),
        (["2024-02-30"], Kind.CATEGORICAL, ["2024-02-30"]),
        ([None, False], Kind.BOOLEAN, [None, False]),
        ([None, 3], Kind.ORDERED, [None, 3]),
        ([-(2**63), 2**63 - 1], Kind.ORDERED, [-(2**63), 2**63 - 1]),
        ([10, 22.26, None, 2**64], Kind.ORDERED, [10.0, 22.26, None, 2.0**64]),
        (["1970-01-02", "2024-02-29", 3], Kind.ORDERED, [1, 19782, 3]),
        ([None, [], ["y", "x"]], Kind.SET, [set(), set(), {"x", "y"}]),
        ([[7, 3], [7]], Kind.SET, [{3, 7}, {7}]),
        ([["2024-02-29"], ["a"]], Kind.SET, [{"2024-02-29"}, {"a"}]),
        ([None, None], Kind.CATEGORICAL, [None, None]),
    ],
)
def test_the_kind_follows_from_all_values(tmp_path: Path, values: list[Any], kind: Kind, expected: list[Any]) -> None:
    read = column(tmp_path, values)
    assert read.kind is kind
    assert values_of(read) == expected


def test_timestamps_are_ordered_in_utc(tmp_path: Path) -> None:
    written = ["2023-01-06T06:37:00Z", "2023-01-06T07:37:00+01:00", "2023-01-06 06:37:00.5", "2023-01-06", None]
    instants = [dt.datetime(2023, 1, 6, 6, 37, tzinfo=dt.UTC)] * 2
    instants += [instants[0] + dt.timedelta(milliseconds=500), dt.datetime(2023, 1, 6, tzinfo=dt.UTC)]
    read = column(tmp_path, written)
    assert isinstance(read, Ordered)
    assert values_of(read) == [round(i.timestamp() * 10**6) for i in instants] + [None]
    nanoseconds = column(tmp_path, ["2023-01-06T06:37:00.000000001Z", "2023-01-06T06:37:00Z"])
    assert values_of(nanoseconds) == [1_672_987_020_000_000_001, 1_672_987_020_000_000_000]


def test_fields_of_objects_are_tested_by_their_path(tmp_path: Path) -> None:
    lines = [{"meta": {"year": 2020, "venue": {"name": "A"}}}, {"meta": None}, {}, {"meta": {"venue": {"open": True}}}]
    read = converted(tmp_path, lines)
    assert list(read.kinds) == ["meta.year", "meta.venue.name", "meta.venue.open"]
    assert values_of(read["meta.year"]) == [2020, None, None, None]
    assert values_of(read["meta.venue.open"]) == [None, None, None, True]
    with pytest.raises(BenchError, match=r"'meta' has Arrow type struct<.*fields of structs by their path"):
        _ = read["meta"]
    with pytest.raises(BenchError, match=r"no attribute 'meta.yaer'; did you mean 'meta.year'"):
        _ = read["meta.yaer"]


@pytest.mark.usefixtures("small_batches")
def test_an_attribute_that_comes_late_or_is_absent_is_missing_elsewhere(tmp_path: Path) -> None:
    lines = [{"word": "a"}] * 20 + [{"word": "a", "late": 1.5}, {"late": None}, {}]
    read = converted(tmp_path, lines)
    assert values_of(read["late"]) == [None] * 20 + [1.5, None, None]
    assert values_of(read["word"]) == ["a"] * 21 + [None, None]


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\r\n  \r\n"])
def test_blank_lines_may_end_a_file(tmp_path: Path, end: str) -> None:
    (tmp_path / "in.jsonl").write_text('{"x": 1}\n{"x": 2}' + end, newline="")
    attributes_to_parquet(tmp_path / "in.jsonl", tmp_path / "out.parquet")
    assert values_of(Attributes.open(tmp_path / "out.parquet")["x"]) == [1, 2]


def test_what_is_not_a_number_is_missing(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"x": 1, "y": NaN}\n{"x": NaN, "y": -Infinity}\n{"x": 2, "y": 0.5}\n')
    attributes_to_parquet(tmp_path / "in.jsonl", tmp_path / "out.parquet")
    read = Attributes.open(tmp_path / "out.parquet")
    assert values_of(read["x"]) == [1, None, 2]
    assert values_of(read["y"]) == [None, -float("inf"), 0.5]


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("line", [2, 8, 29])
@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        ("{", "is not JSON"),
        ("", "is blank, and line .* is not"),
        ("\udcff", "is not JSON"),
        ("[1]", "is list, not a JSON object"),
    ],
)
def test_damaged_lines_are_numbered(tmp_path: Path, line: int, damage: str, complaint: str) -> None:
    lines = ['{"year": 1, "tags": ["a"]}'] * 30
    lines[line - 1] = damage
    path = tmp_path / "in.jsonl"
    path.write_bytes("".join(f"{text}\n" for text in lines).encode(errors="surrogateescape"))
    with pytest.raises(BenchError, match=f"in.jsonl: line {line} {complaint}"):
        attributes_to_parquet(path, tmp_path / "out.parquet")


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("x", "line 4 of in.jsonl has 'x', but line 1 has 1"),
        ("2020-13-01", "line 4 of in.jsonl has '2020-13-01', but line 1 has 1"),
        (True, "line 4 of in.jsonl has True, but line 1 has 1"),
        (2**63, "line 4 of in.jsonl has 9223372036854775808, which is out of the range of int64"),
        ([1], r"line 4 of in.jsonl has \[1\], but line 1 has 1"),
        ({"a": 1}, "line 4 of in.jsonl has {'a': 1}, but line 1 has 1"),
    ],
)
def test_a_mixed_attribute_is_refused_where_it_is_tested_and_nowhere_else(
    tmp_path: Path, value: Any, complaint: str
) -> None:
    lines: list[Any] = [{"year": 1, "word": "a"}] * 3 + [{"year": value, "word": "b"}]
    read = converted(tmp_path, lines)
    assert list(read.kinds) == ["word"]
    assert mask(fit(Equals("word", "b"), read), read).tolist() == [False, False, False, True]
    with pytest.raises(BenchError, match=f"attribute 'year' cannot be tested: {complaint}"):
        fit(Between("year", 0, 1), read)
    # Nothing is lost: the column holds the values as text.
    stored = pq.read_table(tmp_path / "out.parquet")["year"].to_pylist()
    assert list(map(json.loads, stored)) == [1, 1, 1, value]


@pytest.mark.parametrize("value", [[1, "a"], [1.5], [["a"]], [{"a": 1}], {}, [2**63]])
def test_other_values_are_refused_where_they_are_tested(tmp_path: Path, value: Any) -> None:
    read = converted(tmp_path, [{"x": value, "word": "a"}])
    assert list(read.kinds) == ["word"]
    with pytest.raises(BenchError, match=r"attribute 'x' cannot be tested: line 1 of in.jsonl has .*; use strings"):
        _ = read["x"]


def test_objects_in_objects_without_end_are_refused(tmp_path: Path) -> None:
    value: Any = 1
    for _ in range(100):
        value = {"a": value}
    assert not converted(tmp_path, [value]).kinds


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"in.jsonl is empty"):
        converted(tmp_path, [])
    with pytest.raises(BenchError, match=r"in.jsonl is empty"):
        converted(tmp_path, [{}, {}])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.", max_size=2), inner, max_size=3),
    max_leaves=5,
)


@given(st.lists(st.dictionaries(st.text("xyz", max_size=1), JSON, min_size=1, max_size=3), min_size=1, max_size=5))
def test_any_objects_are_converted_and_every_kind_can_be_read(lines: list[dict[str, Any]]) -> None:
    with TemporaryDirectory() as folder:
        read = converted(Path(folder), lines)
        assert read.n == len(lines)
        assert {len(read[name]) for name in read.kinds} <= {len(lines)}
        for name in {name for line in lines for name in line}:
            assert any(f"{path}.".startswith(f"{name}.") for path in read.names)  # structs are named by their fields


def test_a_price_that_begins_whole_is_ordered_as_floats(tmp_path: Path) -> None:
    prices = [10, 22.26, 7, 5.5]
    read = converted(tmp_path, [{"price": price} for price in prices])
    chosen = mask(fit(Between("price", None, 10, "[)"), read), read)
    assert chosen.tolist() == [Decimal(str(price)) < 10 for price in prices]
