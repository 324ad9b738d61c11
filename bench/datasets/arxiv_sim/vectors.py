"""Unit vectors of 384 dimensions with the neighbourhoods of real abstracts.

A vector is the direction of a sum over its topics (see `topics`) plus noise::

    centroid + leaf + weight * sum over the others of (centroid - mean + leaf) + noise

The centroids, their frequencies, and the covariance of leaves and noise are those of real embeddings. Centroids and
noise alone would give clusters of some fifty items, far apart and without inner structure; distances between
neighbours, the intrinsic dimension and the difficulty for a graph index would all be wrong. Because of its other
topics, an item has neighbours in each of them, and few of these are neighbours of each other. The scale of the noise
varies between items, which isolates some of them and makes them hard to find.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.datasets.arxiv_sim.draws import BLOCK, Stream, normal
from bench.datasets.arxiv_sim.statistics import embedding
from bench.datasets.arxiv_sim.topics import LEAVES, Topics, item_topics, query_topics, rank_weights

# The constants below were fitted to 50,000 real abstracts: to the distances to the 1st, 10th and 100th neighbour, the
# intrinsic dimension, the categories that neighbours have in common, and the recall of HNSW at five settings.

_LEAF = 0.35
"""Variance of a leaf, relative to that of real items about their centroids."""

_BRANCH = 0.6
"""The part of the variance of a leaf that it has in common with the other leaves of its branch."""

_BRANCH_LEAVES = 8


@dataclass(frozen=True)
class _Blend:
    """The weights of other topics and of noise.

    Attributes:
        weight: factor of each other topic.
        noise: variance of the noise, relative to that of real items or queries about their centroids.
        spread: standard deviation of the logarithm of the scale of the noise.
    """

    weight: float
    noise: float
    spread: float


_ITEMS = _Blend(weight=0.65, noise=0.55, spread=0.35)
_QUERIES = _Blend(weight=0.6, noise=1.05, spread=0.3)


class Model:
    """Draws vectors, block by block; threads may share it."""

    def __init__(self, seed: int, pool: Executor) -> None:
        """Draw the leaves for a seed with the threads of `pool`."""
        self._seed = seed
        centroids = embedding().centroids
        self._item_root = embedding().residual.root()
        self._query_root = embedding().query_residual.root()
        self._leaves = np.empty((len(centroids) * LEAVES, centroids.shape[1]), np.float32)
        # Float32 sums of small integers are exact, so the weights do not depend on the order of summation.
        ranks = rank_weights().astype(np.float32)
        weights = np.zeros((len(centroids), len(centroids)), np.float32)
        np.put_along_axis(weights, embedding().neighbours, ranks[None] / ranks.sum(), axis=1)
        self._mean_other = weights @ centroids
        list(pool.map(self._draw_leaves, range(-(-len(self._leaves) // BLOCK))))

    def _draw_leaves(self, block: int) -> None:
        """Draw a block of leaves, as factors of `_item_root`."""
        rows = self._leaves[block * BLOCK : (block + 1) * BLOCK].reshape(-1, _BRANCH_LEAVES, self._leaves.shape[1])
        branches = normal(self._seed, Stream.BRANCHES, block, (len(rows), rows.shape[2]))
        leaves = normal(self._seed, Stream.LEAVES, block, (rows.shape[0] * rows.shape[1], rows.shape[2]))
        np.multiply(leaves.reshape(rows.shape), np.float32((_LEAF * (1 - _BRANCH)) ** 0.5), out=rows)
        rows += np.float32((_LEAF * _BRANCH) ** 0.5) * branches[:, None]

    def items(self, block: int) -> NDArray[np.float32]:
        """Return a block of items, unit vectors float32[BLOCK, 384]."""
        centres, leaves = self._mix(item_topics(self._seed, block), _ITEMS.weight)
        noise = self._noise(Stream.ITEM_NOISE, block, _ITEMS)
        centres += (leaves + noise) @ self._item_root
        return normalise(centres)

    def queries(self, block: int) -> NDArray[np.float32]:
        """Return a block of queries, unit vectors float32[BLOCK, 384]."""
        centres, leaves = self._mix(query_topics(self._seed, block), _QUERIES.weight)
        noise = self._noise(Stream.QUERY_NOISE, block, _QUERIES)
        centres += leaves @ self._item_root
        centres += noise @ self._query_root
        return normalise(centres)

    def _mix(self, topics: Topics, weight: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the weighted sums of the centroids of topics and of their leaves, each float32[BLOCK, 384]."""
        centroids = embedding().centroids
        centres, leaves = centroids[topics.centroid], self._leaves[topics.leaf]
        mean = self._mean_other[topics.centroid]
        for other, leaf in zip(topics.others.T, topics.other_leaves.T, strict=True):
            centres += np.float32(weight) * (centroids[other] - mean)
            leaves += np.float32(weight) * self._leaves[leaf]
        return centres, leaves

    def _noise(self, stream: Stream, block: int, blend: _Blend) -> NDArray[np.float32]:
        """Return noise float32[BLOCK, 384], as factors of the root of a covariance."""
        draws = normal(self._seed, stream, block, (BLOCK, embedding().centroids.shape[1] + 1))
        # The mean of the squared scale is `noise`.
        scale = np.float32(blend.noise**0.5) * np.exp(
            np.float32(blend.spread) * draws[:, -1] - np.float32(blend.spread**2)
        )
        return draws[:, :-1] * scale[:, None]


def normalise(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale rows to unit length, in place, and return them."""
    vectors /= np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return vectors
