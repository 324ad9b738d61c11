"""Filters: what passes, against a naive evaluation; and everything that is derived from a filter tree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.core.attributes import Attributes
from bench.core.encode import boolean, categorical, ordered, sets
from bench.core.errors import BenchError
from bench.core.filter_json import from_json, to_json
from bench.core.filters import (
    And,
    Between,
    Contains,
    Equals,
    Everything,
    Filter,
    In,
    IsNull,
    Not,
    Or,
    attributes_of,
    type_of,
)
from bench.core.fitting import check
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch, mask
from tests.support.naive import items_of, passes
from tests.support.strategies import FILTERS, columns

EM, R, EMIS = Equals("category", "a"), Between("number", 0, 1), Contains("words", "a")


@given(columns(), FILTERS)
def test_mask_equals_the_naive_evaluation(attributes: Attributes, filter_: Filter) -> None:
    expected = [passes(filter_, item) for item in items_of(attributes)]
    assert mask(filter_, attributes).tolist() == expected


@given(columns(), FILTERS, st.data())
def test_mask_of_some_items_is_that_of_all_at_them(
    attributes: Attributes, filter_: Filter, data: st.DataObject
) -> None:
    items = np.array(data.draw(st.lists(st.integers(0, attributes.n - 1))), np.int64)
    assert mask(filter_, attributes, items).tolist() == mask(filter_, attributes)[items].tolist()


def test_a_missing_value_fails_every_leaf_and_passes_its_complement() -> None:
    nothing = Attributes(
        1, {"category": categorical([None]), "number": ordered([None]), "truth": boolean([None]), "words": sets([None])}
    )
    leaves = (
        EM,
        R,
        EMIS,
        Equals("number", 0),
        Equals("truth", False),
        Between("number", None, None),
        In("words", ("a",)),
    )
    for leaf in leaves:
        assert not mask(leaf, nothing).any()
        assert mask(Not(leaf), nothing).all()


def test_is_null_passes_items_without_a_value_and_an_empty_set_is_none() -> None:
    some = Attributes(3, {"category": categorical(["a", None, ""]), "words": sets([["a"], None, []])})
    assert mask(IsNull("category"), some).tolist() == [False, True, False]
    assert mask(IsNull("words"), some).tolist() == [False, True, True]
    assert mask(Not(IsNull("words")), some).tolist() == [True, False, False]


def test_both_ends_of_a_range_pass_and_an_inverted_range_passes_nothing() -> None:
    numbers = Attributes(5, {"number": ordered([1, 2, 3, 4, 5])})
    assert mask(Between("number", 2, 4), numbers).tolist() == [False, True, True, True, False]
    assert not mask(Between("number", 4, 2), numbers).any()


@pytest.mark.parametrize(("ends", "passing"), [("[]", [2, 3, 4]), ("[)", [2, 3]), ("(]", [3, 4]), ("()", [3])])
def test_brackets_say_which_ends_of_a_range_pass(ends: str, passing: list[int]) -> None:
    for values in ([1, 2, 3, 4, 5], [1.0, 2.0, 3.0, 4.0, 5.0]):
        numbers = Attributes(5, {"number": ordered(values)})
        chosen = mask(Between("number", values[1], values[3], ends), numbers)
        assert [value for value, passes in zip(values, chosen, strict=True) if passes] == passing
    with pytest.raises(ValueError, match=r"a range ends with '\[\]'"):
        Between("number", 1, 2, "<>")


@given(FILTERS)
def test_json_round_trip(filter_: Filter) -> None:
    line = to_json(filter_)
    assert "\n" not in line
    assert from_json(line) == filter_


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "3",
        "{}",
        '{"equals":["a"]}',
        '{"not":[]}',
        '{"between":["a",1]}',
        '{"xor":[]}',
        '{"and":3}',
        '{"in":["a","b"]}',
        '{"equals":[3,"b"]}',
        '{"equals":["a",{"x":1}]}',
        '{"in":["a",[[1]]]}',
        '{"between":["a",1,2,"<>"]}',
    ],
)
def test_what_is_not_a_filter_is_refused(line: str) -> None:
    with pytest.raises(BenchError, match="not a filter"):
        from_json(line)


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        (Everything(), FilterType.NONE),
        (EM, FilterType.EM),
        (R, FilterType.R),
        (EMIS, FilterType.EMIS),
        (And((EM,)), FilterType.EM),
        (And((EM, EM)), FilterType.MEM),
        (And((R, R)), FilterType.MR),
        (And((EMIS, EMIS, EMIS)), FilterType.MEMIS),
        (And((EM, R)), FilterType.C),
        (And((And((EM, EM)), EM)), FilterType.C),
        (And(()), FilterType.C),
        (Or((EM, EM)), FilterType.C),
        (Not(EM), FilterType.C),
    ],
)
def test_type_of(filter_: Filter, expected: FilterType) -> None:
    assert type_of(filter_) is expected


def test_attributes_of_are_sorted_and_distinct() -> None:
    assert attributes_of([And((R, EM)), Not(Or((EM, EMIS))), Everything()]) == ("category", "number", "words")


@pytest.mark.parametrize(
    ("filter_", "complaint"),
    [
        (Equals("categry", "a"), "did you mean 'category'"),
        (Not(Or((Between("category", 1, 2),))), "'between' cannot test the categorical attribute 'category'"),
        (Equals("words", "a"), "'equals' cannot test the set attribute 'words'"),
        (Contains("category", "a"), "'contains' cannot test the categorical attribute"),
        (Equals("number", "3"), "asks for '3', but attribute 'number' has integers"),
        (Equals("number", True), "asks for True, but attribute 'number' has integers"),
        (Equals("truth", 1), "has truth values"),
        (Equals("category", 3), "has strings"),
        (Contains("words", 3), "has sets of strings"),
        (In("number", (3, "a")), "asks for 'a', but attribute 'number' has integers"),
        (Between("number", 1.5, None), "asks for 1.5, but attribute 'number' has integers"),
    ],
)
def test_check_names_what_does_not_fit(filter_: Filter, complaint: str) -> None:
    attributes = Attributes(
        1, {"category": categorical(["a"]), "number": ordered([1]), "truth": boolean([True]), "words": sets([["a"]])}
    )
    with pytest.raises(BenchError, match=complaint):
        check([EM, filter_], attributes)


@settings(max_examples=50)
@given(columns(max_items=130), st.lists(FILTERS, min_size=1, max_size=12))
def test_batch_bitmaps_matches_and_groups(attributes: Attributes, filters: list[Filter]) -> None:
    batch = FilterBatch(filters, attributes)
    masks = np.array([mask(filter_, attributes) for filter_ in filters])
    assert batch.matches[batch.index].tolist() == masks.sum(axis=1).tolist()  # counted from masks
    assert batch.bitmaps.shape[1] % 8 == 0
    bits = np.unpackbits(batch.bitmaps, axis=1, bitorder="little").astype(np.bool_)
    assert np.array_equal(bits[batch.index, : attributes.n], masks)
    assert not bits[:, attributes.n :].any()
    for i in range(attributes.n):
        word_bits = batch.words[batch.index, i // 64] >> np.uint64(i % 64) & np.uint64(1)
        assert word_bits.tolist() == masks[:, i].tolist()
    again = FilterBatch(filters, attributes)
    assert again.bitmaps.any(axis=1).tolist() == (again.matches > 0).tolist()
    assert again.matches.tolist() == batch.matches.tolist()  # counted from bitmaps
    grouped = {u: rows.tolist() for u, rows in batch.groups()}
    assert grouped == {u: [q for q, f in enumerate(filters) if f == unique] for u, unique in enumerate(batch.unique)}


def test_an_empty_batch_has_no_groups() -> None:
    assert list(FilterBatch([], Attributes(3, {})).groups()) == []
