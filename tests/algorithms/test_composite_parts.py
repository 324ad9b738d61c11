"""The parts of Composite: covers against masks, prices against a table by hand, and the choice of the cheapest."""

from __future__ import annotations

import math

import numba as nb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algorithms.composite import costs
from algorithms.composite.costs import (
    ATTRIBUTE,
    BASE,
    DEPTHS,
    FRACTIONS,
    LADDER,
    MARGIN,
    RULE,
    CostTable,
    Units,
    prices_of,
)  # fmt: skip
from algorithms.composite.cover import MOST_TERMS, cover_of, items_of, resolve
from algorithms.composite.encoding import encode
from algorithms.composite.plans import CHEAPEST, PLANS, SCAN, TOGETHER, choose, no_choices
from algorithms.composite.product import scan_together
from algorithms.kernels.space import l2
from bench.core.attributes import Attributes
from bench.core.encode import categorical, ordered
from bench.core.filters import And, Between, Equals, Everything, Filter, Not, Or
from bench.core.masks import FilterBatch, mask
from tests.support.kernels import compiled
from tests.support.strategies import FILTERS, columns

price = compiled(costs.price)


@settings(max_examples=300, deadline=None)
@given(
    attributes=columns(max_items=80), filters=st.lists(FILTERS, min_size=1, max_size=6), few=st.sampled_from([0, 32])
)
def test_a_cover_holds_what_passes(attributes: Attributes, filters: list[Filter], few: int) -> None:
    encoding = encode(attributes, tuple(attributes.kinds), few)
    for filter_ in filters:
        cover, passing = cover_of(filter_, encoding), mask(filter_, attributes)
        if cover is None:
            continue
        assert len(cover.terms) <= MOST_TERMS
        items = [item for term in cover.terms for item in encoding.items_of(term).tolist()]
        assert len(items) == cover.size
        assert set(np.flatnonzero(passing).tolist()) <= set(items)
        if cover.exact:
            assert set(items) == set(np.flatnonzero(passing).tolist())
        if cover.disjoint:
            assert len(set(items)) == len(items)


@settings(max_examples=200, deadline=None)
@given(
    attributes=columns(max_items=80), filters=st.lists(FILTERS, min_size=1, max_size=6), few=st.sampled_from([0, 32])
)
def test_what_passes_is_counted_and_listed(attributes: Attributes, filters: list[Filter], few: int) -> None:
    batch, encoding = FilterBatch(filters, attributes), encode(attributes, tuple(attributes.kinds), few)
    resolved = resolve(batch, encoding)
    np.testing.assert_array_equal(resolved.matches, batch.matches)
    for f in range(len(batch.unique)):
        assert sorted(items_of(resolved, f, encoding).tolist()) == np.flatnonzero(batch.mask(f)).tolist()


@settings(max_examples=100, deadline=None)
@given(attributes=columns(), filters=st.lists(FILTERS, min_size=1, max_size=4))
def test_all_filters_have_one_type_so_that_nothing_is_compiled_twice(
    attributes: Attributes, filters: list[Filter]
) -> None:
    encoding = encode(attributes, tuple(attributes.kinds), 3)
    one = resolve(FilterBatch([Everything()], attributes), encoding)
    assert nb.typeof(resolve(FilterBatch(filters, attributes), encoding)) == nb.typeof(one)


LETTERS = Attributes(
    90, {"letter": categorical(["abc"[i % 3] if i % 10 else None for i in range(90)]), "date": ordered(range(90))}
)
A, B, C = (Equals("letter", letter) for letter in "abc")


@pytest.mark.parametrize(
    ("filter_", "size", "exact"),
    [
        (A, 27, True),
        (Or((A, B)), 54, True),
        (Not(A), 63, True),
        (Not(Or((A, B))), 63, False),
        (And((A, Between("date", 0, 9))), 10, False),
        (And((A, Between("date", 0, 49))), 27, False),
        (Not(Or((Not(A), Not(Between("date", 0, 9))))), 10, False),
        (Not(Between("date", 10, 79)), 20, True),
        (Or((Between("date", 10, 19), And((A, B)))), 37, False),
    ],
)
def test_a_filter_is_covered_by_as_little_as_its_parts_allow(filter_: Filter, size: int, exact: bool) -> None:
    cover = cover_of(filter_, encode(LETTERS, ("letter", "date"), 32))
    assert cover is not None
    assert (cover.size, cover.exact) == (size, exact)


