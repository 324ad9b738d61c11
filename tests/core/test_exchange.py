"""Files for programs, read back by the few lines that a program would have."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.core.attributes import Attributes
from bench.core.encode import categorical, ordered, sets
from bench.core.errors import BenchError
from bench.core.exchange.expressions import expression, write_expressions, write_items
from bench.core.exchange.labels import ItemLabels, in_order, rows_of, write_labels
from bench.core.exchange.ranges import SortedItems, write_numbers
from bench.core.exchange.truth import write_random_truth
from bench.core.exchange.vectors import is_vector_format, write_vectors
from bench.core.filters import And, Between, Contains, Equals, Everything, In, IsNull, Not, Or
from bench.core.ivecs import read_ivecs
from bench.core.vectors import open_vectors

WHOLE = np.arange(12, dtype=np.float32).reshape(4, 3)
ATTRIBUTES = Attributes(
    5,
    {
        "color": categorical(["red", "blue", None, "blue", "green"]),
        "tags": sets([["a", "b"], ["b"], None, ["c", "b"], ["a"]]),
        "year": ordered([30, 10, None, 20, 20]),
    },
)


def written(path: Path, form: str, rows: np.ndarray = WHOLE, **options: Any) -> Path:
    write_vectors(path, [rows[:1], rows[1:]], *rows.shape, form, **options)
    return path


@pytest.mark.parametrize(
    ("form", "head", "kind"),
    [
        ("fbin", np.array([4, 3], np.uint32), np.float32),
        ("u8bin", np.array([4, 3], np.uint32), np.uint8),
        ("i8bin", np.array([4, 3], np.uint32), np.int8),
        ("raw", np.array([], np.uint32), np.float32),
        ("raw:d=int64,n=int64", np.array([3, 4], np.int64), np.float32),
        ("raw:n=int32", np.array([4], np.int32), np.float32),
    ],
)
def test_vectors_follow_their_header(tmp_path: Path, form: str, head: np.ndarray, kind: type) -> None:
    content = written(tmp_path / "file", form).read_bytes()
    assert content[: head.nbytes] == head.tobytes()
    assert np.frombuffer(content[head.nbytes :], kind).reshape(4, 3).tolist() == WHOLE.tolist()
    assert is_vector_format(form)


def test_vectors_are_what_others_read(tmp_path: Path) -> None:
    assert np.load(written(tmp_path / "v.npy", "npy")).tolist() == WHOLE.tolist()
    assert open_vectors(written(tmp_path / "v.fvecs", "fvecs")).tolist() == WHOLE.tolist()


def test_only_queries_are_rounded(tmp_path: Path) -> None:
    odd = WHOLE + np.float32(1e-6)
    with pytest.raises(BenchError, match="not whole numbers from 0 to 255, which uint8 files hold"):
        written(tmp_path / "file", "u8bin", odd)
    content = written(tmp_path / "file", "u8bin", odd, rounded=True).read_bytes()
    assert list(content[8:]) == list(range(12))


@pytest.mark.parametrize("name", ["raw:n=int8", "raw:", "raw:x=int32", "bvecs", ""])
def test_other_formats_are_refused(name: str) -> None:
    assert not is_vector_format(name)


def test_labels_are_counted_by_frequency(tmp_path: Path) -> None:
    labels = ItemLabels(ATTRIBUTES, ("tags",))
    write_labels(tmp_path / "text", labels.rows, labels.size, "text")
    assert (tmp_path / "text").read_text() == "1,2\n1\n4\n1,3\n2\n"  # b, a, c; item 2 has none
    wanted = labels.wanted(
        [Contains("tags", "c"), Contains("tags", "z"), And((Contains("tags", "b"), Contains("tags", "a")))]
    )
    assert wanted == [[3], None, [1, 2]]
    write_labels(tmp_path / "sorted", in_order(labels.rows, np.array([4, 0])), labels.size, "text")
    assert (tmp_path / "sorted").read_text() == "2\n1,2\n"


def test_integers_are_the_only_label(tmp_path: Path) -> None:
    labels = ItemLabels(ATTRIBUTES, ("color",))
    write_labels(tmp_path / "file", labels.rows, labels.size, "integers")
    assert (tmp_path / "file").read_text() == "3\n1\n0\n1\n2\n"
    assert labels.wanted([Equals("color", "red"), Equals("color", "gray")]) == [[3], None]


def test_labels_of_several_attributes_differ() -> None:
    labels = ItemLabels(ATTRIBUTES, ("color", "year"))
    offsets, numbers = labels.rows
    assert labels.size == 6
    assert [len(numbers[a:b]) for a, b in itertools.pairwise(offsets)] == [2, 2, 0, 2, 2]
    (both,) = labels.wanted([And((Equals("color", "blue"), Equals("year", 20)))])
    assert both == numbers[offsets[3] : offsets[4]].tolist()


def test_a_sparse_matrix_has_columns_from_0(tmp_path: Path) -> None:
    labels = ItemLabels(ATTRIBUTES, ("tags",))
    write_labels(tmp_path / "file", labels.rows, labels.size, "spmat")
    content = (tmp_path / "file").read_bytes()
    assert np.frombuffer(content, np.int64, 3 + 6).tolist() == [5, 3, 6, 0, 2, 3, 3, 5, 6]
    assert np.frombuffer(content, np.int32, 6, 72).tolist() == [0, 1, 0, 0, 2, 1]
    assert np.frombuffer(content, np.float32, 6, 96).tolist() == [1.0] * 6
    write_labels(tmp_path / "wanted", rows_of([[2], [1, 3]]), labels.size, "spmat")
    assert np.frombuffer((tmp_path / "wanted").read_bytes(), np.int64, 6).tolist() == [2, 3, 3, 0, 1, 3]


RANGES = [Between("year", 15, 25), Between("year", None, 10), Between("year", 30, None), Between("year", 21, 29),
          Between("year", None, 2**70), Between("year", 40, 5)]  # fmt: skip


def test_ranks_put_items_without_a_value_last(tmp_path: Path) -> None:
    items = SortedItems(ATTRIBUTES, ("year",))
    assert items.order.tolist() == [1, 3, 4, 0, 2]
    assert items.of_items("ranks").tolist() == [3, 0, 4, 1, 2]
    assert items.ranges(RANGES, "ranks").tolist() == [[1, 2], [0, 0], [3, 3], [1, 0], [0, 3], [1, 0]]


def test_units_keep_items_without_a_value_out_of_every_range() -> None:
    items = SortedItems(ATTRIBUTES, ("year",))
    values = items.of_items("units")
    assert values.tolist() == [30, 10, 31, 20, 20]
    ranges = items.ranges(RANGES, "units")
    assert ranges.tolist() == [[20, 20], [10, 10], [30, 30], [1, 0], [10, 30], [1, 0]]


def test_numbers_are_text_or_int32(tmp_path: Path) -> None:
    ranges = SortedItems(ATTRIBUTES, ("year",)).ranges(RANGES[:2], "units")
    write_numbers(tmp_path / "text", ranges, "units")
    assert (tmp_path / "text").read_text() == "20 20\n10 10\n"
    write_numbers(tmp_path / "binary", ranges, "units:int32")
    assert np.fromfile(tmp_path / "binary", np.int32).tolist() == [20, 20, 10, 10]
    with pytest.raises(BenchError, match="does not fit into int32; write units instead"):
        write_numbers(tmp_path / "binary", ranges + 2**40, "units:int32")


def test_ends_outside_of_a_range_are_left_out() -> None:
    ranges = [Between("year", 10, 30, ends) for ends in ("[]", "[)", "(]", "()")]
    assert SortedItems(ATTRIBUTES, ("year",)).ranges(ranges, "ranks").tolist() == [[0, 3], [0, 2], [1, 3], [1, 2]]


def test_floats_are_written_as_ranks_only() -> None:
    items = SortedItems(Attributes(3, {"price": ordered([0.5, -1.5, 0.25])}), ("price",))
    assert items.of_items("ranks").tolist() == [2, 0, 1]
    assert items.ranges([Between("price", 0.25, 0.5, "(]")], "ranks").tolist() == [[2, 2]]
    for call in (items.of_items, lambda form: items.ranges([], form)):
        with pytest.raises(BenchError, match="'units' has whole numbers, but the attribute has floats"):
            call("units")


def test_expressions_have_exclusive_ends_and_lists() -> None:
    assert expression(Between("year", 1, 2, "(]")) == {"year": {"$gt": 1, "$lte": 2}}
    assert expression(Between("year", None, 2, "[)")) == {"year": {"$lt": 2}}
    assert expression(In("year", (1, 2))) == {"$or": [{"year": {"$eq": 1}}, {"year": {"$eq": 2}}]}
    for filter_ in (In("year", ()), IsNull("year")):
        with pytest.raises(BenchError, match=f"no operator for '{filter_.operator}'"):
            expression(filter_)


def test_only_one_ordered_attribute_sorts() -> None:
    with pytest.raises(BenchError, match="sorted by one attribute, and the workload filters on 2"):
        SortedItems(ATTRIBUTES, ("color", "year"))
    with pytest.raises(BenchError, match="an ordered attribute, and 'color' is categorical"):
        SortedItems(ATTRIBUTES, ("color",))


def test_expressions_say_everything(tmp_path: Path) -> None:
    write_items(tmp_path / "items", ATTRIBUTES, ("tags", "year"), [2, 0])
    lines = [json.loads(line) for line in (tmp_path / "items").read_text().splitlines()]
    assert lines == [{"id": 0}, {"id": 1, "tags": ["a", "b"], "year": 30}]
    filters = [Everything(), Or((Contains("tags", "a"), Not(Between("year", 1, None)))), Equals("color", "red")]
    write_expressions(tmp_path / "filters", filters)
    lines = [json.loads(line) for line in (tmp_path / "filters").read_text().splitlines()]
    assert lines == [
        {"query_id": 0, "filter": {}},
        {"query_id": 1, "filter": {"$or": [{"tags": {"$eq": "a"}}, {"$not": {"year": {"$gte": 1}}}]}},
        {"query_id": 2, "filter": {"color": {"$eq": "red"}}},
    ]


def test_random_truth_is_the_same_every_time(tmp_path: Path) -> None:
    for form in ("ivecs", "diskann", "pairs"):
        for name in ("one", "other"):
            write_random_truth(tmp_path / name, 4, 3, 1000, 7, form)
        assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    ids = np.frombuffer((tmp_path / "one").read_bytes(), [("id", "<u4"), ("distance", "<f4")])
    write_random_truth(tmp_path / "ivecs", 4, 3, 1000, 7, "ivecs")
    assert read_ivecs(tmp_path / "ivecs").ravel().tolist() == ids["id"].tolist()
    write_random_truth(tmp_path / "diskann", 4, 3, 1000, 7, "diskann")
    assert np.fromfile(tmp_path / "diskann", np.uint32)[:14].tolist() == [4, 3, *ids["id"].tolist()]
