"""NHQ: the fusion distance, the k-NN graph, the two graphs on it, and searches that see everything."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from algorithms.encodings.values import ANY, MISSING, NEVER, Codebook
from algorithms.kernels.beam import RESULTS, begin, new_scratch, seed, walk
from algorithms.kernels.filter import Everything
from algorithms.kernels.graph import Rows
from algorithms.kernels.heap import NO_KEY
from algorithms.kernels.insert import find_candidates
from algorithms.kernels.nn_descent import nn_descent, stride
from algorithms.kernels.space import distance, distances, target
from algorithms.nhq.fusion import Fused, Fusion, Nhq, Penalty, fusion, nhq_query
from algorithms.nhq.kgraph import Build as KgraphBuild
from algorithms.nhq.kgraph import NhqKgraph, Widening
from algorithms.nhq.kgraph import Search as KgraphSearch
from algorithms.nhq.nsw import Build as NswBuild
from algorithms.nhq.nsw import NhqNsw
from algorithms.nhq.nsw import Search as NswSearch
from bench.core.attributes import Attributes, boolean, categorical, ordered
from bench.core.filters import And, Equals, Filter, FilterType
from bench.core.masks import FilterBatch
from tests.support.naive import nearest
from tests.support.problems import Problem, answer, clustered, problems, recall, through_disk

WEIGHT = 1e4
SMALL_KGRAPH = KgraphBuild(K=20, L=20, S=5, R=20, RANGE=10, PL=30)
SMALL_NSW = NswBuild(M=8, MaxM0=12, efConstruction=40)
BOTH = [
    pytest.param(NhqKgraph, SMALL_KGRAPH, id="kgraph"),
    pytest.param(NhqNsw, SMALL_NSW, id="nsw"),
]


def searching(method: type[Nhq], width: int, weight: float | None = WEIGHT) -> KgraphSearch | NswSearch:
    return KgraphSearch(L=width, weight=weight) if method is NhqKgraph else NswSearch(ef=width, weight=weight)


def fused_distances(vectors: NDArray[np.float32], codes: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return float64[n, n], the slow way."""
    squared = ((vectors[:, None].astype(np.float64) - vectors[None]) ** 2).sum(2)
    return squared * (1 + (codes[:, None] != codes[None]).sum(2) / codes.shape[1])


def space_of(problem: Problem) -> Fusion:
    return fusion(problem.vectors, Codebook(problem.attributes, tuple(problem.attributes.kinds)).codes)


@nb.njit
def between_items(space: Any, item: Any, others: Any, one_by_one: Any, together: Any) -> None:
    point = target(space, item)
    distances(point, others, len(others), together)
    for i in range(len(others)):
        one_by_one[i] = distance(point, others[i])


@nb.njit
def from_query(space: Any, metric: Any, queries: Any, wanted: Any, others: Any, one_by_one: Any, together: Any) -> None:
    point = nhq_query(space, metric, queries, wanted, 0)
    distances(point, others, len(others), together)
    for i in range(len(others)):
        one_by_one[i] = distance(point, others[i])


def test_items_differ_by_vectors_and_by_the_share_of_their_attributes() -> None:
    rng = np.random.default_rng(0)
    vectors, codes = rng.normal(size=(30, 7)).astype(np.float32), rng.integers(MISSING, 3, (30, 3)).astype(np.int32)
    expected, others = fused_distances(vectors, codes), np.arange(30, dtype=np.int32)
    for item in range(30):
        out = np.empty((2, 30), np.float32)
        between_items(fusion(vectors, codes), item, others, out[0], out[1])
        np.testing.assert_allclose(out, [expected[item]] * 2, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("wanted", "differing"), [((0, 1, 2), 0), ((ANY, 1, 2), 0), ((ANY,) * 3, 0), ((NEVER, ANY, 0), 2), ((1, 0, 0), 3)]
)
def test_a_query_differs_in_the_attributes_that_it_names(wanted: tuple[int, ...], differing: int) -> None:
    vectors, codes = np.ones((5, 4), np.float32), np.array([[0, 1, 2]] * 5, np.int32)
    query, others = np.full((1, 4), 3, np.float32), np.arange(5, dtype=np.int32)
    for metric, expected in ((Fused(), 16 * (1 + differing / 3)), (Penalty(np.float32(7)), 16 + 7 * differing)):
        out = np.empty((2, 5), np.float32)
        values = np.array([wanted], np.int32)
        from_query(fusion(vectors, codes), metric, query, values, others, out[0], out[1])
        np.testing.assert_allclose(out, expected, rtol=1e-6)


