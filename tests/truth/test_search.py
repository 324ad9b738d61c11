"""Exact search and ground truth, against a naive ranking of all items."""

from __future__ import annotations

import shutil
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.encode import ordered
from bench.core.errors import BenchError
from bench.core.filters import And, Between, Contains, Equals, Everything, Filter, Not
from bench.core.ivecs import write_ivecs
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from bench.core.vectors import open_vectors, write_fvecs
from bench.datasets.dataset import Dataset
from bench.datasets.layout import truth_file
from bench.datasets.sources import LayoutSource
from bench.system.cache import Cache
from bench.truth import search as exact
from bench.truth.answers import GroundTruth
from bench.truth.kernels import select
from bench.truth.search import exact_search
from bench.workloads.ground_truth import differences, ground_truth
from bench.workloads.sources import PublishedWorkload, UnfilteredWorkload
from tests.support import naive
from tests.support.small_dataset import QUERY_COUNT, attributes, clustered
from tests.support.strategies import FILTERS, columns

EM = PublishedWorkload("em", FilterType.EM)
MIXED: list[Filter] = [
    Everything(),
    Equals("license", "by"),
    Equals("license", "no such"),
    Between("update_date", 13_000, 13_200),
    Contains("main_categories", "cs"),
    Not(Contains("main_categories", "cs")),
    And((Equals("has_comment", True), Between("number_of_authors", 2, None))),
]


def assert_exact(
    vectors: NDArray[Any],
    queries: NDArray[np.float32],
    filters: list[Filter],
    items: Attributes,
    k: int,
    **options: Any,
) -> GroundTruth:
    """Check exact search against the naive way: the same ids, and the distances to float64."""
    truth = exact_search(vectors, queries, FilterBatch(filters, items), k, **options)
    ids, distances, matches = naive.nearest(vectors, queries, filters, items, k)
    assert truth.ids.shape == truth.distances.shape == (len(queries), k)
    assert truth.matches.tolist() == matches.tolist()
    np.testing.assert_allclose(truth.distances, distances, rtol=1e-12)
    assert truth.ids.tolist() == ids.tolist()
    return truth


@settings(max_examples=60)
@given(columns(), st.data())
def test_ties_and_duplicates_of_grid_points(items: Attributes, data: st.DataObject) -> None:
    """With vectors of small integers distances are exact, and many are equal."""
    filters = data.draw(st.lists(FILTERS, min_size=1, max_size=20))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    vectors = rng.integers(-1, 2, size=(items.n, 2)).astype(np.float32)
    queries = rng.integers(-1, 2, size=(len(filters), 2)).astype(np.float32)
    assert_exact(vectors, queries, filters, items, data.draw(st.integers(1, 40)))


@pytest.mark.parametrize("k", [1, 10, 300, 1000])
@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.int8])
def test_clustered_vectors_of_every_type(k: int, dtype: Any) -> None:
    vectors = clustered(400, 16, 1) if dtype is np.float32 else 40 + 20 * clustered(400, 16, 1).clip(-2, 2)
    filters = MIXED * 4
    assert_exact(vectors.astype(dtype), clustered(len(filters), 16, 2), filters, attributes(), k)


def test_rows_may_be_strided() -> None:
    wide = clustered(400, 20, 1)
    assert_exact(wide[:, 2:18], clustered(len(MIXED), 16, 2), MIXED, attributes(), 10)


