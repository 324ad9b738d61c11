"""The topics of items and queries: everything discrete about them, drawn from integers alone.

An abstract belongs to a topic, one of the real embeddings' centroids, and touches on a few others. Where it lies in
its centroid is one uniform number, its place, which decides both on its categories and on its leaf, a finer topic:
neighbours share categories not because a centroid has few of them but because a leaf has.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bench.datasets.arxiv_sim.draws import BLOCK, Choice, Stream, scaled, uniform
from bench.datasets.arxiv_sim.statistics import categories, embedding, main_categories

LEAVES = 32
"""Leaves per centroid."""

OTHERS = 4
"""Other topics per item."""

_TRIES = 5
"""Other topics are drawn again, up to this often in all, until one is of a main category of the item."""


@dataclass(frozen=True)
class Topics:
    """The topics of a block.

    Attributes:
        centroid: int64[BLOCK].
        leaf: int64[BLOCK], numbered over all centroids.
        category_set: int64[BLOCK], an index of `category_sets`.
        others: int64[BLOCK, OTHERS], further centroids.
        other_leaves: int64[BLOCK, OTHERS], a leaf of each of those.
    """

    centroid: NDArray[np.int64]
    leaf: NDArray[np.int64]
    category_set: NDArray[np.int64]
    others: NDArray[np.int64]
    other_leaves: NDArray[np.int64]


def item_topics(seed: int, block: int) -> Topics:
    """Return the topics of a block of items."""
    return _topics(seed, Stream.ITEM_TOPICS, block, embedding().items)


def query_topics(seed: int, block: int) -> Topics:
    """Return the topics of a block of queries."""
    return _topics(seed, Stream.QUERY_TOPICS, block, embedding().queries)


@cache
def category_sets() -> tuple[tuple[str, ...], ...]:
    """Return all sets of sub-categories, of the first category's first."""
    return tuple(names for category in categories() for names in category.sets)


def rank_weights() -> NDArray[np.int64]:
    """Return how often another topic is a centroid's nearest, second nearest, ...: in proportion to 1/rank."""
    ranks = embedding().neighbours.shape[1]
    return (1 << 20) // np.arange(1, ranks + 1)


def _topics(seed: int, stream: Stream, block: int, weights: NDArray[np.int64]) -> Topics:
    tables = _tables()
    draws = uniform(seed, stream, block, (2 + 2 * OTHERS * _TRIES, BLOCK))
    centroid, place = Choice([weights])(0, draws[0]), draws[1]
    category, rest = tables.category.split(centroid, place)
    category_set, _ = tables.category_set.split(category % len(categories()), rest)
    mains = tables.mains[category_set]

    others, places = np.empty((2, OTHERS, BLOCK), np.int64)
    wanted = np.ones((OTHERS, BLOCK), np.bool_)
    for rank, other_place in draws[2:].reshape(_TRIES, 2, OTHERS, BLOCK):
        other = embedding().neighbours[centroid, tables.rank(0, rank)]
        others[wanted], places[wanted] = other[wanted], other_place[wanted]
        wanted &= mains >> tables.main_of[tables.category(other, other_place)] & 1 == 0
    return Topics(
        centroid,
        centroid * LEAVES + scaled(place, LEAVES),
        category_set,
        others.T,
        (others * LEAVES + scaled(places, LEAVES)).T,
    )


@dataclass(frozen=True)
class _Tables:
    """What topics are drawn from.

    Attributes:
        rank: other topics, by their rank among a centroid's neighbours.
        category: first sub-categories of a centroid.
        category_set: sets of sub-categories of a first one.
        main_of: int64[categories], the number of a category's main category.
        mains: int64[sets], bit i is set where main category i is among a set's.
    """

    rank: Choice
    category: Choice
    category_set: Choice
    main_of: NDArray[np.int64]
    mains: NDArray[np.int64]


@cache
def _tables() -> _Tables:
    number = {main: i for i, main in enumerate(main_categories([name for names in category_sets() for name in names]))}
    return _Tables(
        Choice([rank_weights()]),
        Choice(list(embedding().categories)),
        Choice([category.counts for category in categories()]),
        np.array([number[main] for category in categories() for main in main_categories([category.name])]),
        np.array([sum(1 << number[main] for main in main_categories(names)) for names in category_sets()]),
    )