LETTER, DATE = ATTRIBUTE, ATTRIBUTE + 1
KINDS = ATTRIBUTE + 2


def test_walks_of_each_attribute_are_a_kind_of_their_own() -> None:
    filters = [A, Between("date", 0, 49), And((A, Between("date", 0, 9))), Or((B, Between("date", 0, 9))), Everything()]
    resolved = resolve(FilterBatch(filters, LETTERS), encode(LETTERS, ("letter", "date"), 32))
    assert resolved.kinds.tolist() == [LETTER, DATE, DATE, LETTER, BASE]


def table(reached: dict[int, list[float]], distances: list[float]) -> CostTable:
    """Return a table of one size, in which walks of each kind have a curve of recall for any k."""
    recall = np.full((KINDS, 1, len(FRACTIONS), len(DEPTHS), len(LADDER)), np.nan, np.float32)
    counts = np.full((KINDS, 1, len(FRACTIONS), len(LADDER)), np.nan, np.float32)
    for kind, curve in reached.items():
        recall[kind], counts[kind] = curve, distances
    return CostTable(np.full((KINDS, 1), 1000.0), recall, counts)


UNITS = Units([[1e-7] * len(FRACTIONS)] * KINDS, scan=5e-8, product=1e-8, gather=1e-7, call=1e-5)
CURVE = [1 - MARGIN * (0.5 - 0.05 * i) for i in range(len(LADDER))]
COUNTS = [100.0 * beam for beam in LADDER]


def test_prices_are_those_of_the_narrowest_beam_that_reaches_the_target() -> None:
    prices = prices_of(table({BASE: CURVE, RULE: [0.3] * len(LADDER)}, COUNTS), UNITS, 0.7, 10)
    beam, seconds = price(prices, BASE, 1000, 0.5)
    assert beam == pytest.approx(LADDER[4], rel=1e-3)  # where it misses 0.5 - 4 * 0.05
    assert seconds == pytest.approx(100 * LADDER[4] * 1e-7, rel=1e-3)
    between, _ = price(prices_of(table({BASE: CURVE}, COUNTS), UNITS, 0.725, 10), BASE, 1000, 0.5)
    assert between == pytest.approx(math.sqrt(LADDER[4] * LADDER[5]), rel=1e-2)
    assert math.isinf(price(prices, RULE, 1000, 0.5)[1])  # never reaches it
    assert math.isinf(price(prices, DATE, 1000, 0.5)[1])  # not measured


def test_prices_that_were_not_measured_are_those_of_the_nearest_size() -> None:
    one = table({BASE: CURVE}, COUNTS)
    recall, distances = np.repeat(one.recall, 2, axis=1), np.repeat(one.distances, 2, axis=1)
    recall[:, 0, :, :, 4:] = distances[:, 0, :, 4:] = np.nan
    measured = CostTable(np.full((KINDS, 2), [1000.0, 4000.0]), recall, distances * np.array([2, 1])[:, None, None])
    reached, beyond = (prices_of(measured, UNITS, target, 10) for target in (0.6, 0.75))
    assert price(reached, BASE, 1000, 1.0) == pytest.approx((LADDER[2], 2 * COUNTS[2] * 1e-7), rel=1e-3)
    assert price(beyond, BASE, 1000, 1.0) == pytest.approx((LADDER[5], COUNTS[5] * 1e-7), rel=1e-3)


@pytest.mark.parametrize("k", [1, 10, 30, 100, 1000])
def test_a_beam_holds_the_answers_and_grows_with_the_target(k: int) -> None:
    measured = table({BASE: CURVE}, COUNTS)
    beams = [price(prices_of(measured, UNITS, target, k), BASE, 1000, 1.0)[0] for target in (0.6, 0.7, 0.8)]
    assert k * (1 - 1e-9) <= beams[0] <= beams[1] <= beams[2]


