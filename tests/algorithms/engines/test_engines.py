"""What every engine owes the harness; each test is skipped for an engine that is not installed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import pytest
from numpy.typing import NDArray

from algorithms.base import Data
from algorithms.engines.engine import Engine
from bench.core.attributes import Attributes
from bench.core.errors import Unsupported
from bench.core.filters import Equals, Everything, Filter, attributes_of, type_of
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from bench.core.method import Method
from bench.core.metrics import Metric
from bench.core.typed_json import dumps, loads
from bench.measuring.serving import description as describe
from tests.algorithms.test_contract import FILTERS_OF
from tests.support import awkward
from tests.support.engines import ENGINES, engine, widest
from tests.support.naive import nearest
from tests.support.small_dataset import DIM, attributes, clustered

K = 10
LEAST_RECALL = {"engines/turbovec": 0.7}
"""By engine where it is not 0.9: four bits say little of the few dimensions here."""


class Built:
    """An engine over some items, saved and loaded, as a context."""

    def __init__(
        self, name: str, folder: Path, items: Attributes, filters: Sequence[Filter], metric: Metric = Metric.L2
    ) -> None:
        config, self.method = engine(name)
        build, self.search_params = widest(config, self.method)
        vectors = clustered(items.n, DIM, 1)
        self.vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)  # so that turbovec takes them
        self.items, self.metric = items, metric
        kind = filters[0] if len({type_of(filter_) for filter_ in filters}) == 1 else None
        filter_type = FilterType.C if kind is None else type_of(kind)
        self.data = Data(self.vectors, items, attributes_of(filters), filter_type, threads=1, seed=0, metric=metric)
        fresh = self.method(build)
        fresh.build(self.data)
        folder.mkdir()
        fresh.save(folder)
        self.loaded = self.method.load(folder, build, self.data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Release what the engine holds, which the harness leaves to the end of the process."""
        if isinstance(self.loaded, Engine):
            self.loaded.close()

    def answers(self, filters: Sequence[Filter], k: int = K) -> NDArray[np.int64]:
        """Return the answers to queries that have these filters."""
        prepared = self.loaded.prepare(FilterBatch(filters, self.items))
        return self.loaded.search(self.queries(len(filters)), prepared, k, self.search_params, 1)

    def queries(self, count: int) -> NDArray[np.float32]:
        return clustered(500, DIM, 2)[:count]

    def passing(self, filter_: Filter) -> set[int]:
        return set(np.flatnonzero(FilterBatch([filter_], self.items).mask(0)).tolist())

    def expressible(self, filters: Sequence[Filter]) -> list[Filter]:
        """Return the filters that the engine does not refuse."""
        return [filter_ for filter_ in filters if self._takes(filter_)]

    def _takes(self, filter_: Filter) -> bool:
        try:
            self.loaded.prepare(FilterBatch([filter_], self.items))
        except Unsupported:
            return False
        return self.method.unsupported(type_of(filter_)) is None

    def recall(self, filters: Sequence[Filter], ids: NDArray[np.int64]) -> float:
        """Check that all answers pass, each once, and return the mean recall."""
        for filter_, row in zip(filters, ids, strict=True):
            held = row[row >= 0].tolist()
            assert len(held) == len(set(held))
            assert set(held) <= self.passing(filter_), filter_
        truth, _, _ = nearest(self.vectors, self.queries(len(filters)), filters, self.items, K, self.metric)
        hits = [
            len(set(a) & set(b) - {-1}) / max(1, len(set(b) - {-1}))
            for a, b in zip(ids.tolist(), truth.tolist(), strict=True)
        ]
        return float(np.mean([hit for hit, row in zip(hits, truth, strict=True) if (row >= 0).any()]))


@pytest.mark.parametrize("name", ENGINES)
def test_filters_let_pass_what_they_should_whatever_the_values(name: str, tmp_path: Path) -> None:
    filters = awkward.filters()
    with Built(name, tmp_path / "index", awkward.attributes(), filters) as built:
        taken = built.expressible(filters)
        answers = built.answers(taken, k=built.items.n)
        answered = [set(row[row >= 0].tolist()) for row in answers]
        assert [f for f, ids in zip(taken, answered, strict=True) if ids != built.passing(f)] == []
    assert len(taken) > len(filters) / 2


@pytest.mark.parametrize("name", ENGINES)
def test_wide_settings_find_nearly_all_by_any_filter_type(name: str, tmp_path: Path) -> None:
    everything = [filter_ for of_type in FILTERS_OF.values() for filter_ in of_type]
    with Built(name, tmp_path / "index", attributes(), everything) as built:
        for filter_type, of_type in FILTERS_OF.items():
            filters = built.expressible(of_type) * 3
            ids = built.answers(filters)
            assert built.recall(filters, ids) > LEAST_RECALL.get(name, 0.9), filter_type
            assert built.answers(filters[:1]).tolist() == ids[:1].tolist()  # the same if it is asked alone


@pytest.mark.parametrize("metric", [Metric.COSINE, Metric.IP])
@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_ranks_by_the_metrics_that_it_declares(name: str, metric: Metric, tmp_path: Path) -> None:
    if metric not in engine(name)[1].info.metrics:
        pytest.skip("not declared")
    filters = [Equals("has_comment", True)] * 8
    with Built(name, tmp_path / "index", attributes(), filters, metric) as built:
        assert built.recall(filters, built.answers(filters)) > LEAST_RECALL.get(name, 0.9)


@pytest.mark.parametrize("name", ENGINES)
def test_few_items_without_attributes_and_many_answers(name: str, tmp_path: Path) -> None:
    def digests() -> dict[Path, str]:
        files = [path for path in sorted((tmp_path / "index").rglob("*")) if path.is_file()]
        return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    with Built(name, tmp_path / "index", attributes(3), [Everything()]) as built:
        saved = digests()
        assert sorted(built.answers([Everything()], k=50)[0].tolist()) == [-1] * 47 + [0, 1, 2]
    assert digests() == saved


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_sets_exactly_the_declared_parameters(name: str) -> None:
    config, method = engine(name)
    description = loads(Method, dumps(describe(config.target, method)))
    assert description.check_params("build", config.build) == config.build
    for setting in config.settings():
        assert description.check_params("search", setting) == setting