def test_filters_become_wanted_values() -> None:
    columns = {"a": categorical(["y", None, "x"]), "b": ordered([5, -7, None]), "c": boolean([True, False, None])}
    attributes = Attributes(3, columns)
    book = Codebook(attributes, ("a", "b", "c"))
    assert book.codes.tolist() == [[1, 2, 1], [MISSING, 0, 0], [0, MISSING, MISSING]]
    wanted: dict[Filter, list[int]] = {
        Equals("a", "x"): [0, ANY, ANY],
        Equals("a", "z"): [NEVER, ANY, ANY],
        And((Equals("b", 5), Equals("c", True))): [ANY, 2, 1],
        And((Equals("c", False), Equals("c", False))): [ANY, ANY, 0],
        And((Equals("b", 5), Equals("b", -7))): [ANY, NEVER, ANY],
    }
    assert book.wanted(FilterBatch(list(wanted), attributes)).tolist() == list(wanted.values())


@pytest.mark.parametrize("n", [1, 2, 3, 10, 97, 100, 50_000])
def test_a_stride_reaches_every_item(n: int) -> None:
    assert len(np.unique(np.arange(n) * stride(n) % n)) == n


@settings(max_examples=15, deadline=None)
@given(problem=problems(), pool=st.integers(1, 50))
def test_nn_descent_over_few_items_is_exact(problem: Problem, pool: int) -> None:
    space, n = space_of(problem), len(problem.vectors)
    keys = nn_descent(space, n, pool, samples=n, reverse=n, rounds=20, seed=1, threads=1)
    assert keys.shape == (n, min(pool, n - 1))
    expected = fused_distances(problem.vectors, space.codes)
    np.fill_diagonal(expected, np.inf)
    for item in range(n if pool >= n - 1 else 0):
        ids = keys[item] & 0x7FFFFFFF
        assert sorted(ids.tolist()) == [other for other in range(n) if other != item]
        assert np.all(np.diff(expected[item, ids]) >= -1e-4)


@pytest.mark.parametrize("reverse", [3, 100])
def test_nn_descent_finds_most_neighbours(reverse: int) -> None:
    problem = clustered(1500, 1)
    space = space_of(problem)
    one, two, three = (nn_descent(space, 1500, 20, 8, reverse, 12, 0, threads) for threads in (1, 2, 3))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one, three)
    assert np.all(np.diff(one) > 0)
    assert np.all(one < NO_KEY)
    expected = fused_distances(problem.vectors, space.codes)
    np.fill_diagonal(expected, np.inf)
    truth = np.argsort(expected, axis=1)[:, :20]
    ids = one & 0x7FFFFFFF
    assert all(len(set(row)) == 20 and item not in row for item, row in enumerate(ids.tolist()))
    assert np.mean([np.isin(a, b).mean() for a, b in zip(truth, ids, strict=True)]) > 0.75


def test_nn_descent_ends_after_its_rounds() -> None:
    problem = clustered(1500, 1)
    first, later = (nn_descent(space_of(problem), 1500, 20, 4, 10, rounds, 0, 1) for rounds in (0, 1))
    assert np.all((first < NO_KEY).sum(1) == 8)
    assert np.median(later[:, 0]) < np.median(first[:, 0])


@nb.njit
def candidates_of(widening: Any, space: Any, item: Any, scratch: Any) -> Any:
    return scratch.results[: find_candidates(widening, target(space, item), item, scratch)]


@pytest.mark.parametrize(("roots", "most"), [(0, 30), (3, 7), (10, 30), (10, 0)])
def test_candidates_are_neighbours_and_near_neighbours_of_the_nearest(roots: int, most: int) -> None:
    problem = clustered(300, 2)
    space = space_of(problem)
    pools = nn_descent(space, 300, 10, 8, 20, 12, 0, 1)
    expected, ids = fused_distances(problem.vectors, space.codes), pools & 0x7FFFFFFF
    scratch = new_scratch(300, 30)
    for item in range(300):
        keys = candidates_of(Widening(space, pools, roots, most), space, item, scratch).copy()
        found = (keys & 0x7FFFFFFF).tolist()
        assert np.all(np.diff(keys) > 0)
        assert len(set(found)) == len(found)
        assert item not in found
        near = set(ids[item].tolist())
        near_of_near = {
            other for root in ids[item, :roots] for other in ids[root]
            if expected[root, other] <= 2 * expected[item, root] * (1 + 1e-5)
        } - near - {item}  # fmt: skip
        assert near <= set(found) <= near | near_of_near
        assert len(found) - len(near) == min(most, len(near_of_near))


