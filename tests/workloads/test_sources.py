"""Workloads: sampled filters that an item passes, published filters that fit, and errors that say what does not."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.core.attributes import Attributes
from bench.core.columns import Ordered
from bench.core.errors import BenchError
from bench.core.filter_json import from_json
from bench.core.filters import And, Between, Contains, Equals, Everything, Filter, In, IsNull, Not, Or, leaves
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from bench.datasets.dataset import Dataset
from bench.datasets.layout import filters_file
from bench.datasets.sources import LayoutSource
from bench.system.cache import Cache
from bench.workloads.neighbours import neighbours
from bench.workloads.sources import PublishedWorkload, SampledWorkload, SelectivityWorkload, UnfilteredWorkload
from bench.workloads.workload import Workload
from tests.support.small_dataset import QUERY_COUNT, records, write_lines

CONJUNCTION = {"and": [{"equals": "license"}, {"between": "update_date"}, {"contains": "authors"}]}


def sampled(dataset: Dataset, cache: Cache, expression: Any, seed: int = 0) -> Workload:
    return SampledWorkload("sampled", expression, seed).open(dataset, cache)


@pytest.fixture
def complete(layout: Path, tmp_path: Path, cache: Cache) -> Dataset:
    """The small dataset, but without missing values."""
    shutil.copytree(layout, tmp_path / "complete")
    whole = [record for seed in range(20) for record in records(400, seed) if None not in record.values()][:400]
    write_lines(tmp_path / "complete" / "database_attributes.jsonl", whole)
    return LayoutSource("complete", str(tmp_path / "complete")).open(cache)


def test_an_item_passes_every_conjunction(complete: Dataset, cache: Cache) -> None:
    workload = sampled(complete, cache, CONJUNCTION)
    assert len(workload.filters) == QUERY_COUNT
    assert workload.filter_type is FilterType.C
    assert FilterBatch(workload.filters, workload.attributes).matches.min() >= 1


def test_leaves_ask_for_values_that_exist_although_some_are_missing(dataset: Dataset, cache: Cache) -> None:
    for expression in CONJUNCTION["and"]:
        workload = sampled(dataset, cache, expression)
        assert FilterBatch(workload.filters, workload.attributes).matches.min() >= 1


def test_the_shape_of_an_expression_is_kept(dataset: Dataset, cache: Cache) -> None:
    inner = {"and": [{"equals": "has_comment"}, {"contains": "authors"}]}
    tree = {"and": [{"or": [{"between": "update_date"}, inner]}, {"not": {"equals": "submitter"}}]}
    for filter_ in sampled(dataset, cache, tree).filters:
        match filter_:
            case And((Or((Between(), And((Equals(), Contains())))), Not(Equals()))):
                continue
        pytest.fail(f"{filter_} has another shape than {tree}")


def test_a_leaf_may_state_its_values(dataset: Dataset, cache: Cache) -> None:
    stated = {"between": ["update_date", 14000, None, "(]"]}
    tree = {
        "and": [{"equals": "license"}, stated, {"not": {"in": ["submitter", ["a", "b"]]}}, {"is_null": ["authors"]}]
    }
    for filter_ in sampled(dataset, cache, tree).filters:
        assert isinstance(filter_, And)
        drawn, *others = filter_.parts
        assert isinstance(drawn, Equals)
        assert others == [
            Between("update_date", 14000, None, "(]"),
            Not(In("submitter", ("a", "b"))),
            IsNull("authors"),
        ]


@pytest.mark.parametrize("operator", ["in", "is_null"])
def test_every_kind_of_attribute_can_be_drawn_from(dataset: Dataset, cache: Cache, operator: str) -> None:
    attributes = dataset.open_attributes()
    for name in attributes.kinds:
        workload = sampled(dataset, cache, {operator: name})
        assert FilterBatch(workload.filters, workload.attributes).matches.min() >= 1


def test_expressions_take_turns_under_mixed(dataset: Dataset, cache: Cache) -> None:
    expressions = [{"equals": "license"}, {"not": {"contains": "authors"}}, {"and": [{"equals": "license"}]}]
    workload = sampled(dataset, cache, {"mixed": expressions})
    kinds = [type(filter_) for filter_ in workload.filters]
    assert kinds == [(Equals, Not, Equals)[i % 3] for i in range(len(kinds))]
    assert workload.filter_type is FilterType.C


def test_alternatives_draw_items_of_their_own(dataset: Dataset, cache: Cache) -> None:
    tree = {"or": [{"contains": "authors"}, {"contains": "authors"}]}
    pairs = [
        [leaf.value for leaf in leaves(f) if isinstance(leaf, Contains)] for f in sampled(dataset, cache, tree).filters
    ]
    assert sum(a != b for a, b in pairs) > len(pairs) / 2


def test_a_seed_decides_the_filters(dataset: Dataset, cache: Cache) -> None:
    first, again, other = (sampled(dataset, cache, CONJUNCTION, seed) for seed in (1, 1, 2))
    assert first.filters == again.filters
    assert first.digest == again.digest
    assert first.filters != other.filters
    assert first.digest != other.digest


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ({}, "should be one operator"),
        ({"and": []}, "take a list"),
        ({"and": {"equals": "license"}}, "take a list"),
        ({"or": [{"equals": "license"}, []]}, "should be one operator"),
        ({"xor": []}, "no operator 'xor'; did you mean 'or'"),
        ({"equal": "license"}, "no operator 'equal'; did you mean 'equals'"),
        ({"equals": "licence"}, "no attribute 'licence'; did you mean 'license'"),
        ({"equals": "authors"}, "'equals' cannot test the set attribute 'authors'"),
        ({"between": "license"}, "'between' cannot test the categorical attribute 'license'"),
        ({"not": {"contains": "license"}}, "'contains' cannot test the categorical attribute 'license'"),
        ({"equals": ["license"]}, r"{equals: \['license'\]} is not a filter: 'equals' takes the attribute, value"),
        ({"equals": ["licence", "by"]}, "no attribute 'licence'; did you mean 'license'"),
        ({"between": ["update_date", None, "soon"]}, "'between' cannot test attribute 'update_date'"),
    ],
)
def test_expressions_that_do_not_fit(dataset: Dataset, cache: Cache, expression: Any, complaint: str) -> None:
    with pytest.raises(BenchError, match=complaint):
        sampled(dataset, cache, expression)


def test_a_workload_hands_its_filters_and_attributes_to_workers(dataset: Dataset, cache: Cache) -> None:
    for workload in (
        sampled(dataset, cache, CONJUNCTION),
        UnfilteredWorkload("none").open(dataset, cache),
        SelectivityWorkload("s", FilterType.EMIS, 0.2, 0).open(dataset, cache),
    ):
        lines = workload.filters_path.read_text(encoding="utf-8").splitlines()
        assert tuple(map(from_json, lines)) == workload.filters
        assert workload.attributes_path is not None
        for name in workload.filtered:
            assert name in Attributes.open(workload.attributes_path).kinds


@pytest.mark.parametrize("filter_type", [FilterType.EM, FilterType.R, FilterType.EMIS])
def test_published_filters_are_those_of_the_file(dataset: Dataset, cache: Cache, filter_type: FilterType) -> None:
    workload = PublishedWorkload("published", filter_type, queries=5).open(dataset, cache)
    assert workload.filter_type is filter_type
    assert len(workload.filters) == 5


def test_no_filter_passes_everything(dataset: Dataset, cache: Cache) -> None:
    workload = UnfilteredWorkload("none", queries=3).open(dataset, cache)
    assert workload.filters == (Everything(),) * 3
    assert workload.filter_type is FilterType.NONE
    assert workload.filtered == ()


def test_the_digest_follows_filters_and_tested_values_only(dataset: Dataset, cache: Cache, tmp_path: Path) -> None:
    def digest(filters: Filter, **changed: Any) -> str:
        lines = [record | changed for record in records(400, 1)]
        assert dataset.folder is not None
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        shutil.copytree(dataset.folder, folder)
        write_lines(folder / "database_attributes.jsonl", lines)
        write_lines(folder / "em_query_attributes.jsonl", [{"label": filters.value}] * QUERY_COUNT)  # type: ignore[union-attr]
        return PublishedWorkload("em", FilterType.EM).open(LayoutSource("x", str(folder)).open(cache), cache).digest

    asked = Equals("number_of_sub_categories", 1)
    assert digest(asked) == digest(asked, license="another")
    assert digest(asked) != digest(asked, number_of_sub_categories=2)
    assert digest(asked) != digest(Equals("number_of_sub_categories", 2))


@pytest.mark.parametrize("queries", [0, -1, QUERY_COUNT + 1])
def test_more_queries_than_there_are(dataset: Dataset, cache: Cache, queries: int) -> None:
    with pytest.raises(BenchError, match=rf"workload.queries={queries} is out of range; .* {QUERY_COUNT} queries"):
        UnfilteredWorkload("none", queries).open(dataset, cache)


@pytest.mark.parametrize("selectivity", [0.0, -0.1, 1.5, float("nan")])
def test_a_selectivity_out_of_range(dataset: Dataset, cache: Cache, selectivity: float) -> None:
    with pytest.raises(BenchError, match=r"selectivity=.* lies in"):
        SelectivityWorkload("s", FilterType.EM, selectivity, 0).open(dataset, cache)


def test_a_published_workload_of_a_dataset_without_one(dataset: Dataset, cache: Cache) -> None:
    bare = dataclasses.replace(dataset, folder=None)
    with pytest.raises(BenchError, match="no published EM workload; use workload=em_selectivity"):
        PublishedWorkload("em", FilterType.EM).open(bare, cache)
    with pytest.raises(BenchError, match="published workloads are EM, R and EMIS"):
        PublishedWorkload("mem", FilterType.MEM).open(dataset, cache)


def test_filters_and_queries_of_different_number(layout: Path, tmp_path: Path, cache: Cache) -> None:
    folder = shutil.copytree(layout, tmp_path / "short")
    write_lines(folder / "em_query_attributes.jsonl", [{"label": 1}] * 3)
    opened = LayoutSource("short", str(folder)).open(cache)
    with pytest.raises(BenchError, match=rf"em_query_attributes.jsonl has 3 filters where there are {QUERY_COUNT}"):
        PublishedWorkload("em", FilterType.EM).open(opened, cache)


def test_ranges_that_end_before_they_begin_are_counted(
    layout: Path, tmp_path: Path, cache: Cache, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(layout, tmp_path / "slip")
    path = tmp_path / "slip" / filters_file(FilterType.R)
    said = []
    for reversed_rows in ((), (3, 5)):
        lines = ['{"range_start": 14000, "range_end": 14000}'] * QUERY_COUNT
        for row in reversed_rows:
            lines[row] = '{"range_start": 15000, "range_end": 14000}'
        path.write_text("".join(line + "\n" for line in lines))
        dataset = LayoutSource("slip", str(tmp_path / "slip")).open(cache)
        workload = PublishedWorkload("r", FilterType.R).open(dataset, cache)
        said.append(capsys.readouterr().err)
    assert said[0] == ""
    assert f"warning: 2 of {QUERY_COUNT} queries" in said[1]
    assert "the first of them query 3;" in said[1]
    assert FilterBatch([workload.filters[3]], workload.attributes).matches == 0


@pytest.mark.parametrize(
    "kind",
    [
        lambda **rows: UnfilteredWorkload("x", **rows),
        lambda **rows: PublishedWorkload("x", FilterType.R, **rows),
        lambda **rows: SampledWorkload("x", CONJUNCTION, 0, **rows),
        lambda **rows: SelectivityWorkload("x", FilterType.R, 0.1, 0, **rows),
    ],
)
def test_skipped_queries_and_those_that_follow_are_all_queries(kind: Any, dataset: Dataset, cache: Cache) -> None:
    whole, first, rest = (kind(**rows).open(dataset, cache) for rows in ({}, {"queries": 9}, {"skip": 9}))
    assert first.filters + rest.filters == whole.filters
    assert (first.rows, rest.rows) == (slice(0, 9), slice(9, QUERY_COUNT))
    assert len({workload.digest for workload in (whole, first, rest)}) == 3
    for rows in ({"skip": QUERY_COUNT}, {"skip": -1}, {"skip": 9, "queries": QUERY_COUNT - 8}):
        with pytest.raises(BenchError, match="is out of range; dataset"):
            kind(**rows).open(dataset, cache)


@pytest.mark.parametrize("correlation", [0.0, 0.5, 1.0])
def test_correlated_filters_have_the_value_of_a_near_item(complete: Dataset, cache: Cache, correlation: float) -> None:
    def opened(fraction: float) -> Workload:
        return SampledWorkload("s", {"equals": "update_date"}, 5, fraction).open(complete, cache)

    workload = opened(correlation)
    dates = complete.open_attributes()["update_date"]
    assert isinstance(dates, Ordered)
    near = neighbours(complete, cache)
    assert near.shape == (complete.number_of_queries, 10)
    wanted = [filter_.value for filter_ in workload.filters if isinstance(filter_, Equals)]
    held = np.mean([value in dates.values[row] for value, row in zip(wanted, near, strict=True)])
    assert held == 1 if correlation == 1 else held < 0.9
    assert (workload.digest == opened(0.0).digest) == (correlation == 0)
    with pytest.raises(BenchError, match=r"workload.correlation=1.5 is out of range"):
        opened(1.5)
