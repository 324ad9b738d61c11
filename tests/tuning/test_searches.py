"""Searches on known rewards: they reach the optimum, stay inside the lists, and evaluate no point twice."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.config.algorithm import AlgorithmConfig
from bench.core.errors import BenchError
from bench.results.rows import Row, Status
from bench.tuning.reward import NOTHING, Reward, reward
from bench.tuning.searches import SEARCHES, Evaluate, greedy, grid
from bench.tuning.space import Point, SearchSpace, search_space
from tests.support.rows import row as row_of

SPACE = SearchSpace({"M": [8, 16, 24, 32, 48], "ef": [100, 200, 400], "alpha": [1.0, 1.1, 1.2, 1.3]}, (1, 1, 1))


class Surface:
    """A reward for every point; it records the evaluated points."""

    def __init__(self, rewards: dict[Point, Reward]) -> None:
        self.rewards = rewards
        self.evaluated: list[Point] = []

    def __call__(self, point: Point) -> Reward:
        self.evaluated.append(point)
        return self.rewards[point]


def peaked(peak: Point, height: float = 1000.0) -> dict[Point, Reward]:
    """Return a concave surface: every step towards the peak gains."""
    return {
        point: Reward(True, height - 50.0 * sum(abs(a - b) for a, b in zip(point, peak, strict=True)))
        for point in SPACE.points()
    }


def best_of(space: SearchSpace, evaluate: Evaluate, name: str, gain: float = 0.01) -> tuple[Point, Reward]:
    *_, last = SEARCHES[name](space, evaluate, gain)
    return last


@pytest.mark.parametrize("peak", list(SPACE.points()))
def test_greedy_climbs_to_the_peak_with_few_evaluations(peak: Point) -> None:
    surface = Surface(peaked(peak))
    assert best_of(SPACE, surface, "greedy") == (peak, Reward(True, 1000.0))
    assert surface.evaluated[0] == SPACE.start
    assert len(set(surface.evaluated)) == len(surface.evaluated) <= 30


def test_grid_evaluates_every_point_once() -> None:
    surface = Surface(peaked((4, 2, 3)))
    assert best_of(SPACE, surface, "grid")[0] == (4, 2, 3)
    assert sorted(surface.evaluated) == sorted(itertools.product(range(5), range(3), range(4)))


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=60, max_size=60), st.sampled_from([0.0, 0.01]))
def test_no_point_is_evaluated_twice_and_the_best_one_wins(rewards: list[tuple[bool, float]], gain: float) -> None:
    surface = Surface({point: Reward(*r) for point, r in zip(SPACE.points(), rewards, strict=True)})
    best = SPACE.start
    for best, reward_of_best in greedy(SPACE, surface, gain):
        assert reward_of_best == max(surface.rewards[point] for point in surface.evaluated)
        assert surface.rewards[best] == reward_of_best
    assert len(set(surface.evaluated)) == len(surface.evaluated)
    *_, (_, highest) = grid(SPACE, Surface(surface.rewards), gain)
    assert highest >= surface.rewards[best]


def test_small_gains_move_but_start_no_further_round() -> None:
    rewards = {point: Reward(True, 1000.0 + point[0]) for point in SPACE.points()}
    surface = Surface(rewards)
    best = best_of(SPACE, surface, "greedy")
    assert best[0] == (2, 1, 1)  # a step up, but no second one
    assert best_of(SPACE, Surface(rewards), "greedy", gain=0.0)[0] == (4, 1, 1)


def test_a_recall_that_is_reached_beats_any_that_is_not() -> None:
    ordered = [NOTHING, Reward(False, 0.5), Reward(False, 0.94), Reward(True, 3.0), Reward(True, 900.0)]
    assert sorted(ordered) == ordered
    assert sorted(r.score for r in ordered) == [r.score for r in ordered]
    assert ordered[3].beats(ordered[2], 0.5)
    assert not ordered[2].beats(ordered[3], 0.0)
    assert not Reward(True, 1009.0).beats(Reward(True, 1000.0), 0.01)


def row(recall: float, qps: float, setting: int, repeat: int = 0, status: Status = Status.OK) -> Row:
    return row_of(search_params={"ef": setting}, repeat=repeat, status=status, recall=recall, qps=qps)


def test_the_reward_is_the_qps_at_the_recall_of_the_mean_curve() -> None:
    rows = [row(0.9375, 100, 0), row(0.9375, 50, 1), row(0.875, 100, 0, 1), row(1.0, 30, 1, 1)]
    assert reward(rows, 0.96875) == Reward(True, pytest.approx(40.0))
    assert reward(rows, 0.9) == Reward(True, pytest.approx(100.0))
    assert 40 < reward(rows, 0.95).value < 100
    assert reward(rows, 0.99) == Reward(False, 0.96875)
    assert reward([row(0.0, 1, 0, status=Status.CRASHED)], 0.95) == NOTHING == reward([], 0.95)


def test_a_search_starts_at_the_configured_parameters() -> None:
    config = AlgorithmConfig("x", "y", {"M": 16, "seed": 3}, {}, {"M": [8, 16]})
    space = search_space(config)
    assert space.values(space.start) == {"M": 16}
    assert space.moved((1,), 0, 1) is space.moved((0,), 0, -1) is None
    config.build["M"] = 12
    with pytest.raises(BenchError, match=r"build.M=12 is not among its candidates, algorithm.candidates.M=\[8, 16\]"):
        search_space(config)
    config.candidates = {"M": [8, 8]}
    with pytest.raises(BenchError, match="distinct values"):
        search_space(config)
    config.candidates = {}
    with pytest.raises(BenchError, match="nothing to search"):
        search_space(config)
