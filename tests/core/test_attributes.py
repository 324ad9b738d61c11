"""Attribute columns: round trips, missing values and digests."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given

from bench.core.attributes import Attributes
from bench.core.columns import Kind
from bench.core.encode import boolean, categorical, column_from_arrow, ordered, sets
from bench.core.errors import BenchError
from bench.core.paths import PROJECT
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
    }
    Attributes(2, columns).save(tmp_path / "a.parquet")
    program = (
        "import sys; from pathlib import Path; from bench.core.attributes import Attributes\n"
        f"for name in 'abcd': Attributes.open(Path({str(tmp_path / 'a.parquet')!r}))[name]\n"
        "sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=False).returncode == 0
