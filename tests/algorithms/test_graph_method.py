"""Indexes as named arrays: what is saved, in which order, and that it comes back."""

from __future__ import annotations

import io
import weakref
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from algorithms.acorn.method import Acorn
from algorithms.acorn.method import Build as AcornBuild
from algorithms.acorn.method import Search as AcornSearch
from algorithms.base import Algorithm, Data
from algorithms.baselines.hnsw_params import HnswBuild
from algorithms.graph_method import Padded, arrays_of, index_of
from algorithms.navix.method import Navix
from algorithms.navix.method import Search as NavixSearch
from algorithms.vbase.method import Search as VbaseSearch
from algorithms.vbase.method import Vbase
from bench.core.attributes import Attributes
from bench.core.encode import ordered
from bench.core.filters import Between
from bench.core.leaf import FilterType
from tests.support.kernels import padded_rows
from tests.support.problems import Problem, answer, clustered


class Inner(NamedTuple):
    """A part of an index."""

    starts: NDArray[np.int64]
    top: int


class Outer(NamedTuple):
    """An index."""

    rows: Padded
    tree: Inner
    weights: NDArray[np.float32]
    entry: int


@given(st.data(), st.integers(1, 8))
def test_an_index_comes_back_from_a_file(data: st.DataObject, n: int) -> None:
    rows = data.draw(padded_rows(n, 5))
    index = Outer(rows, Inner(np.arange(n), 7), np.linspace(0, 1, n, dtype=np.float32), n - 1)
    arrays = arrays_of(index)
    # Nested fields carry the name of their part; packed rows are last.
    assert list(arrays) == ["tree_starts", "tree_top", "weights", "entry", "edges", "used", "shape"]
    file = io.BytesIO()
    np.savez(file, **arrays)
    file.seek(0)
    with np.load(file) as stored:
        loaded = index_of(Outer, stored)
    assert isinstance(loaded, Outer)
    assert isinstance(loaded.tree, Inner)
    assert (loaded.entry, loaded.tree.top) == (n - 1, 7)
    for array, expected in ((loaded.rows, rows), (loaded.tree.starts, index.tree.starts), (loaded.weights, index[2])):
        np.testing.assert_array_equal(array, expected)
        assert array.dtype == expected.dtype


@pytest.mark.parametrize(
    ("method", "search"),
    [
        (Acorn(AcornBuild(M=4, gamma=2, M_beta=4)), AcornSearch(ef=10, prefilter_below=0.1)),
        (Navix(HnswBuild(4, 20)), NavixSearch(ef=20)),
        (Vbase(HnswBuild(4, 20)), VbaseSearch(E=20)),
    ],
    ids=["acorn", "navix", "vbase"],
)
def test_a_method_that_measures_what_is_little_says_so(method: Algorithm, search: Any) -> None:
    """Of 300 items, the filters let 19, 30 and 300 pass; ACORN measures less than a tenth, the others up to 20."""
    problem = clustered(300, 0, queries=3)
    filters = tuple(Between("number", 0, last) for last in (18, 29, 299))
    attributes = Attributes(300, {"number": ordered(np.arange(300))})
    problem = Problem(problem.vectors, attributes, problem.queries, filters)
    method.build(problem.data())
    answer(method, problem, search)
    plans = method.plans()
    assert plans is not None
    assert [plans.names[i] for i in plans.index] == ["scan", "walk", "walk"]
    assert np.isnan(plans.estimates).all()


def test_items_in_an_order_of_their_own_take_the_place_of_the_vectors() -> None:
    strided = np.arange(60, dtype=np.float32).reshape(10, 6)[:, ::2]
    data = Data(strided, Attributes(10, {}), (), FilterType.NONE, threads=1, seed=0)
    vectors = data.stored()
    assert data.stored() is vectors
    whole, order = weakref.ref(vectors), np.arange(9, -1, -1)
    del vectors
    assert np.array_equal(data.stored(order), strided[::-1])
    assert whole() is None
