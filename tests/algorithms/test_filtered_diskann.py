"""FilteredVamana and StitchedVamana: every label can be walked, and a beam as wide as the data is exact."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algorithms.base import Data, declared_params
from algorithms.encodings.labels import label_sets
from algorithms.filtered_diskann.filtered import Build as Filtered
from algorithms.filtered_diskann.filtered import FilteredVamana
from algorithms.filtered_diskann.method import LabelledVamana, Search
from algorithms.filtered_diskann.stitched import Build as Stitched
from algorithms.filtered_diskann.stitched import StitchedVamana
from bench.core.attributes import Attributes
from bench.core.encode import sets
from bench.core.errors import BenchError
from bench.core.filters import And, Between, Contains, Equals, Filter
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from tests.support.labelled import labelled_problems, labels_of, rows_of, tagged, unreachable
from tests.support.problems import Problem, answer, check_exact, recall, through_disk

METHODS = [(FilteredVamana, Filtered()), (FilteredVamana, Filtered(variant="code")), (StitchedVamana, Stitched())]
"""Each method with its default parameters."""

ROOMY: list[tuple[type[LabelledVamana], Any]] = [
    (FilteredVamana, Filtered(R=128)),
    (FilteredVamana, Filtered(R=128, variant="code")),
    (StitchedVamana, Stitched(R_small=128, R_stitched=128)),
]
"""Each method with room for all neighbours of the items of `labelled_problems`."""

each_method = pytest.mark.parametrize(("method", "params"), METHODS, ids=["filtered", "filtered-code", "stitched"])


# --- answers


@pytest.mark.parametrize(("method", "params"), ROOMY, ids=["filtered", "filtered-code", "stitched"])
@settings(max_examples=60)
@given(problem=labelled_problems(), k=st.sampled_from([1, 7, 200]))
def test_with_room_and_a_wide_beam_the_answer_is_exact(
    method: type[LabelledVamana], params: Any, problem: Problem, k: int
) -> None:
    index, _ = through_disk(method, params, problem.data())
    check_exact(problem, answer(index, problem, Search(L=len(problem.vectors)), k), k)


@each_method
@settings(max_examples=25)
@given(problem=labelled_problems(), width=st.integers(1, 20), degree=st.integers(1, 6))
def test_narrow_graphs_and_beams_return_passing_items_only(
    method: type[LabelledVamana], params: Any, problem: Problem, width: int, degree: int
) -> None:
    narrow = {name: degree for name in ("R", "R_small", "R_stitched") if hasattr(params, name)}
    index, _ = through_disk(method, replace(params, **narrow), problem.data())
    assert isinstance(index, LabelledVamana)
    assert max(map(len, rows_of(index.view.graph))) <= degree
    ids = answer(index, problem, Search(L=width))
    assert problem.violations(ids) == 0
    # The entry passes, so that there is an answer wherever something matches.
    np.testing.assert_array_equal(ids[:, 0] >= 0, problem.batch.matches[problem.batch.index] > 0)


@each_method
@pytest.mark.parametrize("single", [True, False])
def test_recall_grows_with_the_beam(method: type[LabelledVamana], params: Any, single: bool) -> None:
    problem = tagged(3000, 1, single)
    index, _ = through_disk(method, params, problem.data())
    recalls, computed = [], []
    for width in (10, 40, 160):
        recalls.append(recall(problem, answer(index, problem, Search(L=width))))
        computed.append(index.distance_computations or 0)
    assert recalls == sorted(recalls)
    assert recalls[0] > 0.6
    assert recalls[2] > 0.99
    assert computed == sorted(computed)
    assert computed[0] < problem.batch.matches[problem.batch.index].sum() / 2


def test_an_unknown_value_has_no_answer_and_costs_nothing() -> None:
    problem = tagged(200, 2)
    index, _ = through_disk(FilteredVamana, Filtered(), problem.data())
    prepared = index.prepare(FilterBatch([Contains("tag", "nowhere")], problem.attributes))
    assert (index.search(problem.queries[:1], prepared, 5, Search(L=10), 1) == -1).all()
    assert index.distance_computations == 0


def test_labels_without_items_have_no_entry() -> None:
    column = sets([["a"], ["a", "b"], ["c"]]).part(slice(1))
    point = np.eye(1, 3, dtype=np.float32)
    problem = Problem(point, Attributes(1, {"tag": column}), point, (Contains("tag", "b"),))
    for method, params in METHODS:
        index, _ = through_disk(method, params, problem.data())
        assert isinstance(index, LabelledVamana)
        assert index.index.entries.tolist() == [0, -1, -1]
        assert answer(index, problem, Search(), 3).tolist() == [[-1, -1, -1]]


# --- structure


@each_method
@pytest.mark.parametrize("single", [True, False])
def test_rows_are_short_distinct_and_within_labels(method: type[LabelledVamana], params: Any, single: bool) -> None:
    problem = tagged(2000, 3, single)
    index = method(params)
    index.build(problem.data())
    rows, labels = rows_of(index.view.graph), labels_of(label_sets(problem.attributes, ("tag",)))
    limit = params.R if isinstance(params, Filtered) else params.R_small if single else params.R_stitched
    assert max(map(len, rows)) <= limit
    across = 0
    for item, row in enumerate(rows):
        assert item not in row
        assert len(set(row)) == len(row)
        across += sum(not labels[item] & labels[other] for other in row)
    # Only the authors' variant of FilteredVamana looks beyond the labels of an item.
    assert (across > 0) == (getattr(params, "variant", None) == "code")


@each_method
@pytest.mark.parametrize("single", [True, False])
def test_nearly_all_of_a_label_is_reachable_from_its_entry(
    method: type[LabelledVamana], params: Any, single: bool
) -> None:
    problem = tagged(3000, 4, single)
    # In the authors' variant the labels compete for places.
    index = method(replace(params, R=96) if getattr(params, "variant", None) == "code" else params)
    index.build(problem.data())
    encoded = label_sets(problem.attributes, ("tag",))
    rows, labels, entries = rows_of(index.view.graph), labels_of(encoded), index.index.entries
    lost = sum(len(unreachable(rows, labels, label, entries[label])) for label in range(encoded.size))
    assert lost / len(encoded.labels.codes) <= 0.001


# --- determinism and refusals


@each_method
def test_index_and_answers_are_the_same_for_any_number_of_threads(method: type[LabelledVamana], params: Any) -> None:
    problem = tagged(2500, 9)
    copies = [through_disk(method, params, problem.data(threads=threads)) for threads in (1, 2, 2)]
    assert copies[0][1] == copies[1][1] == copies[2][1]
    answers = [
        answer(index, problem, Search(L=20), threads=threads)
        for (index, _), threads in zip(copies, (1, 2, 3), strict=True)
    ]
    np.testing.assert_array_equal(answers[0], answers[1])
    np.testing.assert_array_equal(answers[0], answers[2])


@each_method
def test_the_seed_decides_the_order(method: type[LabelledVamana], params: Any) -> None:
    problem = tagged(300, 10)
    assert through_disk(method, params, problem.data())[1] != through_disk(method, params, problem.data(seed=1))[1]


@pytest.mark.parametrize("method", [FilteredVamana, StitchedVamana])
@pytest.mark.parametrize("filter_type", sorted(set(FilterType) - {FilterType.EM, FilterType.EMIS}))
def test_other_filter_types_are_refused_with_the_reason(method: type[LabelledVamana], filter_type: FilterType) -> None:
    assert "within one label" in str(method.unsupported(filter_type))


@pytest.mark.parametrize("filter_", [Between("number", 0, 1), And((Equals("tag", "1"), Equals("tag", "2")))])
def test_a_filter_of_another_type_is_refused(filter_: Filter) -> None:
    problem = tagged(50, 11)
    index, _ = through_disk(StitchedVamana, Stitched(), problem.data())
    with pytest.raises(BenchError, match="only EM and EMIS"):
        index.prepare(FilterBatch([filter_], problem.attributes))


def test_every_number_among_the_parameters_has_a_least_value() -> None:
    declared = declared_params(Filtered) + declared_params(Stitched) + declared_params(Search)
    for param in declared:
        assert param.choices == ("paper", "code") if param.name == "variant" else param.low == 1


def test_data_is_taken_as_it_comes() -> None:
    """Strided float64 rows give the index and the answers of their float32 copy."""
    problem = tagged(200, 12)
    wide = np.repeat(problem.vectors.astype(np.float64), 2, axis=1)[:, ::2]
    base = problem.data()
    plain, plain_bytes = through_disk(FilteredVamana, Filtered(), base)
    strided, strided_bytes = through_disk(
        FilteredVamana,
        Filtered(),
        Data(wide, base.attributes, base.filtered, base.filter_type, 1, 0),
    )
    assert plain_bytes == strided_bytes
    np.testing.assert_array_equal(answer(plain, problem, Search(L=20), 5), answer(strided, problem, Search(L=20), 5))
