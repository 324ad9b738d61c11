"""Extrapolated costs and shards of methods whose growth is known exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.results.extrapolation import Growth, Node, growths, shard

SIZES = np.array([1e4, 1e5, 1e6])
NODE = Node(memory_bytes=5.1e9, build_seconds=1.01e5)


def growth(sizes: Any = SIZES, **columns: Any) -> Growth:
    """Return the growth of a method with 1,000 bytes an item, builds of 1 ms an item, and 1e6 / n^0.5 QPS."""
    values = {
        "n": sizes.astype(int),
        "build_seconds": sizes / 1e3,
        "build_memory_bytes": sizes * 500 + 7e7,
        "index_bytes_with_vectors": sizes * 1e3,
        "qps": 1e6 / np.sqrt(sizes),
    }
    ((method, law),) = growths(pd.DataFrame({"algorithm": "ung", "storage": "float32"} | values | columns))
    assert method == ("ung", "float32")
    return law


def test_shards_are_as_few_as_the_memory_allows() -> None:
    law = growth()
    sharding = shard(law, 10**8, NODE)
    assert sharding is not None
    assert (sharding.shards, sharding.each.items) == (20, 5 * 10**6)
    assert sharding.each.memory_bytes.value == pytest.approx(5e9)
    assert sharding.each.build_seconds.value == pytest.approx(5000)
    assert sharding.each.qps.value == pytest.approx(1e6 / 5e6**0.5)
    assert sharding.seconds_per_query.value == pytest.approx(20 * 5e6**0.5 / 1e6)
    whole = law.at(10**8)
    assert [whole.build_seconds.value, whole.memory_bytes.value, whole.qps.value] == pytest.approx([1e5, 1e11, 100])


def test_shards_are_as_few_as_the_time_allows() -> None:
    sharding = shard(growth(build_seconds=SIZES / 10), 10**8, NODE)
    assert sharding is not None
    assert (sharding.shards, sharding.each.items) == (100, 10**6)


def test_one_node_is_enough_for_what_fits() -> None:
    sharding = shard(growth(), 3 * 10**6, NODE)
    assert sharding is not None
    assert (sharding.shards, sharding.each.items) == (1, 3 * 10**6)
    assert sharding.each == growth().at(3 * 10**6)


def test_a_build_that_holds_more_than_its_index_decides() -> None:
    law = growth(build_memory_bytes=SIZES * 2e3 + 5e7)  # in all, 2,050 bytes an item at the largest size
    assert law.at(10**8).memory_bytes.value == pytest.approx(2.05e11)
    sharding = shard(law, 10**8, NODE)
    assert sharding is not None
    assert sharding.shards == 41


@pytest.mark.parametrize(
    "columns", [{"build_seconds": 0.0}, {"build_memory_bytes": 0.0}, {"build_memory_bytes": np.nan}]
)
def test_what_a_build_does_not_take_is_no_limit(columns: dict[str, float]) -> None:
    sharding = shard(growth(**columns), 10**8, NODE)
    assert sharding is not None
    assert sharding.shards == 20


def test_there_are_no_shards_without_a_size_or_for_too_small_a_node() -> None:
    assert shard(growth(index_bytes_with_vectors=np.nan), 10**8, NODE) is None
    assert shard(growth(), 10**8, Node(memory_bytes=10)) is None
    assert shard(growth(build_seconds=1e6), 10**8, NODE) is None


def test_a_recall_that_is_not_reached_leaves_the_shards() -> None:
    sharding = shard(growth(qps=np.nan), 10**8, NODE)
    assert sharding is not None
    assert sharding.shards == 20
    assert np.isnan(sharding.seconds_per_query.value)


def test_the_time_of_a_query_has_the_interval_of_the_throughput() -> None:
    sharding = shard(growth(qps=np.array([1e4, 4e3, 1e3])), 10**8, NODE)
    assert sharding is not None
    seconds, qps = sharding.seconds_per_query, sharding.each.qps
    assert seconds.low < seconds.value < seconds.high
    assert [seconds.low, seconds.high] == pytest.approx([20 / qps.high, 20 / qps.low])
    assert seconds.is_supported
    assert shard(growth(SIZES[:2]), 10**8, NODE) is not None
