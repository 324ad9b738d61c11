"""What every configured method owes the harness, whatever it is; a method whose two files are there is tested here."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from algorithms.base import Algorithm, Data
from algorithms.loading import load_target
from algorithms.sharded import sharded
from bench.config.algorithm import algorithm_config
from bench.core.attributes import Attributes
from bench.core.columns import Ordered
from bench.core.encode import ordered
from bench.core.filters import And, Between, Contains, Equals, Everything, Filter, Not, Or, attributes_of, type_of
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from bench.core.metrics import Metric
from bench.core.paths import CONFIGS
from bench.truth.judge import Verdict, judge
from bench.truth.search import exact_search
from tests.support.small_dataset import DIM, N, attributes, clustered
from tests.support.strategies import FILTERS, columns

ALGORITHMS = sorted(path.stem for path in (CONFIGS / "algorithm").glob("*.yaml"))

ALL = Between("update_date", 0, None)
FILTERS_OF: dict[FilterType, list[Filter]] = {
    FilterType.NONE: [Everything()],
    FilterType.EM: [Equals("number_of_sub_categories", value) for value in (1, 2, 3, 99)],
    FilterType.R: [
        Between("update_date", low, high)
        for low, high in ((13_000, 19_000), (14_000, 15_000), (17_000, 17_040), (2, 1))
    ],
    FilterType.EMIS: [Contains("authors", f"Author {a}") for a in (1, 2, 3)] + [Contains("authors", "Nobody")],
    FilterType.MEM: [
        And((Equals("has_comment", truth), Equals("license", name)))
        for truth in (True, False)
        for name in ("by", "gpl")
    ],
    FilterType.MR: [
        And((Between("update_date", 14_000, high), Between("number_of_authors", 2, 3))) for high in (18_000, 14_300, 1)
    ],
    FilterType.MEMIS: [
        And((Contains("main_categories", name), Contains("sub_categories", "cs.A"))) for name in ("cs", "stat", "none")
    ],
    FilterType.C: [
        Or((Equals("license", "by"), And((Contains("main_categories", "cs"), Not(Equals("has_comment", True)))))),
        Not(Between("update_date", 13_100, None)),
        And((ALL, Not(ALL))),
    ],
}
"""Filters of every type over the made-up attributes: broad, narrow, and one that nothing passes."""


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Keep faiss from waiting for cores that other tests hold."""
    faiss.omp_set_num_threads(1)


config_of = cache(algorithm_config)


def dated(n: int) -> Attributes:
    """Return made-up attributes with a date for every item, which methods for ranges ask for."""
    columns = attributes(n)
    dates = columns["update_date"]
    assert isinstance(dates, Ordered)
    whole = Ordered(np.where(dates.present, dates.values, 15_000), np.ones(n, np.bool_))
    return Attributes(n, {name: columns[name] for name in columns.kinds} | {"update_date": whole})


