"""Fitting: filters as people write them, over columns of every type, pass what plain Python says that they pass."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.attributes import Attributes
from bench.core.encode import boolean, categorical, column_from_arrow, ordered, sets
from bench.core.errors import BenchError
from bench.core.filter_json import from_json, to_json
from bench.core.filters import And, Between, Contains, Equals, Everything, Filter, In, IsNull, Not, Or
from bench.core.fitting import as_given, check, fit
from bench.core.masks import mask
from bench.core.units import Dates, Decimals, Durations, Times, Timestamps
from tests.support.strategies import ENDS, FILTERS, columns

UTC = dt.UTC
MOMENTS = st.datetimes(dt.datetime(1960, 1, 1), dt.datetime(2100, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))


@dataclass(frozen=True)
class Scalar:
    """A type of an ordered column: its Arrow type, its values, and how people write them."""

    arrow_type: pa.DataType
    values: st.SearchStrategy[Any]
    written: Callable[[Any], Any]


def shorten(moment: dt.datetime) -> str:
    """Return a moment as people write it, in some zone."""
    zone = dt.timezone(dt.timedelta(minutes=45 * (moment.minute % 5 - 2)))
    return moment.astimezone(zone).isoformat()


FLOATS = st.sampled_from([0.1, -0.1, 2.0, 2.5, 1e-300, 3.4e38])
SCALARS = {
    "int64": Scalar(pa.int64(), st.integers(-5, 5) | st.sampled_from([2**53 + 1, -(2**63), 2**63 - 1]), lambda v: v),
    "uint8": Scalar(pa.uint8(), st.integers(0, 255), lambda v: v),
    "float64": Scalar(pa.float64(), FLOATS | st.integers(-3, 3).map(float), lambda v: v),
    "decimal": Scalar(pa.decimal128(12, 2), st.integers(-500, 500).map(lambda v: Decimal(v).scaleb(-2)), float),
    "wide decimal": Scalar(pa.decimal256(60, 3), st.integers(-9, 9).map(lambda v: Decimal(v).scaleb(-3)), str),
    "date32": Scalar(pa.date32(), st.dates(), lambda v: v.isoformat()),
    "date64": Scalar(pa.date64(), st.dates(), lambda v: v.isoformat()),
    "timestamp us": Scalar(pa.timestamp("us"), MOMENTS, shorten),
    "timestamp ns": Scalar(pa.timestamp("ns", "Asia/Tokyo"), MOMENTS, shorten),
    "timestamp s": Scalar(pa.timestamp("s", "UTC"), MOMENTS.map(lambda m: m.replace(microsecond=0)), shorten),
    "time s": Scalar(pa.time32("s"), st.times().map(lambda t: t.replace(microsecond=0)), dt.time.isoformat),
    "time ns": Scalar(pa.time64("ns"), st.times(), dt.time.isoformat),
    "duration": Scalar(
        pa.duration("ms"),
        st.integers(-9000, 9000).map(lambda v: dt.timedelta(milliseconds=v)),
        dt.timedelta.total_seconds,
    ),
}


@pytest.mark.parametrize("scalar", SCALARS.values(), ids=SCALARS)
@given(data=st.data())
def test_ranges_equality_and_lists_agree_with_python(scalar: Scalar, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.none() | scalar.values, min_size=1, max_size=12))
    present = [value for value in values if value is not None]
    ends = st.none() | scalar.values | st.sampled_from(present or [None])
    low, high, brackets = data.draw(ends), data.draw(ends), data.draw(ENDS)
    choices = (
        data.draw(
            st.lists(scalar.values | st.sampled_from(present or [None]).filter(lambda v: v is not None), max_size=3)
        )
        if present
        else []
    )
    attributes = Attributes(len(values), {"x": column_from_arrow(pa.array(values, scalar.arrow_type), "x")})

    def written(value: Any) -> Any:
        return None if value is None else scalar.written(value)

    def within(value: Any) -> bool:
        above = low is None or value > low or (value == low and brackets[0] == "[")
        return above and (high is None or value < high or (value == high and brackets[1] == "]"))

    cases: list[tuple[Filter, list[bool]]] = [
        (Between("x", written(low), written(high), brackets), [v is not None and within(v) for v in values]),
        (In("x", tuple(map(written, choices))), [v in choices for v in values]),
        (IsNull("x"), [v is None for v in values]),
    ]
    cases += [(Equals("x", written(one)), [v == one for v in values]) for one in choices]
    for filter_, expected in cases:
        fitted = fit(from_json(to_json(filter_)), attributes)
        check([fitted], attributes)
        assert mask(fitted, attributes).tolist() == expected
        assert fit(as_given(fitted, attributes), attributes) == fitted
        assert from_json(to_json(fitted)) == fitted


@given(columns(), FILTERS)
def test_what_is_written_of_a_filter_reads_as_the_same(attributes: Attributes, filter_: Filter) -> None:
    if "inf" in str(filter_):  # JSON has no infinity
        return
    assert fit(from_json(to_json(as_given(filter_, attributes))), attributes) == filter_


ONE_OF_EACH = Attributes(
    1,
    {
        "name": categorical(["a"]),
        "count": ordered([3]),
        "price": ordered([2**53 + 0.0]),
        "cost": ordered([2226], Decimals(2)),
        "day": ordered([19782], Dates()),
        "moment": ordered([1_672_987_020_000], Timestamps("ms")),
        "clock": ordered([23_820_500], Times("ms")),
        "length": ordered([1500], Durations("ms")),
        "truth": boolean([True]),
        "words": sets([["a"]]),
        "tags": sets([[7]]),
    },
)


@pytest.mark.parametrize(
    ("asked", "passing"),
    [
        (Equals("count", 3.0), True),
        (Between("count", 2.5, 3.5), True),
        (Between("count", 3, None, "(]"), False),
        (Between("count", 3.1, None), False),
        (Between("count", 2.9, None, "()"), True),
        (Between("count", None, 2**70), True),
        (Between("count", 10**400, None), False),
        (Between("price", 2**53 + 1, None), False),
        (Between("price", None, 2**53 + 1, "()"), True),
        (Between("price", None, -(10**400)), False),
        (Equals("cost", 22.26), True),
        (Equals("cost", "22.26"), True),
        (Between("cost", 22.255, 22.265), True),
        (Between("cost", 22.26, None, "()"), False),
        (Equals("day", "2024-02-29"), True),
        (Equals("day", 19782), True),
        (Between("day", "2024-02-28T12:00:00Z", "2024-02-29"), True),
        (Between("day", "2024-02-29T00:00:01", None), False),
        (Equals("moment", "2023-01-06T06:37:00Z"), True),
        (Equals("moment", "2023-01-06T07:37:00.000+01:00"), True),
        (Equals("moment", "2023-01-06 06:37"), True),
        (Between("moment", "2023-01-06", "2023-01-07"), True),
        (Between("moment", "2023-01-06T06:37:00.000000001Z", None), False),
        (Equals("clock", "06:37:00.5"), True),
        (Between("clock", "06:37", "06:37:00.500", "(]"), True),
        (Between("clock", None, "06:37"), False),
        (Equals("length", 1.5), True),
        (Between("length", 1, 2), True),
        (In("truth", (False,)), False),
        (In("truth", (False, True)), True),
        (In("tags", (7, 9)), True),
        (In("words", ("b",)), False),
        (In("name", ()), False),
        (Not(Or((Equals("name", "b"), And((Contains("tags", 8), Everything()))))), True),
    ],
)
def test_what_people_ask_for_is_compared_exactly(asked: Filter, passing: bool) -> None:
    assert mask(fit(asked, ONE_OF_EACH), ONE_OF_EACH).tolist() == [passing]


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        (Equals("count", 2.5), "'equals' cannot test attribute 'count', which has integers: no item can have 2.5"),
        (Equals("count", "3"), "'3' is not a number"),
        (Equals("count", True), "True is not a number"),
        (Equals("count", None), "None is not a number"),
        (Between("count", float("nan"), None), "nan is not a finite number"),
        (Equals("price", 2**53 + 1), "no item can have 9007199254740993"),
        (Equals("cost", 22.265), "which has decimals: no item can have 22.265"),
        (Equals("cost", "1e999999999"), "is not a finite number"),
        (Equals("cost", "dear"), "'dear' is not a number"),
        (Equals("day", "2023-02-29"), "which has dates, such as 2024-02-29: day is out of range"),
        (Equals("day", "29.02.2024"), "'29.02.2024' is not an ISO date or timestamp"),
        (Equals("moment", 1_672_987_020_000), "which has timestamps, such as .*: 1672987020000 is not an ISO date"),
        (Equals("clock", "24:37"), "which has times of day, such as .*: '24:37' is not an ISO time of day"),
        (Equals("clock", 7), "7 is not an ISO time of day"),
        (Equals("truth", 1), "1 is not true or false"),
        (Equals("name", 3), "which has strings: 3 is not a string"),
        (Contains("tags", "7"), "which has sets of integers: '7' is not an integer"),
        (Contains("words", 7), "which has sets of strings: 7 is not a string"),
        (In("name", ("a", 3)), "'in' cannot test attribute 'name', which has strings: 3 is not a string"),
        (Equals("tags", 7), "'equals' cannot test the set attribute 'tags'"),
        (Between("nmae", 1, 2), "there is no attribute 'nmae'; did you mean 'name'"),
    ],
)
def test_what_a_column_cannot_have_is_refused(asked: Filter, complaint: str) -> None:
    with pytest.raises(BenchError, match=complaint):
        fit(asked, ONE_OF_EACH)


def test_a_number_is_rounded_like_the_floats_of_a_narrow_column() -> None:
    for dtype in (np.float16, np.float32):
        values = np.array([0.1, 0.2, 0.3], dtype)
        attributes = Attributes(3, {"x": column_from_arrow(pa.array(values), "x")})
        assert mask(fit(Equals("x", 0.1), attributes), attributes).tolist() == [True, False, False]
        assert mask(fit(Between("x", 0.1, 0.3, "(]"), attributes), attributes).tolist() == [False, True, True]
        assert not mask(fit(Between("x", 1e39, None), attributes), attributes).any()
        again = column_from_arrow(attributes["x"].to_arrow(), "x")
        assert fit(Equals("x", 0.1), Attributes(3, {"x": again})) == fit(Equals("x", 0.1), attributes)


def test_durations_and_decimals_beyond_floats_are_written_as_digits() -> None:
    columns = {"length": ordered([2**62 + 1], Durations("ns")), "cost": ordered([2**62 + 1], Decimals(4))}
    attributes = Attributes(1, columns)
    for name, digits in (("length", 9), ("cost", 4)):
        asked = as_given(Equals(name, 2**62 + 1), attributes)
        assert isinstance(asked, Equals)
        assert Fraction(str(asked.value)) == Fraction(2**62 + 1, 10**digits)
        assert fit(asked, attributes) == Equals(name, 2**62 + 1)
