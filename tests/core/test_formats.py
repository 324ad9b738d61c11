"""Storage formats: the precision of codes, the files, and methods that search codes."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algorithms.acorn.method import Acorn
from algorithms.baselines.hnsw import HnswPostFilter
from algorithms.baselines.hnswlib import HnswlibPostFilter
from algorithms.baselines.prefilter import PreFilter
from algorithms.caps.method import Caps
from algorithms.digra.method import Digra
from algorithms.dsg.method import Dsg
from algorithms.filtered_diskann.filtered import FilteredVamana
from algorithms.filtered_diskann.stitched import StitchedVamana
from algorithms.irangegraph.method import IRangeGraph
from algorithms.navix.method import Navix
from algorithms.nhq.kgraph import NhqKgraph
from algorithms.nhq.nsw import NhqNsw
from algorithms.serf.method import Serf
from algorithms.sieve.method import Sieve
from algorithms.ung.method import Ung
from algorithms.vbase.method import Vbase
from algorithms.wow.method import Wow
from bench.core.attributes import Attributes
from bench.core.encode import ordered
from bench.core.errors import BenchError
from bench.core.filters import Between, Equals, Filter
from bench.core.formats import Storage, encode
from bench.core.masks import FilterBatch, failing_of
from bench.core.metrics import Metric
from bench.core.vectors import write_fvecs
from bench.datasets.codes import error_of, open_codes, write_codes
from bench.measuring.rerank import Reranked, nearest
from bench.measuring.serving import refuse_what_does_not_fit
from bench.system.cache import Cache
from tests.support.problems import Problem, check_valid, recall, through_disk

FEWER = [storage for storage in Storage if storage is not Storage.FLOAT32]
ERRORS = dict(zip(FEWER, (0.0005, 0.004, 0.01, 0.15, 0.5, 1), strict=True))
ROUNDING = {Storage.FLOAT16: 2.0**-11, Storage.BFLOAT16: 2.0**-8}


@given(st.lists(st.floats(-60_000, 60_000, width=32), min_size=1, max_size=20))
def test_codes_differ_from_vectors_by_rounding_only(values: list[float]) -> None:
    row = np.array([values], np.float32)
    for storage, relative in ROUNDING.items():
        np.testing.assert_allclose(encode(row, storage).decode(), row, rtol=relative, atol=2.0**-24)
    largest = np.abs(row).max()
    assert np.abs(encode(row, Storage.INT8).decode() - row).max() <= largest / 127 * 0.5001


def test_bfloat16_rounds_to_even() -> None:
    bits = np.array([[0x3F80_8000, 0x3F81_8000, 0x3F80_8001]], np.uint32)
    assert encode(bits.view(np.float32), Storage.BFLOAT16).values.tolist() == [[0x3F80, 0x3F82, 0x3F81]]


def test_float16_refuses_what_it_cannot_hold() -> None:
    with pytest.raises(BenchError, match="ends at 65,504, but a value is 1e"):
        encode(np.array([[1e9]], np.float32), Storage.FLOAT16)


@pytest.mark.parametrize("storage", FEWER)
def test_a_file_is_converted_once_and_measured(
    storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.datasets.codes._BLOCK_BYTES", 4 * 12 * 7)  # seven rows at a time
    rows = np.random.default_rng(0).normal(size=(40, 12)).astype(np.float32)
    rows[3] = 0
    write_fvecs(tmp_path / "rows.fvecs", [rows])
    cache = Cache(tmp_path / "cache")
    folder = write_codes(tmp_path / "rows.fvecs", storage, cache)
    codes, expected = open_codes(folder), encode(rows, storage)
    assert codes.storage is storage
    assert codes.dim == 12
    for name in ("values", "factors", "centre"):
        assert np.array_equal(getattr(codes, name), getattr(expected, name)), name
    assert codes.values.nbytes + codes.factors.nbytes == 40 * storage.vector_bytes(12)
    lengths = np.linalg.norm(rows, axis=1)
    lengths[lengths == 0] = 1
    assert error_of(folder) == pytest.approx((np.linalg.norm(rows - codes.decode(), axis=1) / lengths).mean(), rel=1e-4)
    assert 0 < error_of(folder) < ERRORS[storage]
    written = (folder / "facts.json").stat().st_mtime_ns
    assert write_codes(tmp_path / "rows.fvecs", storage, cache) == folder
    assert (folder / "facts.json").stat().st_mtime_ns == written


def test_candidates_are_ranked_by_exact_distances() -> None:
    vectors = np.array([[0], [1], [2], [3]], np.float32)
    ids = nearest(vectors, np.array([[3.1], [0.4]], np.float32), np.array([[0, 3, 1], [2, -1, -1]]), 2, Metric.L2)
    assert ids.tolist() == [[3, 1], [2, -1]]


def test_candidates_that_fail_their_filter_come_after_those_that_pass() -> None:
    vectors, attributes = np.array([[0], [1], [2], [3]], np.float32), Attributes(4, {"x": ordered([0, 1, 0, 1])})
    queries, ids = np.array([[0.1], [3.0]], np.float32), np.array([[0, 1, 3], [2, 7, -1]])
    failing = failing_of(FilterBatch([Equals("x", 1), Equals("x", 0)], attributes), ids)
    assert failing.tolist() == [[True, False, False], [False, True, True]]
    assert nearest(vectors, queries, ids, 3, Metric.L2, failing).tolist() == [[1, 3, 0], [2, 7, -1]]


def _problem(filters: list[Filter], values: np.ndarray, dim: int = 24) -> Problem:
    rng = np.random.default_rng(5)
    centres = rng.normal(size=(10, dim))
    vectors, queries = (
        (centres[rng.integers(0, 10, count)] + 0.5 * rng.normal(size=(count, dim))).astype(np.float32)
        for count in (len(values), len(filters))
    )
    return Problem(vectors, Attributes(len(values), {"x": ordered(values)}), queries, tuple(filters))


VALUES = np.random.default_rng(4).integers(0, 5, 1500)
EM = _problem([Equals("x", i % 5) for i in range(40)], VALUES)
WIDE = _problem([Equals("x", i % 5) for i in range(40)], VALUES, dim=384)
R = _problem([Between("x", 50 * i, 50 * i + 900) for i in range(40)], np.random.default_rng(3).permutation(3000)[:1500])
METHODS = [
    (HnswPostFilter, EM, {"ef": 80}),
    (Acorn, EM, {"ef": 80}),
    (Navix, EM, {"ef": 80}),
    (FilteredVamana, EM, {"L": 80}),
    (IRangeGraph, R, {"ef": 80}),
    (Serf, R, {"ef": 80}),
    (StitchedVamana, EM, {"L": 80}),
    (Ung, EM, {"L": 80}),
    (NhqNsw, EM, {"ef": 160, "weight": 1000.0}),
    (NhqKgraph, EM, {"L": 160, "weight": 50.0}),
    (Sieve, EM, {"ef": 80}),
    (Vbase, EM, {"E": 80}),
    (Digra, R, {"ef": 80}),
    (Dsg, R, {"ef": 80}),
    (Wow, R, {"ef": 80}),
]
CASES = [
    *((*method, Storage.INT8) for method in METHODS),
    *((*METHODS[0], storage) for storage in (Storage.FLOAT16, Storage.BFLOAT16, Storage.RABITQ4)),
    *((HnswPostFilter, WIDE, {"ef": 80}, storage) for storage in FEWER if storage.is_rotated),
    (PreFilter, EM, {}, Storage.RABITQ2),
    (Caps, EM, {"m": 1000}, Storage.RABITQ4),
]


@pytest.mark.parametrize(
    ("method", "problem", "search", "storage"),
    CASES,
)
def test_methods_search_codes_as_well_as_vectors(
    method: Any, problem: Problem, search: dict[str, Any], storage: Storage
) -> None:
    """Methods see no format, so one per method is enough."""
    assert storage in method.formats()
    params = method.SearchParams(**search)
    index, _ = through_disk(method, method.BuildParams(), problem.data())
    plain = index.search(problem.queries, index.prepare(problem.batch), 10, params, 1)
    data = replace(problem.data(), codes=encode(problem.vectors, storage))
    coded, files = through_disk(method, method.BuildParams(), data)
    _, again = through_disk(method, method.BuildParams(), replace(data, threads=2))
    assert files == again
    reranked = Reranked(coded, data.source, Metric.L2, storage.rerank)
    answers = reranked.search(problem.queries, reranked.prepare(problem.batch), 10, params, 1)
    check_valid(problem, answers)
    assert recall(problem, answers) > recall(problem, plain) - (0.002 if problem is WIDE else 0.01)
    assert recall(problem, answers) > 0.95
    assert reranked.distance_computations is not None
    assert coded.distance_computations is not None
    assert reranked.distance_computations == coded.distance_computations + 40 * math.ceil(10 * storage.rerank)


class Reads16Bits(Acorn):
    info = replace(Acorn.info, reads=frozenset({Storage.FLOAT16}))


def test_methods_on_our_kernels_read_every_format() -> None:
    assert Acorn.formats() == set(Storage)
    assert PreFilter.formats() == set(Storage)
    assert HnswlibPostFilter.formats() == {Storage.FLOAT32}
    assert Reads16Bits.formats() == {Storage.FLOAT16}


def test_a_vector_of_integers_fills_whole_lines() -> None:
    assert Storage.INT8.vector_bytes(384) == 384 + 16
    assert Storage.INT8.vector_bytes(385) == 448 + 16
    assert Storage.RABITQ4.vector_bytes(384) == 192 + 16
    assert Storage.RABITQ2.vector_bytes(384) == 128 + 16
    assert Storage.RABITQ1.vector_bytes(384) == 64 + 16
    assert Storage.FLOAT16.vector_bytes(385) == 770


def test_a_build_that_exceeds_the_memory_says_what_it_needs() -> None:
    data, params = EM.data(), HnswPostFilter.BuildParams(M=16)
    needed = 1500 * (24 * 4 + 12 * 32)
    assert HnswPostFilter.build_bytes(params, 1500, 24, Storage.FLOAT32) == needed
    refuse_what_does_not_fit(HnswPostFilter, params, data, needed)
    with pytest.raises(
        MemoryError, match=r"building needs about 0.00 GiB.* allows 0.00.*; storage.format=bfloat16 needs less"
    ):
        refuse_what_does_not_fit(HnswPostFilter, params, data, 1500 * (24 * 2 + 12 * 32))
    with pytest.raises(MemoryError, match=r"are free$"):
        refuse_what_does_not_fit(HnswPostFilter, params, data, 1500)