class Built:
    """A method with an index over some items, as the harness would use it."""

    def __init__(
        self,
        name: str,
        filters: list[Filter],
        folder: Path,
        *,
        vectors: NDArray[np.float32] | None = None,
        items: Attributes | None = None,
        metric: Metric = Metric.L2,
        shards: int = 1,
        **build: Any,
    ) -> None:
        config = config_of(name)
        target = load_target(config.target)
        self.method: type[Algorithm] = target if shards == 1 else sharded(target, shards)
        self.vectors = clustered(N, DIM, 1) if vectors is None else vectors
        self.items = items or dated(len(self.vectors))
        self.settings = config.settings()
        self.filters = filters
        types = {type_of(filter_) for filter_ in filters}
        filter_type = types.pop() if len(types) == 1 else FilterType.C
        self.data = Data(
            self.vectors, self.items, attributes_of(filters), filter_type, threads=2, seed=0, metric=metric
        )
        params = self.method.BuildParams(**(config.build | build))
        self.fresh = self.method(params)
        self.fresh.build(self.data)
        folder.mkdir()
        self.fresh.save(folder)
        self.loaded = self.method.load(folder, params, self.data)

    def search(
        self, queries: NDArray[np.float32], filters: list[Filter], k: int, *, setting: int = -1, fresh: bool = False
    ) -> NDArray[np.integer[Any]]:
        """Return the answers at a search setting of the configuration, by default the widest."""
        algorithm = self.fresh if fresh else self.loaded
        prepared = algorithm.prepare(FilterBatch(filters, self.items))
        params = self.method.SearchParams(**self.settings[setting])
        return algorithm.search(queries, prepared, k, params, 1)

    def verdict(self, queries: NDArray[np.float32], filters: list[Filter], k: int, *, setting: int = -1) -> Verdict:
        """Search, and judge; checks what every answer must fulfil."""
        ids = self.search(queries, filters, k, setting=setting)
        assert ids.shape == (len(queries), k)
        assert np.issubdtype(ids.dtype, np.integer)
        batch = FilterBatch(filters, self.items)
        verdict = judge(ids, k, exact_search(self.vectors, queries, batch, k), batch, self.vectors, queries)
        assert verdict.fault(afanns=self.method.info.afanns) is None
        assert not verdict.unordered.any()
        return verdict


def served(names: list[str]) -> list[Any]:
    """Return parameters (method, filter type) for what each method serves."""
    return [
        pytest.param(name, filter_type, id=f"{name}-{filter_type}")
        for name in names
        for filter_type in FilterType
        if load_target(config_of(name).target).unsupported(filter_type) is None
    ]


@pytest.mark.parametrize(("name", "filter_type"), served(ALGORITHMS))
def test_answers_are_valid_and_wide_settings_find_nearly_all(
    name: str, filter_type: FilterType, tmp_path: Path
) -> None:
    filters = FILTERS_OF[filter_type] * 6
    assert {type_of(filter_) for filter_ in filters} == {filter_type}
    built, queries = Built(name, filters, tmp_path / "index"), clustered(len(filters), DIM, 2)
    built.verdict(queries, filters, 10, setting=0)
    wide = built.verdict(queries, filters, 10)
    assert np.nanmean(wide.recall) >= 0.95
    assert np.nanmean(wide.underfill) <= 0.05


def filters_for(name: str) -> list[Filter]:
    """Return filters of every type that a method serves."""
    serves = load_target(config_of(name).target).info.serves
    return [filter_ for filter_type in FilterType if filter_type in serves for filter_ in FILTERS_OF[filter_type]]


@pytest.mark.parametrize("name", ALGORITHMS)
def test_an_index_answers_alike_after_it_was_saved(name: str, tmp_path: Path) -> None:
    filters = filters_for(name)
    built, queries = Built(name, filters, tmp_path / "index"), clustered(len(filters), DIM, 3)
    for setting in (0, -1):
        before = built.search(queries, filters, 10, setting=setting, fresh=True)
        assert np.array_equal(before, built.search(queries, filters, 10, setting=setting))


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_method_answers_in_shards(name: str, tmp_path: Path) -> None:
    filters = filters_for(name)
    built, queries = Built(name, filters, tmp_path / "index", shards=7), clustered(len(filters), DIM, 3)
    assert np.nanmean(built.verdict(queries, filters, 10).recall) >= 0.95


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("n", [1, 2, 5, 40])
def test_a_few_items_are_enough(name: str, n: int, tmp_path: Path) -> None:
    serves = load_target(config_of(name).target).info.serves
    everything = Equals("year", 1) if FilterType.EM in serves else Between("year", 1, 1)
    assert type_of(everything) in serves
    items = Attributes(n, {"year": ordered([1] * n)})
    built = Built(name, [everything], tmp_path / "index", vectors=clustered(n, DIM, 1), items=items)
    assert built.verdict(clustered(3, DIM, 2), [everything] * 3, 10).recall.tolist() == [1, 1, 1]


