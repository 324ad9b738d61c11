"""For tests of methods: problems with equality filters, saved and loaded indexes, and checks of answers."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from algorithms.base import Algorithm, Data
from bench.core.attributes import Attributes
from bench.core.encode import boolean, categorical, ordered
from bench.core.filters import And, Equals, Filter, attributes_of
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from tests.support.naive import nearest
from tests.support.strategies import FILTERS, columns

NAMES = ("category", "number", "truth")

_EQUALS: dict[str, st.SearchStrategy[Filter]] = {
    "category": st.builds(Equals, st.just("category"), st.sampled_from(["a", "b", "ü", "nowhere"])),
    "number": st.builds(Equals, st.just("number"), st.sampled_from([-1, 0, 2**53 + 1, 99])),
    "truth": st.builds(Equals, st.just("truth"), st.booleans()),
}
_LEAVES = st.one_of(*_EQUALS.values())


@dataclass(frozen=True)
class Problem:
    """Vectors float32[n, d], their attributes, and filtered queries float32[q, d]."""

    vectors: NDArray[np.float32]
    attributes: Attributes
    queries: NDArray[np.float32]
    filters: tuple[Filter, ...]

    def data(self, threads: int = 1, seed: int = 0) -> Data:
        """Return the data for a build."""
        return Data(self.vectors, self.attributes, attributes_of(self.filters) or NAMES, FilterType.MEM, threads, seed)

    @property
    def batch(self) -> FilterBatch:
        """The filters of all queries."""
        return FilterBatch(self.filters, self.attributes)

    def violations(self, ids: NDArray[Any]) -> int:
        """Return how many ids fail their query's filter."""
        masks = [self.batch.mask(u) for u in self.batch.index]
        return sum(not mask[i] for mask, row in zip(masks, ids, strict=True) for i in row[row >= 0])


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Draw a problem: missing values, one value for all items or one per item, values that no item has, duplicates."""
    n = draw(st.integers(1, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    vectors = rng.normal(size=(n, 5)).astype(np.float32)
    if draw(st.booleans()):
        vectors = vectors[rng.integers(0, n, n) // 2]
    words = {
        "drawn": [(None, "a", "b", "ü")[i] for i in rng.integers(0, 4, n)],
        "one": ["a"] * n,
        "each": [f"{i:03}" for i in range(n)],
        "none": [None] * n,
    }[draw(st.sampled_from(["drawn", "drawn", "one", "each", "none"]))]
    numbers = [(None, -1, 0, 2**53 + 1)[i] for i in rng.integers(0, 4, n)]
    truths = [(None, False, True)[i] for i in rng.integers(0, 3, n)]
    columns = {"category": categorical(words), "number": ordered(numbers), "truth": boolean(truths)}
    em_or_mem = _LEAVES | st.lists(_LEAVES, min_size=2, max_size=3).map(tuple).map(And)
    filters = tuple(draw(st.lists(em_or_mem, min_size=1, max_size=4)))
    queries = rng.normal(size=(len(filters), 5)).astype(np.float32)
    return Problem(vectors, Attributes(n, columns), queries, filters)


@st.composite
def any_problem(draw: st.DrawFn) -> Problem:
    """Draw a problem with filters of any shape, sometimes with many equal vectors."""
    attributes = draw(columns(max_items=60))
    filters = tuple(draw(st.lists(FILTERS, min_size=1, max_size=5)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    vectors = rng.normal(size=(attributes.n, 5)).astype(np.float32)
    if draw(st.booleans()):
        vectors = vectors[rng.integers(0, attributes.n, attributes.n) // 4]
    return Problem(vectors, attributes, rng.normal(size=(len(filters), 5)).astype(np.float32), filters)


def clustered(n: int, seed: int, queries: int = 40) -> Problem:
    """Return a problem of n items in ten clusters, with three attributes, and filters on two of them."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(10, 12))
    vectors = (centres[rng.integers(0, 10, n)] + 0.4 * rng.normal(size=(n, 12))).astype(np.float32)
    points = (centres[rng.integers(0, 10, queries)] + 0.4 * rng.normal(size=(queries, 12))).astype(np.float32)
    letters, numbers = rng.integers(0, 3, n), rng.integers(0, 2, n)
    columns = {"category": categorical(["abc"[i] for i in letters]), "number": ordered(numbers.tolist())}
    filters = tuple(And((Equals("category", "abc"[q % 3]), Equals("number", q % 2))) for q in range(queries))
    return Problem(vectors, Attributes(n, columns), points, filters)


def through_disk(method: type[Algorithm], params: Any, data: Data) -> tuple[Algorithm, dict[str, bytes]]:
    """Build, save and load; return the loaded index and the bytes of its files."""
    algorithm = method(params)
    algorithm.build(data)
    with tempfile.TemporaryDirectory() as name:
        algorithm.save(Path(name))
        files = {path.name: path.read_bytes() for path in Path(name).iterdir()}
        return method.load(Path(name), params, data), files


def answer(method: Any, problem: Problem, params: Any, k: int = 10, threads: int = 1) -> NDArray[np.int32]:
    """Return the answers of a method to all queries."""
    return method.search(problem.queries, method.prepare(problem.batch), k, params, threads)


def recall(problem: Problem, ids: NDArray[np.int32], k: int = 10) -> float:
    """Return the mean recall of queries with at least k matches."""
    truth, _, _ = nearest(problem.vectors, problem.queries, problem.filters, problem.attributes, k)
    return float(np.mean([len(set(a) & set(b)) / k for a, b in zip(ids.tolist(), truth.tolist(), strict=True)]))


def check_valid(problem: Problem, answers: NDArray[np.int32]) -> None:
    """Check that answers pass, are distinct, ordered by distance, and precede all padding."""
    assert problem.violations(answers) == 0
    for ids, query in zip(answers, problem.queries, strict=True):
        row = ids[ids >= 0]
        assert len(set(row.tolist())) == len(row)
        assert np.all(ids[len(row) :] == -1)
        squared = ((problem.vectors[row].astype(np.float64) - query) ** 2).sum(1)
        assert np.all(np.diff(squared) >= -1e-5 * (1 + squared[1:]))


def check_exact(problem: Problem, answers: NDArray[np.int32], k: int) -> None:
    """Compare with the naive answers by distances, so that ties may be answered either way."""
    check_valid(problem, answers)
    truth, distances, _ = nearest(problem.vectors, problem.queries, problem.filters, problem.attributes, k)
    np.testing.assert_array_equal(answers >= 0, truth >= 0)
    for ids, query, expected in zip(answers, problem.queries, distances, strict=True):
        row = ids[ids >= 0]
        squared = ((problem.vectors[row].astype(np.float64) - query) ** 2).sum(1)
        np.testing.assert_allclose(squared, expected[: len(row)], rtol=1e-4, atol=1e-5)