@pytest.mark.parametrize(("method", "params"), BOTH)
def test_rows_are_short_and_ascending(method: type[Nhq], params: Any) -> None:
    problem = clustered(1200, 3)
    index, _ = through_disk(method, params, problem.data())
    assert isinstance(index, Nhq)
    limit = params.RANGE if method is NhqKgraph else params.MaxM0
    assert index.graph.shape == (1200, limit)
    expected = fused_distances(problem.vectors, space_of(problem).codes)
    for item, row in enumerate(index.graph):
        used = row[row >= 0]
        assert np.all(row[len(used) :] == -1)
        assert 1 <= len(used) == len(set(used.tolist()))
        assert item not in used
        assert np.all(np.diff(expected[item, used]) > -1e-4)


@pytest.mark.parametrize(("method", "params"), BOTH)
@settings(max_examples=25, deadline=None)
@given(problem=problems(), weight=st.sampled_from([WEIGHT, 1e6]))
def test_the_widest_search_ranks_all_that_pass_first(
    method: type[Nhq], params: Any, problem: Problem, weight: float
) -> None:
    if method is NhqNsw:
        params = NswBuild(M=60, MaxM0=60, efConstruction=60)  # as wide as the data, so that no edge is dropped
    index, _ = through_disk(method, params, problem.data())
    k, n = 8, len(problem.vectors)
    found = answer(index, problem, searching(method, n, weight), k)
    _, distances_, matches = nearest(problem.vectors, problem.queries, problem.filters, problem.attributes, k)
    for row, query, expected, passing in zip(found, problem.queries, distances_, np.minimum(matches, k), strict=True):
        assert np.count_nonzero(row >= 0) == len(set(row[row >= 0].tolist())) == min(k, n)
        squared = ((problem.vectors[row[:passing]].astype(np.float64) - query) ** 2).sum(1)
        np.testing.assert_allclose(squared, expected[:passing], rtol=1e-3, atol=1e-3)
    assert problem.violations(found) == np.maximum(0, min(k, n) - np.minimum(matches, k)).sum()


@pytest.mark.parametrize(("method", "params"), BOTH)
@pytest.mark.parametrize("weight", [None, 0.0])
def test_the_widest_search_is_exact_under_the_fusion_distance(
    method: type[Nhq], params: Any, weight: float | None
) -> None:
    problem = clustered(300, 4)
    if method is NhqNsw:
        params = NswBuild(M=60, MaxM0=299, efConstruction=60)
    index, _ = through_disk(method, params, problem.data())
    found = answer(index, problem, searching(method, 300, weight))
    squared = ((problem.queries[:, None].astype(np.float64) - problem.vectors[None]) ** 2).sum(2)
    if weight is None:
        book = Codebook(problem.attributes, ("category", "number"))
        squared *= 1 + (book.wanted(problem.batch)[:, None] != book.codes[None]).sum(2) / 2
    expected = np.sort(squared, axis=1)[:, :10]
    np.testing.assert_allclose(np.take_along_axis(squared, found.astype(np.int64), 1), expected, rtol=1e-4)


@pytest.mark.parametrize(("method", "params"), BOTH)
def test_wider_searches_find_more_and_violate_less(method: type[Nhq], params: Any) -> None:
    problem = clustered(4000, 5, queries=100)
    index, _ = through_disk(method, params, problem.data())
    found = [answer(index, problem, searching(method, width)) for width in (10, 40, 300)]
    recalls = [recall(problem, ids) for ids in found]
    assert recalls == sorted(recalls)
    assert recalls[-1] > 0.98
    violations = [problem.violations(ids) for ids in found]
    assert violations == sorted(violations, reverse=True)
    assert violations[-1] < 10


@pytest.mark.parametrize(("method", "params"), BOTH)
def test_index_and_answers_are_the_same_for_any_number_of_threads(method: type[Nhq], params: Any) -> None:
    problem = clustered(2500, 6)
    one, bytes_one = through_disk(method, params, problem.data(threads=1))
    two, bytes_two = through_disk(method, params, problem.data(threads=2))
    assert bytes_one == bytes_two
    assert bytes_one == through_disk(method, params, problem.data(threads=2))[1]
    expected = answer(one, problem, searching(method, 30))
    for index, threads in ((one, 2), (two, 1), (two, 3), (two, 2)):
        np.testing.assert_array_equal(answer(index, problem, searching(method, 30), threads=threads), expected)


