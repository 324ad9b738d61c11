"""Synthetic attributes: exactly the selectivity that was asked for, and the same on every run."""

from __future__ import annotations

import pytest

from bench.core.errors import BenchError
from bench.core.filters import FilterType, type_of
from bench.core.masks import FilterBatch
from bench.workloads.controlled import controlled

TYPES = [FilterType.EM, FilterType.R, FilterType.EMIS]


@pytest.mark.parametrize("filter_type", TYPES)
@pytest.mark.parametrize("selectivity", [0.001, 0.01, 0.1, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0])
@pytest.mark.parametrize("n", [1, 7, 1000])
def test_every_filter_passes_the_share_that_was_asked_for(filter_type: FilterType, selectivity: float, n: int) -> None:
    attributes, filters = controlled(filter_type, selectivity, n, 40, seed=3)
    assert {type_of(filter_) for filter_ in filters} == {filter_type}
    batch = FilterBatch(filters, attributes)
    assert len(batch) == 40
    assert set(batch.matches.tolist()) == {max(1, round(selectivity * n))}


@pytest.mark.parametrize("filter_type", TYPES)
def test_a_seed_decides_everything(filter_type: FilterType) -> None:
    def made(seed: int) -> tuple[str, list[object]]:
        attributes, filters = controlled(filter_type, 0.1, 500, 20, seed)
        return attributes.digest(attributes.kinds), list(filters)

    assert made(1) == made(1)
    assert made(1)[0] != made(2)[0]
    assert made(1)[1] != made(2)[1]


@pytest.mark.parametrize("filter_type", TYPES)
def test_what_passes_is_spread_over_the_items(filter_type: FilterType) -> None:
    attributes, filters = controlled(filter_type, 0.1, 1000, 1, seed=0)
    passing = FilterBatch(filters, attributes).mask(0).nonzero()[0]
    assert passing.max() - passing.min() > 800  # a run of neighbouring ids would span 100


def test_other_filter_types_are_refused() -> None:
    with pytest.raises(BenchError, match=r"workload.filter_type=MEM: .* EM, R and EMIS"):
        controlled(FilterType.MEM, 0.5, 10, 1, 0)
