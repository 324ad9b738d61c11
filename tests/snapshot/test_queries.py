"""Search terms and filters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.core.attributes import Attributes
from bench.core.encode import ordered, sets
from bench.core.errors import BenchError
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from bench.snapshot.queries import QueriesConfig, draw_filters, read_terms, term_of

N, Q = 600, 200


@pytest.fixture(scope="module")
def items() -> Attributes:
    rng = np.random.default_rng(0)
    words = [["a", "b", "c", "d"][: 1 + i % 4] for i in range(N)]
    columns = {
        "number_of_sub_categories": ordered([1 + i % 4 for i in range(N)]),
        "update_date": ordered(rng.permutation(N)),
        "main_categories": sets(words),
    }
    return Attributes(N, columns)


NEAREST = np.random.default_rng(1).integers(0, N, (Q, 10))


@pytest.mark.parametrize(
    ("title", "term"),
    [
        (
            "Calculation of prompt diphoton production cross sections at Tevatron",
            "prompt diphoton production cross sections",
        ),
        ("Sparsity-certifying Graph Decompositions", "sparsity-certifying graph decompositions"),
        ("On the $SU(2)$ anomaly: a new view", "su"),
        ("What is it?", "what is it?"),
        ("量子 力学", "量子 力学"),
    ],
)
def test_titles_give_search_terms(title: str, term: str) -> None:
    assert term_of(title) == term


def test_search_terms_are_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "terms.txt").write_text("dark  matter\n\n graph neural networks \nthird\n")
    assert read_terms(tmp_path / "terms.txt", 2) == ["dark matter", "graph neural networks"]
    with pytest.raises(BenchError, match=r"terms.txt has 3 terms, but queries.count=4"):
        read_terms(tmp_path / "terms.txt", 4)
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9\n")
    with pytest.raises(BenchError, match=r"latin.txt cannot be read"):
        read_terms(tmp_path / "latin.txt", 1)


def _selectivities(items: Attributes, config: QueriesConfig, filter_type: FilterType) -> np.ndarray:
    filters = FilterBatch(draw_filters(config, items, NEAREST, 3)[filter_type], items)
    return filters.matches[filters.index] / N


def test_drawn_filters_pass_something_and_depend_on_the_seed(items: Attributes) -> None:
    config = QueriesConfig(count=Q)
    for filter_type in (FilterType.EM, FilterType.R, FilterType.EMIS):
        assert (_selectivities(items, config, filter_type) > 0).all()
    one, two = (draw_filters(config, items, NEAREST, seed)[FilterType.R] for seed in (1, 2))
    assert one != two
    assert one == draw_filters(config, items, NEAREST, 1)[FilterType.R]


@pytest.mark.parametrize("selectivity", [0.01, 0.3, 1.0])
def test_controlled_ranges_have_the_requested_selectivity(items: Attributes, selectivity: float) -> None:
    np.testing.assert_allclose(
        _selectivities(items, QueriesConfig(Q, None, selectivity), FilterType.R), selectivity, atol=1 / N
    )


def test_controlled_values_come_as_close_as_possible(items: Attributes) -> None:
    assert (_selectivities(items, QueriesConfig(Q, None, 0.2), FilterType.EM) == 0.25).all()
    assert (_selectivities(items, QueriesConfig(Q, None, 1.0), FilterType.EMIS) == 1.0).all()
    assert set(_selectivities(items, QueriesConfig(Q, None, 0.2), FilterType.EMIS)) == {0.25, 0.5, 0.75, 1.0}


@pytest.mark.parametrize(("correlation", "least", "most"), [(0.0, 0.0, 0.06), (0.5, 0.35, 0.65), (1.0, 1.0, 1.0)])
def test_correlated_filters_match_a_near_item(items: Attributes, correlation: float, least: float, most: float) -> None:
    """Dates are unique here, so a range of the lowest selectivity contains the anchor only."""
    config = QueriesConfig(Q, None, 1 / N, correlation)
    batch = FilterBatch(draw_filters(config, items, NEAREST, 0)[FilterType.R], items)
    near = [batch.mask(int(u))[NEAREST[q]].any() for q, u in enumerate(batch.index)]
    assert least <= np.mean(near) <= most


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (QueriesConfig(count=0), "queries.count=0"),
        (QueriesConfig(selectivity=0.0), "queries.selectivity=0.0"),
        (QueriesConfig(correlation=1.5), "queries.correlation=1.5"),
    ],
)
def test_values_out_of_range_are_refused(config: QueriesConfig, message: str) -> None:
    with pytest.raises(BenchError, match=f"{message} is out of range"):
        config.check()
