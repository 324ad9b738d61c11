"""Vectors of any number of dimensions, derived from those of 384.

Fewer dimensions: the leading principal axes. More: a random orthonormal map rotates the vectors into the larger space,
so that no axis is special, and adds a small tail of variance that decays as 1/rank over axes in random order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.datasets.arxiv_sim.draws import Stream, normal, uniform
from bench.datasets.arxiv_sim.statistics import embedding
from bench.datasets.arxiv_sim.vectors import normalise

_TAIL = 0.05
"""The fraction of the variance in the tail, if the space is much larger."""


class Dimensions:
    """Maps vectors of 384 dimensions to vectors of `dim` dimensions; threads may share it."""

    def __init__(self, dim: int, seed: int) -> None:
        """Prepare the map; the seed decides a map to more dimensions, and the tail."""
        self._dim, self._seed = dim, seed
        core = embedding().centroids.shape[1]
        self._tail: NDArray[np.float32] | None = None
        self._map: NDArray[np.float32] | None = None
        if dim < core:
            self._map = _principal_axes(dim)
        elif dim > core:
            tail = _TAIL * (1 - core / dim)
            decay = 1 / (1 + np.argsort(uniform(seed, Stream.MAP, 1, (dim,)), kind="stable"))
            self._tail = np.sqrt(tail * decay / decay.sum()).astype(np.float32)
            self._map = (np.sqrt(1 - tail) * _orthonormal(core, dim, seed)).astype(np.float32)

    def __call__(self, vectors: NDArray[np.float32], stream: Stream, block: int) -> NDArray[np.float32]:
        """Return unit vectors float32[b, dim] for those of a block, float32[b, 384]; `stream` is that of the tail."""
        if self._map is None:
            return vectors
        mapped = vectors @ self._map
        if self._tail is not None:
            tail = normal(self._seed, stream, block, mapped.shape)
            tail *= self._tail
            mapped += tail
        return normalise(mapped)


def _principal_axes(dim: int) -> NDArray[np.float32]:
    """Return the axes float32[384, dim] of the largest second moments, which preserve inner products best."""
    shipped = embedding()
    centroids, root = shipped.centroids.astype(np.float64), shipped.residual.root().astype(np.float64)
    weights = shipped.items / shipped.items.sum()
    axes = np.linalg.eigh((centroids * weights[:, None]).T @ centroids + root @ root)[1][:, ::-1][:, :dim]
    # The sign of an eigenvector is arbitrary: make its largest value positive.
    return (axes * np.sign(axes[np.abs(axes).argmax(0), np.arange(dim)])).astype(np.float32)


def _orthonormal(core: int, dim: int, seed: int) -> NDArray[np.float64]:
    """Return a random map float64[core, dim] that preserves distances."""
    axes, triangle = np.linalg.qr(normal(seed, Stream.MAP, 0, (dim, core)).astype(np.float64))
    # The sign of each column is arbitrary too: make the diagonal of the triangle positive.
    return (axes * np.sign(np.diag(triangle))).T
