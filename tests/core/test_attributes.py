"""Attribute columns: round trips, missing values and digests."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given

from bench.core.attributes import Attributes
from bench.core.columns import Kind
from bench.core.encode import boolean, categorical, column_from_arrow, ordered, sets
from bench.core.errors import BenchError
from bench.core.paths import PROJECT
from bench.core.units import INTEGERS, Dates, Decimals, Durations, Times, Timestamps
from tests.support.naive import items_of, values_of
from tests.support.strategies import columns


@given(columns())
def test_parquet_round_trip_keeps_values_kinds_and_digest(attributes: Attributes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "attributes.parquet"
        attributes.save(path)
        read = Attributes.open(path)
        assert read.n == attributes.n
        assert read.kinds == attributes.kinds
        assert items_of(read) == items_of(attributes)
        assert read.digest(read.kinds) == attributes.digest(attributes.kinds)


def test_missing_values_are_kept() -> None:
    assert values_of(categorical(["b", None, "a"])) == ["b", None, "a"]
    assert values_of(ordered([None, 2**62 + 1])) == [None, 2**62 + 1]
    assert values_of(boolean([True, None, False])) == [True, None, False]
    assert values_of(sets([None, [], ["a"]])) == [set(), set(), {"a"}]


def test_repeats_and_missing_words_in_a_set_are_dropped() -> None:
    column = sets([["b", "a", "b"], ["a", None, "a"], ["b"]])
    assert values_of(column) == [{"a", "b"}, {"a"}, {"b"}]
    assert column.codes.tolist() == [0, 1, 0, 1]
    starts, ids = column.postings
    assert [ids[a:b].tolist() for a, b in pairwise(starts)] == [[0, 1], [0, 2]]


def test_a_part_of_a_column_has_the_values_of_its_items() -> None:
    for column in (categorical("abc"), ordered([1, 2, 3]), boolean([True, None, False]), sets([["a"], [], ["b"]])):
        assert values_of(column.part(slice(2))) == values_of(column)[:2]
        assert len(column.part(slice(0))) == 0


@pytest.mark.parametrize("words", [["b", "a"], ["a", "b"], ["a", "unused", "b"], ["b", "a", "b"]])
def test_digest_ignores_the_dictionary_of_a_column(words: list[str]) -> None:
    values = ["b", None, "a", "b"]
    codes = pa.array([None if value is None else words.index(value) for value in values], pa.int32())
    column = column_from_arrow(pa.DictionaryArray.from_arrays(codes, pa.array(words)), "x")
    assert values_of(column) == values
    plain = Attributes(4, {"x": categorical(values)})
    assert Attributes(4, {"x": column}).digest(["x"]) == plain.digest(["x"])


def test_digest_depends_on_values_names_kinds_and_missing_values() -> None:
    digests = {
        Attributes(2, {name: column}).digest([name])
        for name, column in [
            ("x", ordered([0, 1])),
            ("y", ordered([0, 1])),
            ("x", ordered([None, 1])),
            ("x", boolean([False, True])),
            ("x", categorical(["a", "bc"])),
            ("x", categorical(["ab", "c"])),
            ("x", sets([["a"], ["bc"]])),
            ("x", sets([["a", "bc"], []])),
        ]
    }
    assert len(digests) == 8


@pytest.mark.parametrize("values", [[b"raw"], [[1.5]], [{"a": 1}], [[["a"]]]])
def test_other_arrow_types_are_refused(values: list[object]) -> None:
    with pytest.raises(BenchError, match=r"'x' has Arrow type .*; filters test strings, numbers"):
        column_from_arrow(pa.array(values), "x")


def test_large_strings_and_chunked_dictionaries_are_read(tmp_path: Path) -> None:
    chunks = pa.chunked_array([pa.array(["a", "b"]).dictionary_encode(), pa.array(["c", "a"]).dictionary_encode()])
    wide = pa.array([["a"], None, ["c", "a"], []], pa.large_list(pa.large_string()))
    pq.write_table(pa.table({"word": chunks, "words": wide}), tmp_path / "x.parquet", row_group_size=2)
    attributes = Attributes.open(tmp_path / "x.parquet")
    assert attributes.kinds == {"word": Kind.CATEGORICAL, "words": Kind.SET}
    assert values_of(attributes["word"]) == ["a", "b", "c", "a"]
    assert values_of(attributes["words"]) == [{"a"}, set(), {"a", "c"}, set()]


def test_a_column_of_another_length_is_refused() -> None:
    with pytest.raises(BenchError, match="attribute 'x' has 2 values for 3 items"):
        Attributes(3, {"x": ordered([1, 2])})


def test_an_unknown_attribute_suggests_the_closest_one() -> None:
    with pytest.raises(BenchError, match="no attribute 'update_dat'; did you mean 'update_date'"):
        Attributes(1, {"update_date": ordered([1])})["update_dat"]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.parquet"
    path.write_bytes(b"not Parquet")
    with pytest.raises(BenchError, match=r"broken.parquet is not a readable Parquet file"):
        Attributes.open(path)


def test_columns_are_read_without_pandas(tmp_path: Path) -> None:
    """Importing pandas would cost every worker more than reading the columns."""
    columns = {
        "a": ordered([1, None]),
        "b": boolean([None, True]),
        "c": categorical(["x", None]),
        "d": sets([["y"], None]),
        "e": sets([[7], None]),
        "f": ordered([0.5, None]),
        "g": ordered([1, None], Timestamps("us")),
        "h": ordered([1, None], Decimals(2)),
    }
    Attributes(2, columns).save(tmp_path / "a.parquet")
    program = (
        "import sys; from pathlib import Path; from bench.core.attributes import Attributes\n"
        f"for name in 'abcdefgh': Attributes.open(Path({str(tmp_path / 'a.parquet')!r}))[name]\n"
        "sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=False).returncode == 0


def test_columns_of_every_type_are_read_and_others_are_no_obstacle(tmp_path: Path) -> None:
    day, moment = dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 6, 37, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    columns: dict[str, tuple[pa.Array, Any]] = {
        "decimal": (pa.array([Decimal("22.26"), None], pa.decimal128(10, 2)), [2226, None]),
        "wide": (pa.array([Decimal("-0.5"), None], pa.decimal256(70, 1)), [-5, None]),
        "date": (pa.array([day, None], pa.date32()), [19782, None]),
        "date64": (pa.array([day, None], pa.date64()), [19782, None]),
        "moment": (pa.array([moment, None], pa.timestamp("ms", "Asia/Tokyo")), [1_709_185_020_000, None]),
        "length": (pa.array([dt.timedelta(seconds=1.5), None]), [1_500_000, None]),
        "double": (pa.array([0.5, None]), [0.5, None]),
        "nan": (pa.array([0.5, float("nan")]), [0.5, None]),
        "half": (pa.array([0.5, None], pa.float16()), [0.5, None]),
        "uint64": (pa.array([2**63 - 1, None], pa.uint64()), [2**63 - 1, None]),
        "int8": (pa.array([-128, None], pa.int8()), [-128, None]),
        "coded": (pa.array([7, None]).dictionary_encode(), [7, None]),
        "view": (pa.array(["a", None], pa.string_view()), ["a", None]),
        "null": (pa.nulls(2), [None, None]),
        "tags": (pa.array([[3, 1, 3, None], None], pa.list_(pa.int16())), [{1, 3}, set()]),
        "large": (pa.array([["a"], None], pa.large_list(pa.string_view())), [{"a"}, set()]),
        "pair": (pa.array([[1, 2], None], pa.list_(pa.int32(), 2)), [{1, 2}, set()]),
        "meta": (pa.array([{"a": {"b": 3}, "c": [1]}, None]), None),
        "dotted.name": (pa.array([1, None]), [1, None]),
        "meta.a.b": (pa.array([4, None]), [4, None]),
        "embedding": (pa.array([[0.5], None]), None),
        "blob": (pa.array([b"x", None]), None),
        "hash": (pa.array([2**63, None], pa.uint64()), None),
        "huge": (pa.array([Decimal(2**63), None], pa.decimal128(38, 0)), None),
    }
    pq.write_table(pa.table({name: array for name, (array, _) in columns.items()}), tmp_path / "a.parquet")
    attributes = Attributes.open(tmp_path / "a.parquet")
    for name, (_, expected) in columns.items():
        if expected is not None:
            assert values_of(attributes[name]) == expected, name
            assert values_of(column_from_arrow(attributes[name].to_arrow(), name)) == expected, name
    assert values_of(attributes["meta.c"]) == [{1}, set()]
    for name, complaint in {
        "embedding": r"'embedding' has Arrow type list<.*double>; filters test strings",
        "blob": "'blob' has Arrow type binary",
        "meta.a": r"'meta.a' has Arrow type struct<b: int64>",
        "hash": "'hash' has the value 9223372036854775808, which is out of the range of int64",
        "huge": "'huge' has the value 9223372036854775808 with 0 decimal places, which is out of the range",
    }.items():
        with pytest.raises(BenchError, match=complaint):
            _ = attributes[name]


def test_a_digest_depends_on_the_unit() -> None:
    units = (INTEGERS, Dates(), Timestamps("s"), Timestamps("ms"), Durations("s"), Times("s"))
    units = (*units, Decimals(2), Decimals(3))
    columns = [ordered([3, None], unit) for unit in units] + [ordered([3.0, None])]
    assert len({Attributes(2, {"x": column}).digest(["x"]) for column in columns}) == len(columns)
