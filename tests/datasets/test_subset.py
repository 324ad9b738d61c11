"""Subsets: the first items with their attributes, the first dimensions at unit length, and invalid sizes."""

from __future__ import annotations

import numpy as np
import pytest

from bench.core.attributes import Attributes
from bench.core.errors import BenchError
from bench.core.leaf import FilterType
from bench.datasets.dataset import Dataset, load_rows
from bench.datasets.subset import SubsetConfig, take_subset
from bench.system.cache import Cache
from bench.workloads.sources import PublishedWorkload
from tests.support.small_dataset import DIM, N


def test_a_subset_of_everything_is_the_dataset_itself(dataset: Dataset, cache: Cache) -> None:
    assert take_subset(dataset, SubsetConfig(), cache) is dataset
    assert take_subset(dataset, SubsetConfig(N, DIM), cache) is dataset


def test_the_first_items_keep_their_attributes_and_workloads(dataset: Dataset, cache: Cache) -> None:
    part = take_subset(dataset, SubsetConfig(items=100), cache)
    assert part.shape == (100, DIM)
    np.testing.assert_array_equal(load_rows(part.vectors), load_rows(dataset.vectors)[:100])
    np.testing.assert_array_equal(load_rows(part.queries), load_rows(dataset.queries))
    assert part.attributes is not None
    whole, first = dataset.open_attributes(), Attributes.open(part.attributes)
    assert first.n == 100
    for name in whole.kinds:
        assert whole[name].part(slice(100)).to_arrow().to_pylist() == first[name].to_arrow().to_pylist()
    workload = PublishedWorkload("em", FilterType.EM).open(part, cache)
    assert workload.filters == PublishedWorkload("em", FilterType.EM).open(dataset, cache).filters
    assert part.digest != dataset.digest


def test_dimensions_are_cut_and_unit_vectors_stay_unit_vectors(dataset: Dataset, cache: Cache) -> None:
    part = take_subset(dataset, SubsetConfig(dimensions=3), cache)
    before, after = load_rows(dataset.vectors), load_rows(part.vectors)
    assert after.shape == (N, 3)
    unit = np.abs(np.linalg.norm(before, axis=1) - 1) < 1e-3
    np.testing.assert_array_equal(after[~unit], before[~unit, :3])
    np.testing.assert_allclose(np.linalg.norm(after[unit], axis=1), 1, rtol=1e-5)
    directions = before[unit, :3] / np.linalg.norm(before[unit, :3], axis=1, keepdims=True)
    np.testing.assert_allclose(after[unit], directions, rtol=1e-5)


@pytest.mark.parametrize(
    "config", [SubsetConfig(items=N + 1), SubsetConfig(dimensions=DIM + 1), SubsetConfig(items=-1)]
)
def test_sizes_out_of_range_are_refused(config: SubsetConfig, dataset: Dataset, cache: Cache) -> None:
    with pytest.raises(BenchError, match="is out of range; dataset"):
        take_subset(dataset, config, cache)
