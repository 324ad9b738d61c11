"""Product quantisation with faiss: the code has the size that was asked for, whatever the dimension and the items."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from algorithms.base import Data
from algorithms.baselines.faiss_ivf import FaissIvfPqInFilter, PqBuild, PqSearch
from bench.core.attributes import Attributes
from bench.core.filters import Everything
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from tests.support.naive import nearest
from tests.support.problems import through_disk


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with threadpool_limits(1, "openmp"):
        yield


def built(n: int, dim: int, code_bytes: int) -> tuple[Any, NDArray[np.float32]]:
    vectors = np.random.default_rng(0).standard_normal((n, dim), dtype=np.float32)
    data = Data(vectors, Attributes(n, {}), (), FilterType.NONE, 1, 0)
    index, files = through_disk(FaissIvfPqInFilter, PqBuild(code_bytes=code_bytes), data)
    assert any(vectors.tobytes() in content for content in files.values()) == index.info.holds_vectors
    return index, vectors


def recall(index: Any, vectors: NDArray[np.float32], k_factor: int = 2) -> float:
    queries = np.random.default_rng(1).standard_normal((20, vectors.shape[1]), dtype=np.float32)
    attributes, k = Attributes(len(vectors), {}), min(10, len(vectors))
    filters = FilterBatch([Everything()] * len(queries), attributes)
    ids = index.search(queries, index.prepare(filters), k, PqSearch(nprobe=10_000, k_factor=k_factor), 1)
    expected, _, _ = nearest(vectors, queries, filters.filters, attributes, k)
    return float(np.mean([len(set(row) & set(true)) / k for row, true in zip(ids, expected, strict=True)]))


@pytest.mark.parametrize(
    ("n", "dim", "code_bytes"), [(500, 97, 48), (500, 96, 48), (300, 254, 48), (300, 7, 16), (30, 8, 4), (1, 5, 3)]
)
def test_a_code_has_the_size_that_was_asked_for(n: int, dim: int, code_bytes: int) -> None:
    index, vectors = built(n, dim, code_bytes)
    coded = faiss.extract_index_ivf(index.index.base_index)
    assert coded.code_size == code_bytes
    assert coded.ntotal == n
    assert recall(index, vectors) > 0.9


def test_zeros_between_the_dimensions_cost_no_recall() -> None:
    whole, padded = (recall(*built(1000, dim, 24), k_factor=1) for dim in (48, 49))
    assert padded > whole - 0.1
