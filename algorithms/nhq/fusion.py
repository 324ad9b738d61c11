"""The fusion distance of NHQ: one number for how much two items differ by their vectors and their attribute values.

With the squared L2 distance delta, and chi of the m attributes differing, it is Gamma = delta (1 + chi / m). A query
can also be measured by delta + weight * chi.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from algorithms.encodings.values import ANY
from algorithms.kernels.jit import part
from algorithms.kernels.policy import implements, operation
from algorithms.kernels.space import distance, distances, target
from algorithms.kernels.spaces import Vectors
from algorithms.kernels.types import Distance, Distances, Item, Items, Target


class Values(NamedTuple):
    """One row of attribute values: those of an item, or those that a query wants.

    Attributes:
        codes: int32[*, m], see `Codebook`; `ANY` in what a query leaves open.
        row: which row it is.
    """

    codes: NDArray[np.int32]
    row: np.int64


class Fusion(NamedTuple):
    """Items under the fusion distance.

    Attributes:
        points: the vectors under delta.
        codes: int32[n, m], the values, see `Codebook`; missing values are equal to each other.
    """

    points: Vectors
    codes: NDArray[np.int32]


class FusionTarget(NamedTuple):
    """A point with values, among items whose values are `codes`, under the fusion distance."""

    point: Target
    codes: NDArray[np.int32]
    values: Values


class PenaltyTarget(NamedTuple):
    """The same under delta + weight * chi."""

    fusion: FusionTarget
    weight: np.float32


class Fused(NamedTuple):
    """Queries are measured by the fusion distance."""


class Penalty(NamedTuple):
    """Queries are measured by delta + weight * chi."""

    weight: np.float32


Metric: TypeAlias = Fused | Penalty


def metric_of(weight: float | None) -> Metric:
    """Return how queries are measured: by the fusion distance if there is no weight."""
    return Fused() if weight is None else Penalty(np.float32(weight))


@operation
def measure(metric: Metric, fused: FusionTarget) -> Target:  # type: ignore[empty-body]
    """Return a query under the fusion distance as a target under a metric."""


@implements(measure, Fused)
def measure_fused(metric: Fused, fused: FusionTarget) -> FusionTarget:
    """Return the query as it is."""
    return fused


@implements(measure, Penalty)
def measure_penalty(metric: Penalty, fused: FusionTarget) -> PenaltyTarget:
    """Replace the factor by a penalty."""
    return PenaltyTarget(fused, metric.weight)


@part
def differing(target: FusionTarget, item: Item) -> float:
    """Return in how many attributes an item differs from the target (chi), float32."""
    values = target.values
    chi = 0
    for a in range(target.codes.shape[1]):
        value = values.codes[values.row, a]
        chi += (value != ANY) & (value != target.codes[item, a])
    return float(np.float32(chi))


@implements(target, Fusion)
def target_fusion(space: Fusion, item: Item) -> FusionTarget:
    """Take the item's vector and values."""
    return FusionTarget(target(space.points, item), space.codes, Values(space.codes, np.int64(item)))


@implements(distance, FusionTarget)
def distance_fusion(target: FusionTarget, item: Item) -> Distance:
    """Return delta (1 + chi / m)."""
    factor = np.float32(1) + differing(target, item) / np.float32(target.codes.shape[1])
    return float(distance(target.point, item) * factor)


@implements(distances, FusionTarget)
def distances_fusion(target: FusionTarget, items: Items, count: int, out: Distances) -> None:
    """Compute delta of all first, then the factors."""
    distances(target.point, items, count, out)
    part = np.float32(1) / np.float32(target.codes.shape[1])
    for i in range(count):
        out[i] *= np.float32(1) + differing(target, items[i]) * part


@implements(distance, PenaltyTarget)
def distance_penalty(target: PenaltyTarget, item: Item) -> Distance:
    """Return delta + weight * chi."""
    return float(distance(target.fusion.point, item) + target.weight * differing(target.fusion, item))


@implements(distances, PenaltyTarget)
def distances_penalty(target: PenaltyTarget, items: Items, count: int, out: Distances) -> None:
    """Compute delta of all first, then the penalties."""
    distances(target.fusion.point, items, count, out)
    for i in range(count):
        out[i] += target.weight * differing(target.fusion, items[i])
