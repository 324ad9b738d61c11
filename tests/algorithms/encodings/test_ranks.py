"""Ranks: values in order, and ranges of values as ranges of ranks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algorithms.encodings.ranks import Ranks
from bench.core.attributes import Attributes
from bench.core.encode import categorical, ordered
from bench.core.errors import BenchError
from bench.core.filters import And, Between, Equals
from bench.core.masks import FilterBatch
from tests.support.strategies import ENDS, PRICES

VALUES = st.integers(-3, 3) | st.sampled_from([-(2**63), 2**63 - 1])


@st.composite
def ranges(draw: st.DrawFn) -> tuple[list[Any], Any, Any, str]:
    """Draw values, all integers or all floats, and a range of them that may be open on either side."""
    number = draw(st.sampled_from([VALUES, PRICES]))
    ends = st.none() | number
    return draw(st.lists(number, min_size=1, max_size=30)), draw(ends), draw(ends), draw(ENDS)


@given(ranges())
def test_a_range_of_ranks_holds_what_passes(drawn: tuple[list[Any], Any, Any, str]) -> None:
    values, low, high, ends = drawn
    attributes = Attributes(len(values), {"year": ordered(values)})
    ranks = Ranks(attributes, ("year",))
    assert ranks.values.tolist() == sorted(values)
    assert ranks.order.tolist() == sorted(range(len(values)), key=lambda i: (values[i], i))
    batch = FilterBatch([Between("year", low, high, ends)] * 2, attributes)
    for first, last in ranks.intervals(batch).tolist():
        passing = np.flatnonzero(batch.mask(0))
        assert sorted(ranks.order[first : max(last + 1, first)].tolist()) == passing.tolist()


def test_what_cannot_be_ranked_is_refused() -> None:
    columns = {"year": ordered([5, None, 3, None]), "name": categorical(["a", "b", "c", "d"]), "age": ordered([1] * 4)}
    attributes = Attributes(4, columns)
    with pytest.raises(BenchError, match="'year' has no value for 2 items, the first of them 1"):
        Ranks(attributes, ("year",))
    with pytest.raises(BenchError, match="'name' is categorical, and ranges need an ordered one"):
        Ranks(attributes, ("name",))
    with pytest.raises(BenchError, match="the workload filters on 2"):
        Ranks(attributes, ("age", "year"))
    for filter_ in (Equals("age", 1), Between("year", 0, 1)):
        with pytest.raises(BenchError, match="only R on 'age' is served"):
            Ranks(attributes, ("age",)).intervals(FilterBatch([filter_], attributes))


def test_the_ranges_of_a_conjunction_are_cut_out_of_it() -> None:
    attributes = Attributes(6, {"year": ordered([5, 1, 3, 3, 2, 4]), "age": ordered([1] * 6)})
    ranks = Ranks(attributes, ("year",))
    age = Equals("age", 1)
    assert ranks.split(And((Between("year", 2, None), age, Between("year", None, 3)))) == ((1, 3), And((age,)))
    assert ranks.split(Between("year", 3, 3)) == ((2, 3), And(()))
    assert ranks.split(And((Between("year", 5, None), Between("year", None, 1)))) == ((5, 0), And(()))
    with pytest.raises(BenchError, match="has no range of 'year'"):
        ranks.split(And((age, age)))


@given(st.lists(VALUES, min_size=1, max_size=20), st.lists(VALUES, max_size=20))
def test_items_are_inserted_where_ranking_all_at_once_puts_them(values: list[int], more: list[int]) -> None:
    ranks = Ranks(Attributes(len(values), {"year": ordered(values)}), ("year",))
    before = ranks.order
    moved = ranks.insert(np.array(more, np.int64))
    expected = Ranks(Attributes(len(values) + len(more), {"year": ordered(values + more)}), ("year",))
    np.testing.assert_array_equal(ranks.order, expected.order)
    np.testing.assert_array_equal(ranks.values, expected.values)
    new = np.arange(len(values), len(values) + len(more))
    np.testing.assert_array_equal(ranks.order[moved], np.concatenate([before, new]))


@given(st.lists(st.tuples(VALUES, st.booleans()), min_size=1, max_size=30))
def test_ranks_follow_single_insertions_and_deletions(items: list[tuple[int, bool]]) -> None:
    values = [value for value, _ in items]
    ranks = Ranks(Attributes(1, {"year": ordered(values[:1])}), ("year",))
    for item, value in enumerate(values[1:], 1):
        rank = ranks.insert_one(value, item)
        assert ranks.order[rank] == item
    assert ranks.order.tolist() == sorted(range(len(values)), key=lambda i: (values[i], i))
    living = [item for item, (_, stays) in enumerate(items) if stays]
    ranks.delete(np.flatnonzero(~np.isin(ranks.order, living)))
    assert ranks.order.tolist() == sorted(living, key=lambda i: (values[i], i))
    assert ranks.values.tolist() == sorted(values[i] for i in living)
