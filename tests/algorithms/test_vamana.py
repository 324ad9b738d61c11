"""FilteredVamana and StitchedVamana: every label can be walked, and a beam as wide as the data is exact."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from algorithms.base import Data, describe_params
from algorithms.encodings.labels import UNKNOWN, Labels, label_sets
from algorithms.filtered_diskann.filtered import Build as Filtered
from algorithms.filtered_diskann.filtered import FilteredVamana, choose_entries
from algorithms.filtered_diskann.grow import AllCovered, SharedCovered, grow, insertion_order
from algorithms.filtered_diskann.search import LabelledVamana
from algorithms.filtered_diskann.stitched import Build as Stitched
from algorithms.filtered_diskann.stitched import StitchedVamana, grow_each
from algorithms.kernels.beam import new_scratch
from algorithms.kernels.medoid import medoids
from algorithms.kernels.prune import prune
from algorithms.kernels.space import l2
from bench.core.attributes import Attributes, categorical, sets
from bench.core.errors import BenchError
from bench.core.filters import And, Between, Contains, Equals, Filter, FilterType
from bench.core.masks import FilterBatch
from tests.support.labelled import labelled_problems, labels_of, tagged
from tests.support.naive import nearest, values_of
from tests.support.problems import Problem, through_disk
from tests.support.strategies import columns

METHODS = [(FilteredVamana, Filtered()), (FilteredVamana, Filtered(variant="code")), (StitchedVamana, Stitched())]
"""Each method with its default parameters."""

ROOMY: list[tuple[type[LabelledVamana], Any]] = [
    (FilteredVamana, Filtered(R=128)),
    (FilteredVamana, Filtered(R=128, variant="code")),
    (StitchedVamana, Stitched(R_small=128, R_stitched=128)),
]
"""Each method with room for all neighbours of the items of `problems`."""

each_method = pytest.mark.parametrize(("method", "params"), METHODS, ids=["filtered", "filtered-code", "stitched"])


def answer(index: LabelledVamana, problem: Problem, k: int, width: int, threads: int = 1) -> NDArray[np.int32]:
    return index.search(problem.queries, index.prepare(problem.batch), k, index.SearchParams(L=width), threads)


def rows_of(index: LabelledVamana) -> list[list[int]]:
    return [part.tolist() for part in np.split(index.graph.ids, index.graph.starts[1:-1])]


def unreachable(rows: list[list[int]], labels: list[set[int]], label: int, entry: int) -> set[int]:
    """Return the items of a label to which no path of such items leads from its entry."""
    inside = {i for i, held in enumerate(labels) if label in held}
    seen, open_ = {entry}, [entry]
    while open_:
        for other in set(rows[open_.pop()]) & inside - seen:
            seen.add(other)
            open_.append(other)
    return inside - seen


def recall(found: NDArray[np.int32], problem: Problem) -> float:
    ids, _, matches = nearest(problem.vectors, problem.queries, problem.filters, problem.attributes, found.shape[1])
    hits = sum(len(set(a) & set(b) - {-1}) for a, b in zip(found.tolist(), ids.tolist(), strict=True))
    return hits / int(np.minimum(matches, found.shape[1]).sum())


# --- label sets


@given(columns())
def test_label_sets_hold_the_values_of_all_attributes(attributes: Attributes) -> None:
    names = ("category", "number", "truth", "words")
    encoded = label_sets(attributes, names)
    held = labels_of(encoded)
    plain = {name: values_of(attributes[name]) for name in names}
    for i in range(attributes.n):
        leaves = [Equals(name, plain[name][i]) for name in names[:3] if plain[name][i] is not None]
        expected = {encoded.code_of(leaf) for leaf in leaves}
        expected |= {encoded.code_of(Contains("words", word)) for word in plain["words"][i]}
        assert held[i] == expected
        assert UNKNOWN not in held[i]
        assert len(held[i]) == len(leaves) + len(plain["words"][i])  # no two values are one label
        codes = encoded.codes[encoded.offsets[i] : encoded.offsets[i + 1]]
        assert codes.tolist() == sorted(held[i])
    assert encoded.code_of(Equals("category", "nowhere")) == UNKNOWN
    assert encoded.code_of(Equals("number", 77)) == UNKNOWN
    starts, holders = encoded.postings
    for label in range(encoded.size):
        assert holders[starts[label] : starts[label + 1]].tolist() == [i for i, own in enumerate(held) if label in own]


def test_label_sets_need_an_attribute() -> None:
    with pytest.raises(BenchError, match="need an attribute"):
        label_sets(tagged(5, 0).attributes, ())


# --- answers


@pytest.mark.parametrize(("method", "params"), ROOMY, ids=["filtered", "filtered-code", "stitched"])
@settings(max_examples=60)
@given(problem=labelled_problems(), k=st.sampled_from([1, 7, 200]))
def test_with_room_and_a_wide_beam_the_answer_is_exact(
    method: type[LabelledVamana], params: Any, problem: Problem, k: int
) -> None:
    index, _ = through_disk(method, params, problem.data())
    assert isinstance(index, LabelledVamana)
    found = answer(index, problem, k, len(problem.vectors))
    ids, distances, _ = nearest(problem.vectors, problem.queries, problem.filters, problem.attributes, k)
    assert problem.violations(found) == 0
    np.testing.assert_array_equal(found >= 0, ids >= 0)
    for row, query, expected in zip(found, problem.queries, distances, strict=True):
        own = row[row >= 0]
        assert len(set(own.tolist())) == len(own)
        squared = ((problem.vectors[own].astype(np.float64) - query) ** 2).sum(1)
        np.testing.assert_allclose(squared, expected[: len(own)], rtol=1e-4, atol=1e-5)


@each_method
@settings(max_examples=25)
@given(problem=labelled_problems(), width=st.integers(1, 20), degree=st.integers(1, 6))
def test_narrow_graphs_and_beams_return_passing_items_only(
    method: type[LabelledVamana], params: Any, problem: Problem, width: int, degree: int
) -> None:
    narrow = {name: degree for name in ("R", "R_small", "R_stitched") if hasattr(params, name)}
    index, _ = through_disk(method, replace(params, **narrow), problem.data())
    assert isinstance(index, LabelledVamana)
    assert np.diff(index.graph.starts).max(initial=0) <= degree
    found = answer(index, problem, 10, width)
    assert problem.violations(found) == 0
    # The entry passes, so that there is an answer wherever something matches.
    np.testing.assert_array_equal(found[:, 0] >= 0, problem.batch.matches[problem.batch.index] > 0)


@each_method
@pytest.mark.parametrize("single", [True, False])
def test_recall_grows_with_the_beam(method: type[LabelledVamana], params: Any, single: bool) -> None:
    problem = tagged(3000, 1, single)
    index, _ = through_disk(method, params, problem.data())
    assert isinstance(index, LabelledVamana)
    recalls, computed = [], []
    for width in (10, 40, 160):
        recalls.append(recall(answer(index, problem, 10, width), problem))
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
    assert (index.search(problem.queries[:1], prepared, 5, index.SearchParams(L=10), 1) == -1).all()
    assert index.distance_computations == 0


# --- structure


@each_method
@pytest.mark.parametrize("single", [True, False])
def test_rows_are_short_distinct_and_within_labels(method: type[LabelledVamana], params: Any, single: bool) -> None:
    problem = tagged(2000, 3, single)
    index = method(params)
    index.build(problem.data())
    rows, labels = rows_of(index), labels_of(label_sets(problem.attributes, ("tag",)))
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
    rows, labels = rows_of(index), labels_of(encoded)
    lost = sum(len(unreachable(rows, labels, label, index.entries[label])) for label in range(encoded.size))
    assert lost / len(encoded.codes) <= 0.001


def test_the_graph_of_a_label_is_whole_before_the_stitching() -> None:
    problem = tagged(2000, 5)
    encoded = label_sets(problem.attributes, ("tag",))
    edges, entries = grow_each(problem.vectors, encoded, 32, 100, 1.2, 0, 1)
    starts, holders = encoded.postings
    for label in range(encoded.size):
        members = holders[starts[label] : starts[label + 1]]
        rows: list[list[int]] = [[] for _ in problem.vectors]
        for item, row in zip(members.tolist(), edges[starts[label] : starts[label + 1]].tolist(), strict=True):
            rows[item] = [other for other in row if other >= 0]
            assert set(rows[item]) <= set(members.tolist())
        inside = [{label} if i in set(members.tolist()) else set() for i in range(len(rows))]
        assert unreachable(rows, inside, label, entries[label]) == set()


def test_stitching_keeps_all_edges_where_there_is_room() -> None:
    problem = tagged(800, 6)
    encoded = label_sets(problem.attributes, ("tag",))
    edges, _ = grow_each(problem.vectors, encoded, 16, 50, 1.2, 0, 1)
    index = StitchedVamana(Stitched(R_small=16, L_small=50, R_stitched=48))
    index.build(problem.data())
    union: list[set[int]] = [set() for _ in problem.vectors]
    for item, row in zip(encoded.postings[1].tolist(), edges.tolist(), strict=True):
        union[item] |= set(row) - {-1}
    assert max(map(len, union)) > 30  # more than one label's
    for row, expected in zip(rows_of(index), union, strict=True):
        assert set(row) == expected


def test_labels_of_everyone_change_nothing() -> None:
    problem = tagged(1000, 7)
    rng = np.random.default_rng(0)
    order = insertion_order(np.arange(1000, dtype=np.int32), np.array([7], np.int32), rng)
    assert order[0] == 7
    one = Labels(np.arange(1001), np.zeros(1000, np.int32))
    two = Labels(np.arange(0, 2001, 2), np.tile(np.array([0, 1], np.int32), 1000))
    graphs = [
        grow(problem.vectors, rule, order, 16, 40, 1.2, 1)
        for rule in (SharedCovered(one), SharedCovered(two), AllCovered(one), AllCovered(two))
    ]
    for graph in graphs[1:]:
        np.testing.assert_array_equal(graph, graphs[0])


# --- parts


@settings(max_examples=80)
@given(
    held=st.lists(st.sets(st.integers(0, 3), max_size=3), min_size=2, max_size=25),
    seed=st.integers(0, 2**32),
    cap=st.integers(1, 8),
    shared=st.booleans(),
)
def test_pruning_follows_the_rule(held: list[set[int]], seed: int, cap: int, shared: bool) -> None:
    n = len(held)
    points = np.random.default_rng(seed).integers(-4, 5, (n, 2)).astype(np.float32)
    offsets = np.cumsum([0, *map(len, held)])
    codes = np.array([label for own in held for label in sorted(own)], np.int32)
    labels = Labels(offsets, codes)
    squared = ((points[:, None].astype(np.float64) - points[None]) ** 2).sum(2)
    expected: list[int] = []
    for candidate in sorted(range(1, n), key=lambda i: (squared[0, i], i)):
        serving = held[candidate] & held[0] if shared else held[candidate]
        occluded = any(serving <= held[k] and squared[k, candidate] < squared[0, candidate] for k in expected)
        if not occluded and len(expected) < cap:
            expected.append(candidate)
    lengths = squared[0, 1:].astype(np.float32)
    keys = np.sort((lengths.view(np.int32).astype(np.int64) << 32) | np.arange(1, n))
    chosen = new_scratch(n, 0).entered
    rule = SharedCovered(labels) if shared else AllCovered(labels)
    count = prune(l2(points), rule, 0, keys, n - 1, cap, 1.0, chosen)
    assert (chosen[:count] & 0x7FFFFFFF).tolist() == expected


def test_entries_hold_their_label_and_share_the_load() -> None:
    attributes = Attributes(100, {"tag": sets([[str(t) for t in range(20)]] * 100), "one": categorical(["a"] * 100)})
    encoded = label_sets(attributes, ("one", "tag"))
    entries = choose_entries(encoded, 25, np.random.default_rng(0))
    assert len(set(entries.tolist())) == 21  # every item has every label
    crowded = choose_entries(encoded, 1, np.random.default_rng(0))
    assert len(set(crowded.tolist())) < 21
    problem = tagged(300, 8)
    encoded = label_sets(problem.attributes, ("tag",))
    labels = labels_of(encoded)
    for label, entry in enumerate(choose_entries(encoded, 25, np.random.default_rng(1))):
        assert label in labels[entry]


def test_medoids_are_nearest_to_the_mean() -> None:
    rows = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    bounds = np.array([0, 20, 20, 21, 50])
    found = medoids(l2(rows), bounds)
    assert found[1] == -1
    for g in (0, 2, 3):
        group = rows[bounds[g] : bounds[g + 1]].astype(np.float64)
        assert found[g] == bounds[g] + ((group - group.mean(0)) ** 2).sum(1).argmin()


def test_labels_without_items_have_no_entry() -> None:
    column = sets([["a"], ["a", "b"], ["c"]]).part(slice(1))
    point = np.eye(1, 3, dtype=np.float32)
    problem = Problem(point, Attributes(1, {"tag": column}), point, (Contains("tag", "b"),))
    for method, params in METHODS:
        index, _ = through_disk(method, params, problem.data())
        assert isinstance(index, LabelledVamana)
        assert index.entries.tolist() == [0, -1, -1]
        assert answer(index, problem, 3, 10).tolist() == [[-1, -1, -1]]


# --- determinism and refusals


@each_method
def test_index_and_answers_are_the_same_for_any_number_of_threads(method: type[LabelledVamana], params: Any) -> None:
    problem = tagged(2500, 9)
    made = [through_disk(method, params, problem.data(threads=threads)) for threads in (1, 2, 2)]
    assert made[0][1] == made[1][1] == made[2][1]
    answers = []
    for (index, _), threads in zip(made, (1, 2, 3), strict=True):
        assert isinstance(index, LabelledVamana)
        answers.append(answer(index, problem, 10, 20, threads))
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
    declared = describe_params(Filtered) + describe_params(Stitched) + describe_params(FilteredVamana.SearchParams)
    for param in declared:
        assert param["choices"] == ("paper", "code") if param["name"] == "variant" else param["low"] == 1


def test_data_is_taken_as_it_comes(tmp_path: Any) -> None:
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
    assert isinstance(plain, LabelledVamana)
    assert isinstance(strided, LabelledVamana)
    np.testing.assert_array_equal(answer(plain, problem, 5, 20), answer(strided, problem, 5, 20))
