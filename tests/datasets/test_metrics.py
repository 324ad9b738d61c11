"""The metric of a dataset: how files and keys name it, and its reduction to squared L2."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.errors import BenchError
from bench.core.filters import Everything
from bench.core.masks import FilterBatch
from bench.core.metrics import Metric, metric_of
from bench.core.vectors import open_vectors
from bench.datasets.dataset import Dataset, load_rows
from bench.datasets.reduction import FURTHER, searched_files
from bench.datasets.sources import VectorsSource
from bench.system.cache import Cache
from bench.truth.search import exact_search
from tests.support.small_dataset import clustered

N, DIM, Q = 300, 24, 20


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def opened(
    folder: Path, cache: Cache, metric: str | None, vectors: NDArray[Any], queries: NDArray[Any] | None = None
) -> Dataset:
    """Return a dataset of vectors and queries, which are written as npy."""
    folder.mkdir(exist_ok=True)
    np.save(folder / "x.npy", vectors)
    np.save(folder / "y.npy", clustered(Q, vectors.shape[1], 2) if queries is None else queries)
    return VectorsSource("made", str(folder / "x.npy"), str(folder / "y.npy"), metric=metric).open(cache)


def uneven(n: int = N, low: float = 0.1) -> NDArray[np.float32]:
    """Return vectors of many lengths."""
    lengths = np.geomspace(low, 1, n).astype(np.float32)
    return clustered(n, DIM, 1) * np.random.default_rng(3).permutation(lengths)[:, None]


def nearest(vectors: Path, queries: Path, metric: Metric) -> NDArray[np.int64]:
    """Return the ten nearest items of each query."""
    rows = open_vectors(vectors)
    batch = FilterBatch([Everything()] * Q, Attributes(len(rows), {}))
    return exact_search(rows, load_rows(queries), batch, 10, metric=metric).ids


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        ("euclidean", Metric.L2),
        ("L2", Metric.L2),
        ("Angular", Metric.COSINE),
        ("cosine", Metric.COSINE),
        ("normalized", Metric.COSINE),
        ("IP", Metric.IP),
        ("dot", Metric.IP),
        ("inner_product", Metric.IP),
        ("Inner Product", Metric.IP),
        ("hamming", Metric.HAMMING),
    ],
)
def test_names_of_metrics(text: str, metric: Metric) -> None:
    assert metric_of(text, "x") is metric


def test_an_unknown_metric_is_refused_by_name(tmp_path: Path, cache: Cache) -> None:
    with pytest.raises(BenchError, match=r"dataset.metric names the distance 'cosin'; .*; did you mean 'cosine'\?"):
        opened(tmp_path, cache, "cosin", uneven())


@pytest.mark.parametrize("stated", ["ip", b"ip", np.bytes_("DOT"), "Inner Product"])
def test_an_hdf5_file_states_its_metric(tmp_path: Path, cache: Cache, stated: Any) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.hdf5", "w") as file:
        file["train"], file["test"] = uneven(), clustered(Q, DIM, 2)
        file.attrs["distance"] = stated
    assert VectorsSource("made", str(tmp_path / "a.hdf5")).open(cache).metric is Metric.IP
    assert VectorsSource("made", str(tmp_path / "a.hdf5"), metric="l2").open(cache).metric is Metric.L2


def test_files_that_state_different_metrics_are_refused(tmp_path: Path, cache: Cache) -> None:
    h5py = pytest.importorskip("h5py")
    for name, stated in (("a", "ip"), ("b", "angular")):
        with h5py.File(tmp_path / f"{name}.hdf5", "w") as file:
            file["train"], file["test"] = uneven(), clustered(Q, DIM, 2)
            file.attrs["distance"] = stated
    np.save(tmp_path / "x.npy", uneven())
    files = [str(tmp_path / name) for name in ("a.hdf5", "b.hdf5", "x.npy")]
    with pytest.raises(BenchError, match=r"a.hdf5: 'train' states ip and .*b.hdf5: 'test' states cosine; set dataset"):
        VectorsSource("two", files[0], files[1]).open(cache)
    assert VectorsSource("two", files[0], files[1], metric="l2").open(cache).metric is Metric.L2
    assert VectorsSource("two", files[2], files[1]).open(cache).metric is Metric.COSINE


@pytest.mark.parametrize("stated", ["jaccard", b"manhattan"])
def test_an_hdf5_file_with_another_metric_is_refused(tmp_path: Path, cache: Cache, stated: Any) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.hdf5", "w") as file:
        file["train"], file["test"] = uneven(), clustered(Q, DIM, 2)
        file.attrs["distance"] = stated
    with pytest.raises(BenchError, match=r"a\.hdf5: 'train' names the distance '(jaccard|manhattan)'; this benchmark"):
        VectorsSource("made", str(tmp_path / "a.hdf5")).open(cache)


@pytest.mark.parametrize("low", [0.1, 1e-3])
@pytest.mark.parametrize("metric", [Metric.COSINE, Metric.IP])
def test_squared_l2_over_reduced_vectors_ranks_like_the_metric(
    tmp_path: Path, cache: Cache, metric: Metric, low: float
) -> None:
    dataset = opened(tmp_path, cache, metric, uneven(low=low))
    searched = searched_files(dataset, (Metric.L2,), cache)
    assert searched.metric is Metric.L2
    rows = open_vectors(searched.vectors)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    assert nearest(searched.vectors, searched.queries, Metric.L2).tolist() == (
        nearest(dataset.vectors, dataset.queries, metric).tolist()
    )


def test_a_method_gets_what_it_ranks_by_itself_as_it_is(tmp_path: Path, cache: Cache) -> None:
    dataset = opened(tmp_path, cache, "ip", uneven())
    searched = searched_files(dataset, (Metric.IP, Metric.L2), cache)
    assert (searched.vectors, searched.queries, searched.metric) == (dataset.vectors, dataset.queries, Metric.IP)


def test_rows_of_zeros_rank_between_acute_and_obtuse_ones(tmp_path: Path, cache: Cache) -> None:
    vectors = clustered(N, DIM, 1)
    vectors[::20] = 0
    dataset = opened(tmp_path, cache, "cosine", vectors)
    searched = searched_files(dataset, (Metric.L2,), cache)
    rows, queries = open_vectors(searched.vectors), load_rows(searched.queries)
    assert rows.shape == (N, DIM + FURTHER)
    np.testing.assert_allclose(((rows[::20] - queries[0]) ** 2).sum(axis=1), 2, rtol=1e-6)


@pytest.mark.parametrize("length", [1e-42, 1e-24, 1e19, 3e36])
def test_cosine_takes_rows_of_any_length(tmp_path: Path, cache: Cache, length: float) -> None:
    vectors = clustered(N, DIM, 1)
    vectors[::2] = vectors[::2].astype(np.float64) / np.linalg.norm(vectors[::2], axis=1, keepdims=True) * length
    dataset = opened(tmp_path, cache, "cosine", vectors)
    searched = searched_files(dataset, (Metric.L2,), cache)
    assert nearest(searched.vectors, searched.queries, Metric.L2).tolist() == (
        nearest(dataset.vectors, dataset.queries, Metric.COSINE).tolist()
    )


@pytest.mark.parametrize("metric", ["cosine", "ip"])
def test_a_query_of_zeros_is_refused(tmp_path: Path, cache: Cache, metric: str) -> None:
    queries = clustered(Q, DIM, 2)
    queries[7] = 0
    with pytest.raises(BenchError, match=rf"y\.npy: row 7 is all zeros, which ranks no item by {metric}"):
        opened(tmp_path, cache, metric, uneven(), queries)


def test_rows_that_float32_loses_are_refused(tmp_path: Path, cache: Cache) -> None:
    vectors = uneven()
    vectors[5] *= np.float32(1e-6)
    dataset = opened(tmp_path, cache, "ip", vectors)
    with pytest.raises(BenchError, match=r"x\.npy: row 5 has the length .*cannot be ranked in float32"):
        searched_files(dataset, (Metric.L2,), cache)


def test_bits_may_be_packed(tmp_path: Path, cache: Cache) -> None:
    rng = np.random.default_rng(0)
    packed, queries = rng.integers(0, 256, (N, 4), np.uint8), rng.integers(0, 256, (Q, 4), np.uint8)
    dataset = opened(tmp_path, cache, "hamming", packed, queries)
    assert dataset.shape == (N, 32)
    bits = opened(tmp_path / "bits", cache, "hamming", np.unpackbits(packed, axis=1), np.unpackbits(queries, axis=1))
    expected = np.bitwise_count(packed[None] ^ queries[:, None]).sum(axis=2)
    for each in (dataset, bits):
        searched = searched_files(each, (Metric.L2,), cache)
        ids = nearest(searched.vectors, searched.queries, searched.metric)
        distances = np.take_along_axis(expected, ids, 1)
        assert distances.tolist() == np.sort(expected, axis=1)[:, :10].tolist()


def test_hamming_needs_bits(tmp_path: Path, cache: Cache) -> None:
    with pytest.raises(BenchError, match="holds float32 other than 0 and 1; the hamming distance is between bits"):
        opened(tmp_path, cache, "hamming", uneven())
