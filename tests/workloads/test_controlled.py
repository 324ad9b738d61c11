"""Synthetic attributes: exactly the requested selectivity, and the same in every run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bench.core.errors import BenchError
from bench.core.filters import And, Equals, Not, type_of
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from bench.workloads.controlled import Placed, draw_controlled

TYPES = [FilterType.EM, FilterType.R, FilterType.EMIS]


@pytest.mark.parametrize("filter_type", TYPES)
@pytest.mark.parametrize("selectivity", [0.001, 0.01, 0.1, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0])
@pytest.mark.parametrize("n", [1, 7, 1000])
def test_every_filter_passes_the_requested_fraction(filter_type: FilterType, selectivity: float, n: int) -> None:
    attributes, filters = draw_controlled(filter_type, selectivity, n, 40, seed=3)
    assert {type_of(filter_) for filter_ in filters} == {filter_type}
    batch = FilterBatch(filters, attributes)
    assert len(batch) == 40
    assert set(batch.matches.tolist()) == {max(1, round(selectivity * n))}


@pytest.mark.parametrize("filter_type", TYPES)
def test_a_seed_decides_everything(filter_type: FilterType) -> None:
    def draw(seed: int) -> tuple[str, list[object]]:
        attributes, filters = draw_controlled(filter_type, 0.1, 500, 20, seed)
        return attributes.digest(attributes.kinds), list(filters)

    assert draw(1) == draw(1)
    assert draw(1)[0] != draw(2)[0]
    assert draw(1)[1] != draw(2)[1]


@pytest.mark.parametrize("filter_type", TYPES)
def test_passing_items_are_spread_over_all_items(filter_type: FilterType) -> None:
    attributes, filters = draw_controlled(filter_type, 0.1, 1000, 1, seed=0)
    passing = FilterBatch(filters, attributes).mask(0).nonzero()[0]
    assert passing.max() - passing.min() > 800  # consecutive ids would span 100


SHAPES = [
    {"and": ["EM", "R"]},
    {"and": ["EM", "EMIS"]},
    {"and": ["R", "R"]},
    {"or": ["EM", "R"]},
    {"not": "EM"},
    {"and": [{"or": ["EM", "R"]}, {"not": "EMIS"}]},
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("selectivity", [0.01, 0.1, 0.5, 0.8])
def test_a_shape_passes_the_requested_fraction_on_average(shape: Any, selectivity: float) -> None:
    attributes, filters = draw_controlled(shape, selectivity, 20_000, 40, seed=3)
    matches = FilterBatch(filters, attributes).matches
    assert matches.mean() / 20_000 == pytest.approx(selectivity, rel=0.1)
    assert matches.min() / 20_000 == pytest.approx(selectivity, rel=0.35)


def test_parts_of_a_shape_have_attributes_of_their_own() -> None:
    attributes, filters = draw_controlled({"and": ["EM", {"not": "R"}]}, 0.1, 100, 5, seed=0)
    assert list(attributes.kinds) == ["synthetic_1", "synthetic_2"]
    assert {type(part) for filter_ in filters if isinstance(filter_, And) for part in filter_.parts} == {Equals, Not}


@pytest.mark.parametrize("shape", [FilterType.MEM, "em", {"and": []}, {"nor": ["EM"]}, {"and": "EM"}, 3], ids=str)
def test_other_shapes_are_refused(shape: Any) -> None:
    with pytest.raises(BenchError, match=r"workload.shape=.*: .* EM, R and EMIS"):
        draw_controlled(shape, 0.5, 10, 1, 0)


def placed_at(n: int, queries: int) -> Placed:
    """Return a random order of n items, and random anchors."""
    rng = np.random.default_rng(0)
    return Placed(rng.permutation(n), rng.integers(n, size=queries))


@pytest.mark.parametrize("filter_type", TYPES)
@pytest.mark.parametrize("selectivity", [0.001, 0.01, 0.1, 0.3, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("n", [1, 7, 50, 1000])
def test_filters_that_follow_the_vectors_pass_the_requested_fraction(
    filter_type: FilterType, selectivity: float, n: int
) -> None:
    """What passes is consecutive in the order, and includes the anchor where the type has no rest that nobody tests."""
    placed = placed_at(n, 40)
    attributes, filters = draw_controlled(filter_type, selectivity, n, 40, 3, placed)
    batch, passing = FilterBatch(filters, attributes), max(1, round(selectivity * n))
    assert set(batch.matches.tolist()) == {passing}
    for q, anchor in enumerate(placed.anchors):
        mask = batch.mask(int(batch.index[q]))
        ranks = np.flatnonzero(mask[placed.order])
        assert ranks[-1] - ranks[0] == passing - 1
        rank = int(np.flatnonzero(placed.order == anchor)[0])
        assert mask[anchor] or (filter_type is FilterType.EM and rank >= n // passing * passing)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("selectivity", [0.1, 0.5, 0.8])
def test_a_shape_that_follows_the_vectors_passes_the_requested_fraction(shape: Any, selectivity: float) -> None:
    placed = placed_at(20_000, 40)
    attributes, filters = draw_controlled(shape, selectivity, 20_000, 40, 3, placed)
    matches = FilterBatch(filters, attributes).matches
    assert matches.mean() / 20_000 == pytest.approx(selectivity, rel=0.1)


def test_a_negated_filter_passes_the_anchor() -> None:
    placed = placed_at(1000, 40)
    attributes, filters = draw_controlled({"not": "R"}, 0.8, 1000, 40, 3, placed)
    batch = FilterBatch(filters, attributes)
    assert all(batch.mask(int(batch.index[q]))[anchor] for q, anchor in enumerate(placed.anchors))