def test_queries_with_common_and_with_distinct_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both kinds of tiles, queries with passing items and queries with whole blocks, over several blocks.

    The candidates must be right at once: answering queries without a proof again would hide an error.
    """
    prove, unproven = exact._unproven, []
    monkeypatch.setattr(exact, "_unproven", lambda *given: unproven.append(prove(*given)) or unproven[-1])
    n = 3 * exact._BLOCK // 2
    items = attributes(n)
    filters = MIXED[:3] * 40 + MIXED[3:]
    assert_exact(clustered(n, 3, 1), clustered(len(filters), 3, 2), filters, items, 5)
    assert not np.any(unproven)


def test_all_vectors_may_be_equal() -> None:
    """There are more items at the k-th distance than candidates."""
    vectors = np.ones((400, 4), np.float32)
    truth = assert_exact(vectors, np.zeros((7, 4), np.float32), MIXED, attributes(), 10)
    assert truth.ids[0].tolist() == list(range(10))


def test_distances_that_float32_cannot_tell_apart() -> None:
    """Far from the origin, float32 products are too coarse to rank the items; the answers must still be right."""
    vectors = (clustered(400, 8, 1) * 0.01 + 1000).astype(np.float32)
    queries = (clustered(len(MIXED), 8, 2) * 0.01 + 1000).astype(np.float32)
    assert_exact(vectors, queries, MIXED, attributes(), 10)


def least_memory(vectors: NDArray[Any], queries: NDArray[np.float32], filters: FilterBatch) -> int:
    """Return the smallest accepted budget in MiB, which the error names."""
    with pytest.raises(BenchError, match="but truth_memory_gib allows 0 MiB") as refused:
        exact_search(vectors, queries, filters, 10, memory=0)
    return int(str(refused.value).split("at least ")[1].split()[0])


def test_answers_do_not_depend_on_the_size_of_shards() -> None:
    n = 5 * exact._BLOCK // 2
    items = attributes(n)
    vectors, queries = clustered(n, 16, 1), clustered(len(MIXED), 16, 2)
    least = least_memory(vectors, queries, FilterBatch(MIXED, items)) << 20
    cuts = exact.shards(vectors, FilterBatch(MIXED, items), 10, least)
    assert [cut.start for cut in cuts] == [0, exact._BLOCK, 2 * exact._BLOCK]
    assert cuts[-1].stop == n
    assert_exact(vectors, queries, MIXED, items, 10, memory=least)
    assert len(exact.shards(vectors, FilterBatch(MIXED, items), 10, 1 << 30)) == 1


def test_duplicates_in_several_shards() -> None:
    """Ties are broken by id across shards too."""
    n = 2 * exact._BLOCK + 10
    vectors, queries = np.ones((n, 4), np.float32), np.zeros((len(MIXED), 4), np.float32)
    items = attributes(n)
    assert_exact(
        vectors, queries, MIXED, items, 10, memory=least_memory(vectors, queries, FilterBatch(MIXED, items)) << 20
    )


def test_memory_stays_within_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen broad filters, each of many queries: the items that pass them add up to many times the vectors."""

    def slow(*arguments: Any) -> None:  # so that tiles made in advance would pile up
        time.sleep(0.01)
        select(*arguments)

    monkeypatch.setattr(exact, "select", slow)
    n, dim = 2 * exact._BLOCK, 512
    items = Attributes(n, {"x": ordered(np.arange(n) % 100)})
    filters: list[Filter] = [Between("x", low % 8, 70 + low) for low in range(16)] * exact._SHARED
    vectors, queries = clustered(n, dim, 1), clustered(len(filters), dim, 2)
    batch = FilterBatch(filters, items)
    least = least_memory(vectors, queries, batch) << 20
    exact_search(vectors, queries, batch, 10)  # compiles
    tracemalloc.start()
    exact_search(vectors, queries, batch, 10, memory=least)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < least


