"""Synthetic attributes: exactly the requested selectivity, and the same in every run."""

from __future__ import annotations

import pytest

from bench.core.errors import BenchError
from bench.core.filters import type_of
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from bench.workloads.controlled import draw_controlled

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


def test_other_filter_types_are_refused() -> None:
    with pytest.raises(BenchError, match=r"workload.filter_type=MEM: .* EM, R and EMIS"):
        draw_controlled(FilterType.MEM, 0.5, 10, 1, 0)