@pytest.mark.parametrize("name", ALGORITHMS)
def test_more_answers_are_asked_for_than_there_are_items(name: str, tmp_path: Path) -> None:
    filters = filters_for(name)
    built, queries = Built(name, filters, tmp_path / "index"), clustered(len(filters), DIM, 2)
    verdict = built.verdict(queries, filters, N + 100)
    assert np.nanmean(verdict.recall) >= 0.95


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_query_alone_has_the_same_answer_as_among_others(name: str, tmp_path: Path) -> None:
    filters = filters_for(name)
    built, queries = Built(name, filters, tmp_path / "index"), clustered(len(filters), DIM, 2)
    together = built.verdict(queries, filters, 10)
    alone = [built.verdict(queries[q : q + 1], filters[q : q + 1], 10).recall[0] for q in range(len(filters))]
    np.testing.assert_allclose(alone, together.recall, atol=0.1)


@pytest.mark.parametrize("name", [name for name in ALGORITHMS if name.endswith("_postfilter")])
def test_post_filtering_widens_until_enough_passes_or_to_its_limit(name: str, tmp_path: Path) -> None:
    rare: list[Filter] = [Contains("authors", "Author 1"), Between("update_date", 17_000, 17_100)] * 5
    built, queries = Built(name, rare, tmp_path / "index"), clustered(len(rare), DIM, 2)
    built.settings = [{"ef": 1, "max_candidates": 10_000}, {"ef": 1, "max_candidates": 20}]
    wide, cut = (built.verdict(queries, rare, 5, setting=setting) for setting in (0, 1))
    assert wide.underfill.max() == 0
    assert cut.underfill.max() > 0
    assert cut.returned.sum() < wide.returned.sum()


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("copies", [250, 300])
def test_duplicates_that_tear_a_graph_apart(name: str, copies: int, tmp_path: Path) -> None:
    """A library may not reach every item then, and must not fail for it."""
    vectors = clustered(300, DIM, 1)
    vectors[:copies] = vectors[0]
    graph = {"M": 2, "ef_construction": 1} if "hnsw" in name else {}
    broad = [Everything(), ALL, Contains("main_categories", "cs"), Equals("number_of_authors", 1)]
    filters = [filter_ for filter_ in broad if type_of(filter_) in load_target(config_of(name).target).info.serves] * 5
    built = Built(name, filters, tmp_path / "index", vectors=vectors, **graph)
    for k in (1, 10, 300):
        built.verdict(clustered(len(filters), DIM, 2), filters, k)


@pytest.mark.parametrize("k", [1, 10, N])
def test_prefiltering_is_exact(k: int, tmp_path: Path) -> None:
    filters = [filter_ for of_type in FILTERS_OF.values() for filter_ in of_type]
    vectors = clustered(N, DIM, 1)
    vectors[100:200] = vectors[:100]
    built, queries = Built("prefilter", filters, tmp_path / "index", vectors=vectors), clustered(len(filters), DIM, 2)
    verdict = built.verdict(queries, filters, k)
    some = FilterBatch(filters, built.items).matches > 0
    assert 10 < some.sum() < len(filters)
    assert np.isnan(verdict.recall[~some]).all()
    assert (verdict.recall[some] == 1).all()
    assert (verdict.underfill[some] == 0).all()


@settings(max_examples=40)
@given(columns(), st.lists(FILTERS, min_size=1, max_size=8), st.integers(1, 40), st.integers(0, 1000))
def test_prefiltering_is_exact_for_random_filters_and_ties(
    tmp_path_factory: pytest.TempPathFactory, items: Attributes, filters: list[Filter], k: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.integers(-1, 2, size=(items.n, 2)).astype(np.float32)
    queries = rng.integers(-1, 2, size=(len(filters), 2)).astype(np.float32)
    built = Built("prefilter", filters, tmp_path_factory.mktemp("x") / "index", vectors=vectors, items=items)
    verdict = built.verdict(queries, filters, k)
    some = ~np.isnan(verdict.recall)
    assert (verdict.recall[some] == 1).all()
    assert (verdict.underfill[some] == 0).all()
