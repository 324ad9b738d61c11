"""The topics of items and queries: everything discrete about them, drawn with integer arithmetic only.

An abstract belongs to a topic, which is a centroid of real embeddings, and touches on a few others. Its place in the
centroid is one uniform number, which decides both its categories and its leaf, a finer topic: neighbours share
categories because a leaf has few of them, although a centroid has many.
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
"""How often another topic is drawn at most, until it belongs to a main category of the item."""


@dataclass(frozen=True)
class Topics:
    """The topics of a block.

    Attributes:
        centroid: int64[BLOCK].
        leaf: int64[BLOCK], numbered over all centroids.
        category_set: int64[BLOCK], an index into `category_sets`.
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
    """Return all sets of sub-categories, by the order of the first category."""
    return tuple(names for category in categories() for names in category.sets)


def rank_weights() -> NDArray[np.int64]:
    """Return weights of the ranks of other topics among the neighbours of a centroid, proportional to 1/rank."""
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
    pending = np.ones((OTHERS, BLOCK), np.bool_)
    for rank, other_place in draws[2:].reshape(_TRIES, 2, OTHERS, BLOCK):
        other = embedding().neighbours[centroid, tables.rank(0, rank)]
        others[pending], places[pending] = other[pending], other_place[pending]
        pending &= mains >> tables.main_of[tables.category(other, other_place)] & 1 == 0
    return Topics(
        centroid,
        centroid * LEAVES + scaled(place, LEAVES),
        category_set,
        others.T,
        (others * LEAVES + scaled(places, LEAVES)).T,
    )


@dataclass(frozen=True)
class _Tables:
    """The distributions of topics.

    Attributes:
        rank: of other topics, their rank among the neighbours of a centroid.
        category: of first sub-categories, by centroid.
        category_set: of sets of sub-categories, by first sub-category.
        main_of: int64[categories], the number of the main category of each category.
        mains: int64[sets], with bit i set if the set has main category i.
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
