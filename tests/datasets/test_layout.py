"""The published layout: attributes and filters as JSON lines, in various spellings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.core.encode import categorical, ordered, sets
from bench.core.errors import BenchError
from bench.core.filters import And, Between, Contains, Equals, Everything, Filter
from bench.core.leaf import FilterType
from bench.core.units import Dates
from bench.datasets.layout import read_filters, write_filters
from tests.support.small_dataset import write_lines


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
    column = sets([["ü"]]) if filter_type is FilterType.EMIS else ordered([1])
    assert read_filters(tmp_path / "x.jsonl", filter_type, "x", column) == filters


def test_filters_may_use_other_spellings_dates_and_open_ends(tmp_path: Path) -> None:
    records = [{"rangeStart": "1970-01-02", "Range-End": 5}, {"range_start": 1, "range_end": None}]
    path = write_lines(tmp_path / "x.jsonl", records)
    for column in (ordered([1]), ordered([1], Dates())):
        assert read_filters(path, FilterType.R, "x", column) == [Between("x", 1, 5), Between("x", 1, None)]


def test_labels_may_be_strings(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "x.jsonl", [{"label": "math.CO"}])
    assert read_filters(path, FilterType.EM, "x", categorical(["cs.LG"])) == [Equals("x", "math.CO")]


@pytest.mark.parametrize("filter_", [Everything(), And((Equals("x", 1), Equals("y", 2)))])
def test_filters_that_the_layout_cannot_store_are_refused(tmp_path: Path, filter_: Filter) -> None:
    with pytest.raises(BenchError, match="the published layout cannot store the filter"):
        write_filters(tmp_path / "x.jsonl", [filter_])


@pytest.mark.parametrize(
    ("filter_type", "record", "complaint"),
    [
        (FilterType.EM, {"labl": 1}, r"line 2 has no 'label' \(found labl\)"),
        (FilterType.EM, {}, r"line 2 has no 'label' \(found nothing\)"),
        (FilterType.EM, {"label": [1]}, r"line 2 has \[1\] for 'label', which should be a single value"),
        (FilterType.EM, {"label": "x"}, "line 2: 'equals' cannot test attribute 'x', which has integers: 'x' is not a"),
        (FilterType.EM, {"label": None}, "line 2: 'equals' cannot test attribute 'x'"),
        (FilterType.R, {"range_start": "soon", "range_end": 1}, "line 2: 'between' cannot test attribute 'x'"),
        (FilterType.R, {"range_start": 1}, "line 2 has no 'range_end'"),
        (FilterType.EMIS, {"label": 1}, "line 2: 'contains' cannot test .*sets of strings: 1 is not a string"),
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
        read_filters(path, filter_type, "x", sets([["x"]]) if filter_type is FilterType.EMIS else ordered([1]))


def test_empty_or_missing_filter_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(BenchError, match=r"empty.jsonl is empty"):
        read_filters(tmp_path / "empty.jsonl", FilterType.EM, "x", ordered([1]))
    with pytest.raises(BenchError, match=r"no file .*missing.jsonl"):
        read_filters(tmp_path / "missing.jsonl", FilterType.EM, "x", ordered([1]))