def test_answers_are_computed_once_and_kept(dataset: Dataset, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    workload = EM.open(dataset, cache)
    first = ground_truth(dataset, workload, cache)
    monkeypatch.setattr("bench.workloads.ground_truth.search_shard", lambda *_, **__: pytest.fail("computed again"))
    again = ground_truth(dataset, workload, cache)
    assert np.array_equal(first.ids, again.ids)
    assert np.array_equal(first.distances, again.distances)
    assert np.array_equal(first.matches, again.matches)


def test_a_killed_computation_resumes_with_the_next_shard(
    layout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "bench.workloads.ground_truth.shards", lambda *_: [slice(0, 150), slice(150, 300), slice(300, 400)]
    )
    cache = Cache(tmp_path)
    dataset = LayoutSource("killed", str(layout)).open(cache)
    workload = EM.open(dataset, cache)
    searched: list[int] = []

    def search(*given: Any) -> GroundTruth:
        searched.append(given[-1])
        if searched == [0, 150]:
            raise KeyboardInterrupt
        return exact.search_shard(*given)

    monkeypatch.setattr("bench.workloads.ground_truth.search_shard", search)
    with pytest.raises(KeyboardInterrupt):
        ground_truth(dataset, workload, cache)
    truth = ground_truth(dataset, workload, cache)
    assert searched == [0, 150, 150, 300]
    whole = exact_search(
        open_vectors(dataset.vectors),
        np.ascontiguousarray(open_vectors(dataset.queries), np.float32),
        FilterBatch(workload.filters, workload.attributes),
        100,
    )
    for name in ("ids", "distances", "matches"):
        assert np.array_equal(getattr(truth, name), getattr(whole, name)), name
    assert not list((cache.root / "ground_truth_shards").iterdir())


def test_answers_depend_on_depth_and_workload(dataset: Dataset, cache: Cache) -> None:
    em, none = EM.open(dataset, cache), UnfilteredWorkload("none").open(dataset, cache)
    answers = ground_truth(dataset, em, cache)
    assert ground_truth(dataset, em, cache, depth=7).ids.tolist() == answers.ids[:, :7].tolist()
    assert ground_truth(dataset, none, cache).ids.tolist() != answers.ids.tolist()


@pytest.fixture
def published(layout: Path, tmp_path: Path, cache: Cache) -> Any:
    """A function that writes answers beside a copy of the small dataset, and returns the queries that differ."""

    def differing(answers: list[NDArray[np.int64]], name: str = "with_answers") -> list[int]:
        folder = shutil.copytree(layout, tmp_path / name, dirs_exist_ok=True)
        write_ivecs(folder / truth_file(FilterType.EM), answers)
        opened = LayoutSource(name, str(folder)).open(cache)
        workload = EM.open(opened, cache)
        return differences(ground_truth(opened, workload, cache), opened, workload).tolist()

    return differing


@pytest.fixture
def answers(dataset: Dataset, cache: Cache) -> list[NDArray[np.int64]]:
    """The exact answers of the EM workload, rows as long as there are ids."""
    return [row[row >= 0] for row in ground_truth(dataset, EM.open(dataset, cache), cache).ids]


def test_right_published_answers_do_not_differ(published: Any, answers: list[NDArray[np.int64]]) -> None:
    assert published(answers) == []
    assert published([row[:10] for row in answers]) == []
    assert published([np.pad(row, (0, 100 - len(row)), constant_values=-1) for row in answers]) == []


def test_wrong_published_answers_differ(published: Any, answers: list[NDArray[np.int64]]) -> None:
    matching = set(answers[3].tolist())
    answers[1] = answers[1][::-1]
    answers[2] = np.repeat(answers[2][:1], 100)
    answers[3] = np.append(answers[3][:-1], next(i for i in range(400) if i not in matching))
    answers[4] = answers[4][:-1]
    answers[5] = np.append(answers[5][:-1], 400)
    answers[QUERY_COUNT - 1] = np.array([0])  # where nothing matches
    assert published(answers) == [1, 2, 3, 4, 5, QUERY_COUNT - 1]


def test_empty_or_too_few_published_answers(published: Any, answers: list[NDArray[np.int64]]) -> None:
    nothing = [row[:0] for row in answers]
    assert published(nothing) == list(range(QUERY_COUNT - 1))
    with pytest.raises(BenchError, match=f"has answers for {QUERY_COUNT - 1} queries, but there are {QUERY_COUNT}"):
        published(answers[:-1])


def test_published_duplicates_must_pass_the_filter(tmp_path: Path, layout: Path, cache: Cache) -> None:
    """An item at the right distance is still wrong if it fails the filter."""
    folder = shutil.copytree(layout, tmp_path / "duplicates")
    vectors = clustered(400, 16, 1)
    vectors[200:] = vectors[:200]
    write_fvecs(folder / "database_vectors.fvecs", [vectors])
    opened = LayoutSource("duplicates", str(folder)).open(cache)
    workload = EM.open(opened, cache)
    truth = ground_truth(opened, workload, cache)
    mask = FilterBatch(workload.filters, workload.attributes).mask(0)
    rows = [row[row >= 0] for row in truth.ids]
    position = next(i for i, item in enumerate(rows[0]) if not mask[(item + 200) % 400])
    rows[0][position] = (rows[0][position] + 200) % 400
    write_ivecs(folder / truth_file(FilterType.EM), rows)
    assert differences(truth, opened, EM.open(opened, cache)).tolist() == [0]