@pytest.mark.parametrize(("method", "params"), BOTH)
def test_an_answer_depends_on_its_query_only(method: type[Nhq], params: Any) -> None:
    problem = clustered(1000, 7)
    index, _ = through_disk(method, params, problem.data())
    together, alone = answer(index, problem, searching(method, 12)), []
    for q in range(len(problem.queries)):
        prepared = index.prepare(FilterBatch(problem.filters[q : q + 1], problem.attributes))
        alone.append(index.search(problem.queries[q : q + 1], prepared, 10, searching(method, 12), 1)[0])
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize(("method", "params"), BOTH)
def test_few_items_and_more_answers_than_items(method: type[Nhq], params: Any) -> None:
    for n in (1, 2, 5):
        problem = clustered(n, 8, queries=3)
        index, _ = through_disk(method, params, problem.data())
        found = answer(index, problem, searching(method, 1), k=7)
        assert np.sort(found, axis=1).tolist() == [[-1] * (7 - n) + list(range(n))] * 3


def test_the_seed_decides_a_k_nn_graph() -> None:
    problem = clustered(1000, 9)
    one, two = (through_disk(NhqKgraph, SMALL_KGRAPH, problem.data(seed=seed))[1] for seed in (0, 1))
    assert one != two


def test_occlusion_without_attributes_drops_more_edges() -> None:
    problem = clustered(2000, 10)
    edges = []
    for occlusion in ("fusion", "vector"):
        params = NswBuild(M=20, MaxM0=40, efConstruction=60, occlusion=occlusion)
        index, _ = through_disk(NhqNsw, params, problem.data())
        assert isinstance(index, Nhq)
        edges.append(np.count_nonzero(index.graph >= 0))
    assert edges[1] < edges[0]


def test_a_new_item_chooses_as_many_as_it_may() -> None:
    problem = clustered(800, 11)
    wide, _ = through_disk(NhqNsw, NswBuild(M=3, MaxM0=100, efConstruction=40), problem.data())
    narrow, _ = through_disk(NhqNsw, NswBuild(M=100, MaxM0=3, efConstruction=40), problem.data())
    assert isinstance(wide, Nhq) and isinstance(narrow, Nhq)  # noqa: PT018
    assert np.count_nonzero(wide.graph >= 0) <= 2 * 3 * 800
    assert wide.graph.shape == (800, 100) and narrow.graph.shape == (800, 3)  # noqa: PT018


def test_the_number_of_expansions_bounds_the_search() -> None:
    problem = clustered(3000, 12)
    index, _ = through_disk(NhqNsw, SMALL_NSW, problem.data())
    recalls = []
    for ef in (20, 100, 1000):
        found = answer(index, problem, NswSearch(ef=ef, weight=WEIGHT, stop="expansions"))
        assert index.distance_computations is not None
        assert index.distance_computations <= len(problem.queries) * (1 + SMALL_NSW.MaxM0 * ef // 2)
        recalls.append(recall(problem, found))
    assert recalls == sorted(recalls)
    assert recalls[-1] > 0.95
    everything = answer(index, problem, NswSearch(ef=6000, weight=WEIGHT, stop="expansions"))
    np.testing.assert_array_equal(everything, answer(index, problem, NswSearch(ef=3000, weight=WEIGHT)))


@nb.njit
def reachable(ids: Any, space: Any, scratch: Any) -> Any:
    visited = begin(scratch)
    point = target(space, 0)
    seed(point, Everything(), visited, 0, len(ids), scratch)
    walk(point, Rows(ids), Everything(), visited, len(ids), scratch)
    return scratch.counters[RESULTS]


def test_nearly_all_items_can_be_reached_from_the_first() -> None:
    problem = clustered(3000, 13)
    index, _ = through_disk(NhqNsw, SMALL_NSW, problem.data())
    assert isinstance(index, Nhq)
    assert reachable(index.graph, space_of(problem), new_scratch(3000, 12)) > 0.99 * 3000


@pytest.mark.parametrize("method", [NhqKgraph, NhqNsw])
def test_what_is_said_before_a_run(method: type[Nhq]) -> None:
    assert method.info.afanns
    for filter_type in FilterType:
        reason = method.unsupported(filter_type)
        assert (reason is None) == (filter_type in (FilterType.EM, FilterType.MEM))
        assert reason is None or "only EM and MEM" in reason
