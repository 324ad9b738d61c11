"""NN-descent: the sample of a round, the join, and the k-NN graph, under a distance that is not L2."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from algorithms.kernels import heap, nn_pools
from algorithms.kernels.beam import new_scratch
from algorithms.kernels.csr import Csr, csr_of_lists
from algorithms.kernels.heap import NO_KEY, key_ids
from algorithms.kernels.nn_descent import Limits, nn_descent
from algorithms.kernels.nn_join import join
from algorithms.kernels.nn_pools import Pools, Sample, draw_sample, new_pools
from algorithms.kernels.space import l2
from algorithms.kernels.stride import stride
from algorithms.kernels.workers import Workers
from tests.support.fused import fused_distances, space_of
from tests.support.kernels import compiled
from tests.support.problems import Problem, clustered, problems

enter = compiled(nn_pools.enter)
make_key = compiled(heap.make_key)


@pytest.mark.parametrize("n", [1, 2, 3, 10, 97, 100, 50_000])
def test_a_stride_reaches_every_item(n: int) -> None:
    assert len(np.unique(np.arange(n) * stride(n) % n)) == n


def rows_of(edges: Csr) -> list[list[int]]:
    return [row.tolist() for row in np.split(edges.ids, edges.starts[1:-1])]


def filled(n: int, L: int, seed: int) -> Pools:
    """Return pools of random entries, as many as fit or fewer."""
    rng, pools = np.random.default_rng(seed), new_pools(n, L)
    for item in range(n):
        for other in rng.permutation(n)[: rng.integers(0, L + 3)]:
            if other != item:
                enter(pools, item, make_key(rng.random(), other))
    return pools


def test_a_pool_keeps_the_nearest_once_each_and_the_new_ones_apart() -> None:
    pools = new_pools(1, 3)
    for length, other in ((4, 1), (2, 2), (3, 1), (2, 2)):
        enter(pools, 0, make_key(length, other))
    assert key_ids(pools.keys[0, :2]).tolist() == [2, 1]
    assert pools.keys[0, 2] == NO_KEY
    pools.states[:] = 0
    for length, other in ((1, 3), (3, 4), (5, 5)):
        enter(pools, 0, make_key(length, other))
    assert key_ids(pools.keys[0]).tolist() == [3, 2, 4]
    assert pools.states[0].tolist() == [1, 0, 1]


@settings(max_examples=40, deadline=None)
@given(n=st.integers(2, 25), L=st.integers(1, 8), S=st.integers(1, 4), R=st.integers(0, 5), seed=st.integers(0, 2**20))
def test_a_sample_has_what_items_sample_and_some_of_what_samples_them(
    n: int, L: int, S: int, R: int, seed: int
) -> None:
    pools, rng = filled(n, min(L, n - 1), seed), np.random.default_rng(seed)
    before: list[set[int]] = [set() for _ in range(n)]  # what was in a sample
    with Workers([new_scratch(n, 1)]) as workers:
        for _ in range(3):
            reach = pools.reach.copy()
            sample = draw_sample(workers, pools, S, R, rng)
            pool = [row[keys < NO_KEY].tolist() for row, keys in zip(key_ids(pools.keys), pools.keys, strict=True)]
            sampled = [set(pool[item][: pools.reach[item]]) for item in range(n)]
            for item in range(n):
                assert pools.reach[item] <= reach[item] + S
                assert len(sampled[item] - before[item]) <= S
            for edges, limit, fresh in ((sample.new, R, True), (sample.old, 2 * R, False)):
                for item, row in enumerate(rows_of(edges)):
                    forward = [o for o in pool[item][: pools.reach[item]] if (o not in before[item]) == fresh]
                    assert row[: len(forward)] == forward
                    by = {o for o in range(n) if item in sampled[o] and (item not in before[o]) == fresh}
                    backward = by - sampled[item]
                    assert set(row[len(forward) :]) <= backward
                    assert len(row) - len(forward) == len(set(row[len(forward) :])) == min(limit, len(backward))
            before = [old | new for old, new in zip(before, sampled, strict=True)]


def test_any_of_too_many_that_sample_an_item_are_taken() -> None:
    chosen = np.zeros(12, np.int64)
    for seed in range(300):
        pools = new_pools(12, 1)
        for item in range(1, 12):
            enter(pools, item, make_key(1, 0))
        with Workers([new_scratch(12, 1)]) as workers:
            sample = draw_sample(workers, pools, 1, 3, np.random.default_rng(seed))
        row = sample.new.ids[: sample.new.starts[1]]
        assert len(row) == 3
        chosen[row] += 1
    assert chosen[0] == 0
    assert np.all(np.abs(chosen[1:] - 300 * 3 / 11) < 35)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_join_proposes_each_of_a_pair_to_the_other_if_an_edge_is_new(threads: int) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(20, 4)).astype(np.float32)
    new = [rng.choice(20, 4, replace=False) for _ in range(20)]
    old = [rng.choice(np.setdiff1d(np.arange(20), row), 3, replace=False) for row in new]
    pools = new_pools(20, 19)
    with Workers([new_scratch(20, 20) for _ in range(threads)]) as workers:
        join(workers, l2(vectors), pools, Sample(csr_of_lists(new), csr_of_lists(old)))
    met: list[set[int]] = [set() for _ in range(20)]
    for a, b in zip(new, old, strict=True):
        for one in a.tolist():
            met[one] |= {*a.tolist(), *b.tolist()} - {one}
        for one in b.tolist():
            met[one] |= set(a.tolist())
    for item in range(20):
        assert set(key_ids(pools.keys[item, pools.keys[item] < NO_KEY]).tolist()) == met[item]


def nearest_neighbours(problem: Problem, codes: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    squared = fused_distances(problem.vectors, codes)
    np.fill_diagonal(squared, np.inf)
    return np.argsort(squared, axis=1)[:, :count]


@settings(max_examples=15, deadline=None)
@given(problem=problems(), L=st.integers(1, 50))
def test_a_graph_of_few_items_is_exact(problem: Problem, L: int) -> None:
    space, n = space_of(problem), len(problem.vectors)
    keys = nn_descent(space, n, Limits(L, S=n, R=n, rounds=20), seed=1, threads=1)
    assert keys.shape == (n, min(L, n - 1))
    expected = fused_distances(problem.vectors, space.codes)
    if keys.shape[1] < n - 1:
        return
    for item, ids in enumerate(key_ids(keys)):
        assert sorted(ids.tolist()) == [other for other in range(n) if other != item]
        assert np.all(np.diff(expected[item, ids]) >= -1e-4)


@pytest.mark.parametrize("R", [3, 100])
def test_a_graph_has_most_of_the_nearest_neighbours(R: int) -> None:
    problem = clustered(1500, 1)
    space, limits = space_of(problem), Limits(L=20, S=8, R=R, rounds=12)
    one, two, three = (nn_descent(space, 1500, limits, 0, threads) for threads in (1, 2, 3))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one, three)
    assert np.all(np.diff(one) > 0)
    assert np.all(one < NO_KEY)
    ids = key_ids(one)
    assert all(len(set(row)) == 20 and item not in row for item, row in enumerate(ids.tolist()))
    truth = nearest_neighbours(problem, space.codes, 20)
    assert np.mean([np.isin(a, b).mean() for a, b in zip(truth, ids, strict=True)]) > 0.75


def test_it_ends_after_its_rounds() -> None:
    space = space_of(clustered(1500, 1))
    first, later = (nn_descent(space, 1500, Limits(20, 4, 10, rounds), 0, 1) for rounds in (0, 1))
    assert np.all((first < NO_KEY).sum(1) == 8)
    assert np.median(later[:, 0]) < np.median(first[:, 0])
