"""Methods in shards: the merged answers are those of one index, or better."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from algorithms.acorn.method import Acorn
from algorithms.base import Algorithm, MalformedAnswer
from algorithms.baselines.hnswlib import HnswlibPostFilter
from algorithms.baselines.prefilter import PreFilter
from algorithms.filtered_diskann.filtered import FilteredVamana
from algorithms.loading import load_target
from algorithms.nhq.nsw import NhqNsw
from algorithms.sharded import Answers, blocks, merge, sharded
from bench.config.algorithm import algorithm_config
from bench.core.attributes import Attributes
from bench.core.encode import categorical
from bench.core.filters import Equals
from bench.core.formats import Storage, encode
from bench.core.metrics import Metric
from bench.measuring.rerank import Reranked
from bench.measuring.serving import description
from tests.support.problems import Problem, answer, any_problem, check_valid, clustered, recall

K = 10


def built(method: type[Algorithm], problem: Problem, *, threads: int = 1, **params: Any) -> Any:
    """Return a method with an index over the items of a problem."""
    algorithm = method(method.BuildParams(**params))
    algorithm.build(problem.data(threads))
    return algorithm


def labelled(n: int) -> Problem:
    """Return a clustered problem whose filters are EM."""
    problem = clustered(n, 0)
    filters = tuple(Equals("category", "abc"[q % 3]) for q in range(len(problem.queries)))
    return replace(problem, filters=filters)


def files_of(algorithm: Algorithm, folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    algorithm.save(folder)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@given(st.integers(1, 500), st.data())
def test_blocks_divide_the_items_evenly_and_in_order(n: int, draw: st.DataObject) -> None:
    shards = draw.draw(st.integers(1, n))
    rows = blocks(n, shards)
    assert [i for each in rows for i in range(n)[each]] == list(range(n))
    assert all(each.stop > each.start for each in rows)
    if n >= 16 * shards:
        assert all(each.start % 16 == 0 for each in rows)
    sizes = [each.stop - each.start for each in rows]
    assert len(sizes) == shards
    assert max(sizes) - min(sizes) <= (31 if n >= 16 * shards else 1)


@given(any_problem(), st.integers(1, 60), st.integers(1, 12))
@settings(max_examples=40)
def test_exact_answers_do_not_depend_on_the_shards(problem: Problem, shards: int, k: int) -> None:
    """Many vectors are equal, a shard may have fewer than k items that pass, or none, or one item in all."""
    shards = min(shards, len(problem.vectors))
    parts, whole = built(sharded(PreFilter, shards), problem), built(PreFilter, problem)
    answers = answer(parts, problem, None, k)
    np.testing.assert_array_equal(answers, answer(whole, problem, None, k))
    matches = problem.batch.matches[problem.batch.index]
    least = int(whole.distance_computations + np.minimum(matches, k).sum())
    assert least <= parts.distance_computations <= 2 * whole.distance_computations


@pytest.mark.parametrize("metric", [Metric.L2, Metric.IP])
def test_answers_are_merged_by_the_metric(metric: Metric) -> None:
    problem = clustered(300, 1)
    indexes = []
    for method in (PreFilter, sharded(PreFilter, 4)):
        indexes.append(method(method.BuildParams()))
        indexes[-1].build(replace(problem.data(), metric=metric))
    whole, parts = (answer(index, problem, None) for index in indexes)
    np.testing.assert_array_equal(whole, parts)


def test_filters_may_test_attributes_that_the_index_does_not_cover() -> None:
    problem = clustered(200, 0)
    parts = sharded(PreFilter, 3)(PreFilter.BuildParams())
    parts.build(replace(problem.data(), filtered=()))
    np.testing.assert_array_equal(answer(parts, problem, None), answer(built(PreFilter, problem), problem, None))


def test_a_graph_in_shards_misses_no_more() -> None:
    problem = labelled(4000)
    params = FilteredVamana.SearchParams(L=K)
    small = {"R": 8, "L": 20}
    whole, parts = (built(each, problem, **small) for each in (FilteredVamana, sharded(FilteredVamana, 4)))
    of_whole, of_parts = answer(whole, problem, params), answer(parts, problem, params)
    check_valid(problem, of_parts)
    assert recall(problem, of_whole) < recall(problem, of_parts) <= 1


def test_a_saved_index_answers_alike_for_any_number_of_threads(tmp_path: Path) -> None:
    problem, method = labelled(600), sharded(FilteredVamana, 3)
    one, two = (built(method, problem, threads=threads) for threads in (1, 2))
    files = files_of(one, tmp_path / "one")
    assert {Path(name).parts[0] for name in files} == {"0", "1", "2"}
    assert files == files_of(two, tmp_path / "two")
    loaded = method.load(tmp_path / "one", one.params, problem.data())
    expected = answer(one, problem, method.SearchParams())
    for threads in (1, 2):
        np.testing.assert_array_equal(answer(loaded, problem, method.SearchParams(), threads=threads), expected)


@pytest.mark.parametrize("storage", [storage for storage in Storage if storage is not Storage.FLOAT32])
def test_codes_in_shards_miss_no_more(storage: Storage) -> None:
    """Whatever is among the best codes of all is among the best of its shard."""
    problem = clustered(500, 0)
    data = replace(problem.data(), codes=encode(problem.vectors, storage))
    answers = []
    for method in (PreFilter, sharded(PreFilter, 3)):
        index = method(method.BuildParams())
        index.build(data)
        answers.append(answer(Reranked(index, problem.vectors, Metric.L2, 1.0), problem, None))
        check_valid(problem, answers[-1])
    whole, parts = (recall(problem, ids) for ids in answers)
    assert 0.3 < whole <= parts


@pytest.mark.parametrize("storage", list(Storage))
def test_a_graph_reads_every_format_in_shards(storage: Storage, tmp_path: Path) -> None:
    problem = clustered(400, 0)
    codes = None if storage is Storage.FLOAT32 else encode(problem.vectors, storage)
    data = replace(problem.data(), codes=codes)
    method = sharded(Acorn, 2)
    index = method(method.BuildParams())
    index.build(data)
    files_of(index, tmp_path / "index")
    loaded = method.load(tmp_path / "index", index.params, data)
    ids = answer(loaded, problem, method.SearchParams())
    assert problem.violations(ids) == 0
    np.testing.assert_array_equal(ids, answer(index, problem, method.SearchParams()))


def test_vectors_are_held_once() -> None:
    """What the harness has read of all vectors is dropped; each shard reads its part."""
    problem = clustered(100, 0)
    data = replace(problem.data(), source=problem.vectors.astype(np.int8))
    assert data.stored() is data.vectors
    method = sharded(PreFilter, 2)
    method(method.BuildParams()).build(data)
    assert "vectors" not in vars(data)


def test_every_method_in_shards_describes_itself_as_before() -> None:
    for name in ("prefilter", "filtered_vamana", "composite", "nhq_kgraph", "hnswlib_postfilter"):
        target = algorithm_config(name).target
        method = load_target(target)
        in_shards = description(target, sharded(method, 3))
        assert replace(in_shards, sources=()) == replace(description(target, method), sources=())
        assert any(path.name == "sharded.py" for path in in_shards.sources)


def test_items_that_fail_come_after_all_that_pass() -> None:
    problem = labelled(300)
    method = sharded(NhqNsw, 3)
    ids = answer(built(method, problem), problem, method.SearchParams(), 150)
    passes = [problem.batch.mask(u)[row] for u, row in zip(problem.batch.index, ids, strict=True)]
    assert any(not all(row) for row in passes)
    assert all(first >= second for row in passes for first, second in pairwise(row.tolist()))


def answers_of(ids: list[int], distances: list[float], failing: list[bool]) -> Answers:
    return Answers(np.array([ids]), np.array([distances]), np.array([failing]), 0)


def test_ties_are_merged_by_id() -> None:
    first = answers_of([3, 1, -1], [1.0, 1.0, np.inf], [False, False, True])
    second = answers_of([8, 6, 7], [0.5, 1.0, 0.1], [False, False, True])
    assert merge([first, second], 5).tolist() == [[8, 1, 3, 6, 7]]
    assert merge([second, first], 6).tolist() == [[8, 1, 3, 6, 7, -1]]


class Astray(PreFilter):
    """Returns the same ids whatever it is asked."""

    ids: Any = None

    def search(self, queries: NDArray[np.float32], *_: Any) -> Any:
        return np.full((len(queries), 2), self.ids)


@pytest.fixture
def eight() -> Problem:
    """Eight items, and one query that all of them pass."""
    attributes = Attributes(8, {"x": categorical(["a"] * 8)})
    vectors = np.eye(8, dtype=np.float32)
    return Problem(vectors, attributes, vectors[:1], (Equals("x", "a"),))


@pytest.mark.parametrize("ids", [7, -2, 0.5, None])
def test_ids_of_another_shard_are_malformed(ids: Any, eight: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Astray, "ids", ids)
    with pytest.raises(MalformedAnswer, match="a shard returned"):
        answer(built(sharded(Astray, 2), eight), eight, None)


def test_a_shard_may_return_fewer_columns(eight: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Astray, "ids", [1, 0])
    assert answer(built(sharded(Astray, 2), eight), eight, None, 10).tolist() == [[0, 1, 4, 5]]


def test_a_build_counts_the_bytes_of_all_shards() -> None:
    params = FilteredVamana.BuildParams()
    whole, parts = (
        each.build_bytes(params, 1000, 32, Storage.FLOAT32) for each in (FilteredVamana, sharded(FilteredVamana, 4))
    )
    assert whole == parts


def test_a_method_of_a_library_is_sharded_too(tmp_path: Path) -> None:
    problem, method = clustered(300, 0), sharded(HnswlibPostFilter, 3)
    index = built(method, problem)
    files_of(index, tmp_path / "index")
    loaded = method.load(tmp_path / "index", index.params, problem.data())
    assert recall(problem, answer(loaded, problem, method.SearchParams())) > 0.95