def test_prices_between_measured_ones_are_interpolated_in_logarithms() -> None:
    one = table({BASE: CURVE}, COUNTS)
    recall = np.repeat(one.recall, 2, axis=1)
    distances = np.repeat(one.distances, 2, axis=1) * np.array([1, 4])[:, None, None]
    distances *= (1 / np.array(FRACTIONS))[:, None]
    prices = prices_of(CostTable(np.full((KINDS, 2), [1000.0, 4000.0]), recall, distances), UNITS, 0.7, 10)
    at_corner = price(prices, BASE, 1000, 1.0)[1]
    assert price(prices, BASE, 2000, 1.0)[1] == pytest.approx(2 * at_corner, rel=1e-6)
    assert price(prices, BASE, 2000, math.sqrt(0.25 * 0.5))[1] == pytest.approx(
        2 * at_corner / math.sqrt(0.125), rel=1e-6
    )
    assert price(prices, BASE, 10, 1.0)[1] == pytest.approx(at_corner, rel=1e-6)  # the nearest
    assert price(prices, BASE, 99999, 1.0)[1] == pytest.approx(4 * at_corner, rel=1e-6)


@pytest.mark.parametrize("group", [1, 50])
@pytest.mark.parametrize("distances", [1.0, 100.0, 10_000.0])
def test_the_cheapest_plan_is_chosen_and_a_walk_may_cost_as_much_as_a_scan(group: int, distances: float) -> None:
    measured = table({kind: [1.0] * len(LADDER) for kind in (LETTER, DATE, BASE, RULE)}, [distances] * len(LADDER))
    encoding = encode(LETTERS, ("letter", "date"), 32)
    filters = resolve(FilterBatch([A, Between("date", 0, 49), And((A, Between("date", 0, 49)))], LETTERS), encoding)
    choices = no_choices(3)
    choose(prices_of(measured, UNITS, 0.9, 5), filters, np.full(3, group), 5, CHEAPEST, 1.0, choices)
    walk = distances * 1e-7
    for f, walks in enumerate(["covered", "covered", "cover_and_rest"]):
        scan = filters.matches[f] * 5e-8
        together = filters.matches[f] * (1e-8 + 1e-7 / group) + 1e-5 / group
        assert choices.seconds[f] == pytest.approx(min(walk, scan, together), rel=1e-5)
        cheapest = {walk: walks, scan: "scan", together: "scan_together"}[min(walk, scan, together)]
        assert PLANS[choices.plans[f]] == cheapest
        assert choices.most[f] == int(filters.matches[f] * 5e-8 / 1e-7)


@pytest.mark.parametrize("asked", [SCAN, TOGETHER])
def test_a_plan_that_is_asked_for_is_taken(asked: int) -> None:
    filters = resolve(FilterBatch([A, And((A, B))], LETTERS), encode(LETTERS, ("letter", "date"), 32))
    choices = no_choices(2)
    choose(
        prices_of(table({LETTER: CURVE}, COUNTS), UNITS, 0.9, 5), filters, np.ones(2, np.int64), 5, asked, 1.0, choices
    )
    assert choices.plans.tolist() == [asked, SCAN]  # nothing passes the second


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 50), q=st.integers(1, 300), k=st.integers(1, 60), seed=st.integers(0, 1000))
def test_a_product_of_matrices_is_a_scan(n: int, q: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, queries = rng.normal(size=(n, 6)).astype(np.float32), rng.normal(size=(q, 6)).astype(np.float32)
    items = np.flatnonzero(rng.random(n) < 0.7).astype(np.int32)
    nearest = scan_together(l2(rows), queries, items, k)
    squared = ((rows[items][None].astype(np.float64) - queries[:, None]) ** 2).sum(2)
    expected = items[np.argsort(squared, axis=1)[:, :k]]
    np.testing.assert_array_equal(nearest[:, : expected.shape[1]], expected)
    assert (nearest[:, expected.shape[1] :] == -1).all()
