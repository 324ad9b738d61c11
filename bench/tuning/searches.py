"""The searches: greedy (paper, algorithm 1), and over the whole grid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from bench.tuning.reward import Reward
from bench.tuning.space import Point, SearchSpace

Evaluate = Callable[[Point], Reward]


class Search(Protocol):
    """A search yields the best point so far and its reward after every evaluation."""

    def __call__(self, space: SearchSpace, evaluate: Evaluate, gain: float) -> Iterator[tuple[Point, Reward]]:
        """Search `space`; another round follows as long as a round gains more than the fraction `gain`."""
        ...


def greedy(space: SearchSpace, evaluate: Evaluate, gain: float) -> Iterator[tuple[Point, Reward]]:
    """Move one parameter at a time, a step down and a step up, whenever that is better (paper, algorithm 1).

    A round tries every parameter; another round follows if a move gained more than the fraction `gain`. No point is
    evaluated twice.
    """
    rewards: dict[Point, Reward] = {}
    best = space.start
    rewards[best] = evaluate(best)
    yield best, rewards[best]
    again = True
    while again:
        again = False
        for axis in range(len(best)):
            for step in (-1, 1):
                point = space.moved(best, axis, step)
                if point is None or point in rewards:
                    continue
                rewards[point] = evaluate(point)
                if rewards[point] > rewards[best]:
                    again |= rewards[point].beats(rewards[best], gain)
                    best = point
                yield best, rewards[best]


def grid(space: SearchSpace, evaluate: Evaluate, gain: float) -> Iterator[tuple[Point, Reward]]:
    """Evaluate every point; `gain` is ignored, because there are no rounds."""
    best: tuple[Point, Reward] | None = None
    for point in space.points():
        reward = evaluate(point)
        if best is None or reward > best[1]:
            best = (point, reward)
        yield best


SEARCHES: dict[str, Search] = {"greedy": greedy, "grid": grid}
"""The searches by their names in ``configs/tuner``."""
