"""Files of filters: three formats that say the same, published answers, and errors that name the line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.attributes import Attributes
from bench.core.encode import boolean, categorical, ordered, sets
from bench.core.errors import BenchError
from bench.core.filters import And, Between, Contains, Equals, Everything, Filter, In, IsNull, Not, Or
from bench.core.masks import mask
from bench.core.units import Timestamps
from bench.workloads import filter_files
from tests.support.small_dataset import write_lines

ATTRIBUTES = Attributes(
    4,
    {
        "colour": categorical(["red", "green", None, "blue"]),
        "price": ordered([10.0, 22.26, 5.0, None]),
        "stock": ordered([3, None, 0, -2]),
        "new": boolean([True, False, None, True]),
        "labels": sets([["a", "b"], ["b"], [], None]),
        "tags": sets([[1, 2], [2], [3], []]),
        "spec.cores": ordered([8, 4, 8, None]),
        "seen": ordered([0, 60, 120, 180], Timestamps("s")),
    },
)


def read(folder: Path, *lines: Any) -> list[Filter]:
    return filter_files.read_filters(write_lines(folder / "filters.jsonl", list(lines)), ATTRIBUTES).filters


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"equals": ["colour", "red"]}, Equals("colour", "red")),
        ({"between": ["price", None, 30]}, Between("price", None, 30.0)),
        ({"between": ["stock", 0.5, 3, "()"]}, Between("stock", 1, 3, "[)")),
        ({"between": ["seen", "1970-01-01T00:01:00Z", None]}, Between("seen", 60, None)),
        ({"in": ["stock", [1, 3]]}, In("stock", (1, 3))),
        ({"is_null": ["labels"]}, IsNull("labels")),
        ({"contains": ["tags", 2]}, Contains("tags", 2)),
        ({"everything": []}, Everything()),
        (
            {"and": [{"or": [{"equals": ["new", True]}]}, {"not": [{"equals": ["spec.cores", 8]}]}]},
            And((Or((Equals("new", True),)), Not(Equals("spec.cores", 8)))),
        ),
    ],
)
def test_filters_of_this_project(tmp_path: Path, line: Any, expected: Filter) -> None:
    assert read(tmp_path, line, line) == [expected, expected]


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"and": [{"colour": {"match": {"value": "red"}}}]}, Equals("colour", "red")),
        ({"and": [{"labels": {"match": {"value": "a"}}}]}, Contains("labels", "a")),
        ({"and": [{"stock": {"match": {"value": 3}}}]}, Equals("stock", 3)),
        ({"and": [{"price": {"range": {"gt": 0.5, "lt": 0.75}}}]}, Between("price", 0.5, 0.75, "()")),
        ({"and": [{"price": {"range": {"gte": 1, "lte": None}}}]}, Between("price", 1.0, None)),
        ({"and": [{"seen": {"range": {"gt": "1970-01-01T00:01:00Z"}}}]}, Between("seen", 60, None, "(]")),
        (
            {"or": [{"colour": {"match": {"value": "red"}}}, {"colour": {"match": {"value": "blue"}}}]},
            Or((Equals("colour", "red"), Equals("colour", "blue"))),
        ),
        (
            {"and": [{"price": {"range": {"gt": 1}}}, {"new": {"match": {"value": True}}}]},
            And((Between("price", 1.0, None, "(]"), Equals("new", True))),
        ),
        (
            {
                "and": [{"stock": {"match": {"value": 3}}}],
                "or": [{"tags": {"match": {"any": [1, 3]}}}, {"tags": {"match_any": {"any": [2]}}}],
            },
            And((Equals("stock", 3), Or((In("tags", (1, 3)), In("tags", (2,)))))),
        ),
        ({}, Everything()),
        (None, Everything()),
    ],
)
def test_conditions_of_qdrant(tmp_path: Path, conditions: Any, expected: Filter) -> None:
    line = {"query": [0.1, 0.2], "conditions": conditions, "closest_ids": [2, 1], "closest_scores": [0.9, 0.8]}
    assert read(tmp_path, line) == [expected]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ({"colour": {"$eq": "red"}}, Equals("colour", "red")),
        ({"colour": "red"}, Equals("colour", "red")),
        ({"labels": {"$eq": "a"}}, Contains("labels", "a")),
        ({"price": {"$gte": 1, "$lt": 5.5}}, Between("price", 1.0, 5.5, "[)")),
        ({"spec.cores": {"$gt": 4}}, Between("spec.cores", 4, None, "(]")),
        ({"colour": {"$in": ["red", "blue"]}}, In("colour", ("red", "blue"))),
        ({"colour": {"$eq": None}}, IsNull("colour")),
        ({"colour": {"$ne": None}}, Not(IsNull("colour"))),
        ({"colour": {"$ne": "red"}}, And((Not(IsNull("colour")), Not(Equals("colour", "red"))))),
        ({"tags": {"$nin": [1]}}, And((Not(IsNull("tags")), Not(In("tags", (1,)))))),
        ({"$not": {"new": {"$eq": True}}}, Not(Equals("new", True))),
        ({"colour": "red", "new": True}, And((Equals("colour", "red"), Equals("new", True)))),
        (
            {"stock": {"$gte": 1}, "$and": [{"colour": "red"}], "$or": [{"new": True}, {"price": {"$lt": 3}}]},
            And(
                (
                    Between("stock", 1, None),
                    And((Equals("colour", "red"),)),
                    Or((Equals("new", True), Between("price", None, 3.0, "[)"))),
                )
            ),
        ),
    ],
)
def test_filters_of_diskann(tmp_path: Path, entries: Any, expected: Filter) -> None:
    assert read(tmp_path, {"query_id": 0, "filter": entries}) == [expected]


def test_a_missing_value_fails_the_comparisons_of_diskann(tmp_path: Path) -> None:
    lines = [{"query_id": 0, "filter": {"colour": {op: value}}} for op, value in (("$ne", "red"), ("$nin", ["red"]))]
    for line in lines:
        assert mask(read(tmp_path, line)[0], ATTRIBUTES).tolist() == [False, True, False, True]


def test_lines_of_diskann_follow_their_query_ids(tmp_path: Path) -> None:
    for first in (0, 1):
        lines = [{"query_id": first + q, "filter": {"stock": q}} for q in (2, 0, 1)]
        assert read(tmp_path, *lines) == [Equals("stock", q) for q in range(3)]
    with pytest.raises(BenchError, match="has 2 lines, but none with query_id 1"):
        read(tmp_path, {"query_id": 0, "filter": {"stock": 1}}, {"query_id": 0, "filter": {"stock": 2}})


@given(data=st.data())
def test_the_three_formats_agree(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    low, high = data.draw(st.none() | st.integers(-3, 30)), data.draw(st.none() | st.integers(-3, 30))
    opening, closing = data.draw(st.sampled_from(["gt", "gte"])), data.draw(st.sampled_from(["lt", "lte"]))
    colour = data.draw(st.sampled_from(["red", "blue", "none"]))
    ends = f"{'(' if opening == 'gt' else '['}{')' if closing == 'lt' else ']'}"
    bounds = {opening: low, closing: high}
    comparisons = {f"${name}": bound for name, bound in bounds.items() if bound is not None}
    ours = {"and": [{"equals": ["colour", colour]}, {"between": ["stock", low, high, ends]}]}
    qdrant = {"conditions": {"and": [{"colour": {"match": {"value": colour}}}, {"stock": {"range": bounds}}]}}
    diskann = {"query_id": 0, "filter": {"colour": colour, "stock": comparisons or {"$ne": None}}}
    folder = tmp_path_factory.mktemp("formats")
    masks = [mask(read(folder, line)[0], ATTRIBUTES).tolist() for line in (ours, qdrant, diskann)]
    assert masks[0] == masks[1] == masks[2]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ({"equals": ["color", "red"]}, "no attribute 'color'; did you mean 'colour'"),
        ({"equals": ["colour", 3]}, "'equals' cannot test attribute 'colour', which has strings: 3 is not a string"),
        ({"equals": ["labels", "a"]}, "'equals' cannot test the set attribute 'labels'"),
        ({"xor": ["colour"]}, "is not a filter: unknown operator 'xor'"),
        ({"equals": ["colour"]}, "'equals' takes the attribute, value, not 0 values"),
        ({"equals": ["colour", [1]]}, "holds a list or an object where 'equals' takes a value"),
        ({"equals": ["colour", "red"], "in": ["stock", []]}, "is not a filter"),
        ({"conditions": {"and": [{"where": {"geo": {"lon": 1, "lat": 2, "radius": 3}}}]}}, "the condition 'geo' of"),
        ({"conditions": {"and": [{"colour": {"match": {"text": "re"}}}]}}, "the condition 'match' of field 'colour'"),
        ({"conditions": {"must": []}}, "conditions are an object with 'and', 'or' or both"),
        ({"conditions": {"and": [{"price": {"range": {"above": 3}}}]}}, "a range has gt or gte, .* not 'above'"),
        ({"conditions": {"and": [{"price": {"range": {"gt": 3, "gte": 3}}}]}}, "two bounds on one side"),
        ({"conditions": {"and": [{"tint": {"match": {"value": 1}}}]}}, "no attribute 'tint'"),
        ({"conditions": {"and": ["colour"]}}, "is not a filter"),
        ({"query_id": 0, "filter": {"$xor": []}}, "unknown operator '\\$xor'"),
        ({"query_id": 0, "filter": {"price": {"$near": 3}}}, "unknown operator '\\$near'"),
        ({"query_id": 0, "filter": {"$and": []}}, "'\\$and' joins a list of filters"),
        ({"query_id": 0, "filter": {}}, "an empty filter"),
        ({"query_id": 0, "filter": {"price": {"$lt": "cheap"}}}, "'between' cannot test attribute 'price'"),
        ({"query_id": 0}, "is not a filter: 'filter'"),
    ],
)
def test_lines_that_do_not_fit_are_numbered(tmp_path: Path, line: Any, complaint: str) -> None:
    good: Any = {"equals": ["colour", "red"]}
    if "conditions" in line:
        good = {"conditions": None}
    elif "query_id" in line:
        good, line = {"query_id": 0, "filter": {"colour": "red"}}, line | {"query_id": 1}
    with pytest.raises(BenchError, match=f"filters.jsonl: line 2.*{complaint}"):
        read(tmp_path, good, line)


def test_an_empty_file_a_missing_one_and_no_json_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "damaged.jsonl").write_text('{"equals": ["colour", NaN]}')
    with pytest.raises(BenchError, match=r"empty.jsonl is empty; it should hold one filter per query"):
        filter_files.read_filters(tmp_path / "empty.jsonl", ATTRIBUTES)
    with pytest.raises(BenchError, match=r"there is no file .*missing.jsonl"):
        filter_files.read_filters(tmp_path / "missing.jsonl", ATTRIBUTES)
    with pytest.raises(BenchError, match=r"damaged.jsonl: line 1 is not JSON \(NaN"):
        filter_files.read_filters(tmp_path / "damaged.jsonl", ATTRIBUTES)


def test_published_answers_are_read_with_filters_or_apart(tmp_path: Path) -> None:
    lines = [{"conditions": None, "closest_ids": ids} for ids in ([3, 1], [])]
    answers = filter_files.read_filters(write_lines(tmp_path / "tests.jsonl", lines), ATTRIBUTES).answers
    assert answers is not None
    assert [ids.tolist() for ids in answers] == [[3, 1], []]
    some = [lines[0], {"conditions": None}]
    assert filter_files.read_filters(write_lines(tmp_path / "some.jsonl", some), ATTRIBUTES).answers is None
    facts = {"distance_func": "l2", "query_num": 2}
    rows = [{"query_id": q, "count": 2 - q, "ids": [5, 6][q:], "distances": [0.1] * (2 - q)} for q in (1, 0)]
    path = write_lines(tmp_path / "truth.jsonl", [facts, *rows])
    assert [ids.tolist() for ids in filter_files.read_answers(path)] == [[5, 6], [6]]
    for ids in ("x", [1.5], [True], None, [2**40]):
        bad = write_lines(tmp_path / "bad.jsonl", [json.loads(json.dumps(rows[1] | {"ids": ids}))])
        with pytest.raises(BenchError, match=r"bad.jsonl: line 1 has no list of ids"):
            filter_files.read_answers(bad)
