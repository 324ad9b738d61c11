"""Every method under every metric, over vectors that are reduced to squared L2 where it has no more."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from algorithms.loading import load_target
from bench.core.filters import Equals
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from bench.core.metrics import Metric
from bench.core.vectors import open_vectors
from bench.datasets.dataset import load_rows
from bench.datasets.reduction import searched_files
from bench.system.cache import Cache
from bench.truth.judge import judge
from bench.truth.search import exact_search
from tests.algorithms.test_contract import ALGORITHMS, FILTERS_OF, Built, config_of, dated
from tests.datasets.test_metrics import DIM, opened, uneven
from tests.support.small_dataset import clustered

N = 600


@pytest.mark.parametrize("metric", [Metric.COSINE, Metric.IP, Metric.HAMMING])
@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_method_ranks_by_every_metric(name: str, metric: Metric, tmp_path: Path) -> None:
    info = load_target(config_of(name).target).info
    filter_type = FilterType.EM if FilterType.EM in info.serves else FilterType.R
    filters = [each for each in FILTERS_OF[filter_type] if each != Equals("license", "no such")] * 6
    vectors, queries = uneven(N), clustered(len(filters), DIM, 2)
    if metric is Metric.HAMMING:
        rng = np.random.default_rng(1)
        directions = rng.standard_normal((DIM, 64))
        vectors, queries = ((rows @ directions > 0).astype(np.uint8) for rows in (vectors, queries))
    cache = Cache(tmp_path / "cache")
    dataset = opened(tmp_path / "data", cache, metric, vectors, queries)
    searched = searched_files(dataset, tuple(info.metrics), cache)
    rows = np.ascontiguousarray(open_vectors(searched.vectors), np.float32)
    built = Built(name, filters, tmp_path / "index", vectors=rows, items=dated(N), metric=searched.metric)
    ids = built.search(load_rows(searched.queries), filters, 10)
    batch = FilterBatch(filters, built.items)
    items, asked = open_vectors(dataset.vectors), load_rows(dataset.queries)
    truth = exact_search(items, asked, batch, 10, metric=metric)
    verdict = judge(ids, 10, truth, batch, items, asked)
    assert verdict.fault(afanns=info.afanns) is None
    assert not verdict.unordered.any()
    assert np.nanmean(verdict.recall) >= (1 if name == "prefilter" else 0.95)
