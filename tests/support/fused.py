"""The fusion distance of NHQ, the slow way, and the space of a problem under it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algorithms.encodings.values import Codebook
from algorithms.kernels.space import l2
from algorithms.nhq.fusion import Fusion
from tests.support.problems import Problem


def fused_distances(vectors: NDArray[np.float32], codes: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return float64[n, n], between all items."""
    squared = ((vectors[:, None].astype(np.float64) - vectors[None]) ** 2).sum(2)
    return squared * (1 + (codes[:, None] != codes[None]).sum(2) / codes.shape[1])


def space_of(problem: Problem) -> Fusion:
    """Return the items of a problem, with all of their attributes, under the fusion distance."""
    codes = Codebook(problem.attributes, tuple(problem.attributes.kinds)).codes
    return Fusion(l2(problem.vectors), codes)
