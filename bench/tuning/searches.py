"""The searches: greedy, as the paper's algorithm 1, and over the whole grid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from bench.tuning.reward import Reward
from bench.tuning.space import Point, Space

Evaluate = Callable[[Point], Reward]


class Search(Protocol):
    """A search yields the best point so far with its reward, after every evaluation."""

    def __call__(self, space: Space, evaluate: Evaluate, gain: float) -> Iterator[tuple[Point, Reward]]:
        """Search `space`; rounds go on while one gains more than the share `gain`."""
        ...


def greedy(space: Space, evaluate: Evaluate, gain: float) -> Iterator[tuple[Point, Reward]]:
    """Move one parameter at a time, a step down and a step up, wherever that is better (paper, algorithm 1).

    A round tries every parameter; there is another one if some move of it gained more than the share `gain`. A point
    that was evaluated before is not evaluated again.
    """
    known: dict[Point, Reward] = {}
    best = space.start
    known[best] = evaluate(best)
    yield best, known[best]
    again = True
    while again:
        again = False
        for axis in range(len(best)):
            for step in (-1, 1):
                point = space.moved(best, axis, step)
                if point is None or point in known:
                    continue
                known[point] = evaluate(point)
                if known[point] > known[best]:
                    again |= known[point].beats(known[best], gain)
                    best = point
                yield best, known[best]


def grid(space: Space, evaluate: Evaluate, gain: float) -> Iterator[tuple[Point, Reward]]:
    """Evaluate every point. There are no rounds, and so `gain` decides nothing."""
    best: tuple[Point, Reward] | None = None
    for point in space.points():
        found = evaluate(point)
        if best is None or found > best[1]:
            best = (point, found)
        yield best


SEARCHES: dict[str, Search] = {"greedy": greedy, "grid": grid}
"""The searches by their names in ``configs/tuner``."""
