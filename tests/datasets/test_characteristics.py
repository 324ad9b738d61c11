"""Characteristics of data with known properties."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.core.attributes import Attributes
from bench.core.encode import boolean, categorical, ordered, sets
from bench.core.errors import BenchError
from bench.core.filters import Equals
from bench.core.masks import FilterBatch
from bench.core.units import Dates
from bench.datasets.characteristics import (
    DISTRIBUTIONS,
    Characteristics,
    describe_attributes,
    describe_embeddings,
    describe_selectivities,
    fit_distributions,
    histogram,
)


def test_norms_distances_and_correlations() -> None:
    rng = np.random.default_rng(0)
    shared, independent = rng.normal(size=(4000, 1)), rng.normal(size=(4000, 6))
    vectors = (shared + independent).astype(np.float32)  # every two dimensions correlate by 0.5
    facts = describe_embeddings(vectors)
    assert facts["correlation"] == pytest.approx(0.5, abs=0.03)
    assert np.array(facts["matrix"]).shape == (6, 6)
    np.testing.assert_allclose(np.diag(facts["matrix"]), 1, atol=1e-3)
    norms = np.linalg.norm(vectors, axis=1)
    assert (facts["norms"].mean, facts["norms"].std) == pytest.approx((norms.mean(), norms.std()), rel=1e-5)
    first, second = rng.integers(0, 4000, (2, 50_000))
    distances = np.linalg.norm(vectors[first] - vectors[second], axis=1)
    assert facts["distances"].mean == pytest.approx(distances.mean(), rel=0.02)
    assert sum(facts["norms"].counts) == 4000
    assert describe_embeddings(vectors) == facts
    assert describe_embeddings(vectors, seed=1) != facts


@pytest.mark.parametrize("vectors", [np.ones((50, 4)), np.eye(2, 4), np.eye(300)], ids=["equal", "two", "equidistant"])
def test_equal_distances_are_described_although_nothing_fits(vectors: np.ndarray) -> None:
    facts = describe_embeddings(vectors.astype(np.float32))
    assert set(facts["fits"]) == set(DISTRIBUTIONS)
    assert set(facts["fits"].values()) == {1.0}
    assert facts["distances"].std == pytest.approx(0, abs=1e-6)
    json.dumps(facts["fits"], allow_nan=False)


@pytest.mark.filterwarnings("error")
def test_an_outlier_among_distances_causes_no_warnings() -> None:
    values = np.append(np.random.default_rng(3).normal(size=999), 1e6)
    assert set(fit_distributions(values)) == set(DISTRIBUTIONS)


def test_one_item_has_no_distances() -> None:
    with pytest.raises(BenchError, match=r"the dataset has 1 item\(s\)"):
        describe_embeddings(np.ones((1, 4), np.float32))


def test_vectors_of_one_length_are_one_bar() -> None:
    bars = histogram(np.ones(50))
    assert (bars.counts, bars.mean, bars.std) == ([50], 1.0, 0.0)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("uniform", lambda rng: rng.uniform(2, 5, 4000)),
        ("exponential", lambda rng: 1 + rng.exponential(2, 4000)),
        ("Gumbel", lambda rng: rng.gumbel(3, 1, 4000)),
    ],
)
def test_the_best_fit_is_what_values_were_drawn_from(name: str, values: object) -> None:
    distances = fit_distributions(values(np.random.default_rng(1)))  # type: ignore[operator]
    assert set(distances) == set(DISTRIBUTIONS)
    assert list(distances.values()) == sorted(distances.values())
    assert distances[name] < 0.03
    assert name in list(distances)[:3]  # some distributions hold others as limits


def test_attributes_of_every_kind() -> None:
    columns = {
        "year": ordered([2000, 2000, None, 2001]),
        "many": ordered([1, 2, 3, 4]),
        "truth": boolean([True, False, True, None]),
        "name": categorical(["a", None, "b", "a"]),
        "tags": sets([["x", "y"], ["x"], [], ["x"]]),
    }
    facts_of = describe_attributes(Attributes(4, columns))
    assert facts_of["year"] == {
        "kind": "ordered",
        "present": 0.75,
        "distinct": 2,
        "quantiles": [2000, 2000, 2000, 2000.5, 2001],
        "values": [["2000", 0.5], ["2001", 0.25]],
    }
    assert facts_of["truth"]["values"] == [["true", 0.5], ["false", 0.25]]
    assert (facts_of["name"]["present"], facts_of["name"]["distinct"]) == (0.75, 2)
    assert facts_of["name"]["values"][0] == ["a", 0.5]
    assert (facts_of["tags"]["present"], facts_of["tags"]["values"][0]) == (0.75, ["x", 0.75])
    assert facts_of["tags"]["labels"] == pytest.approx(4 / 3)  # of the items that have any
    spread = describe_attributes(Attributes(100, {"day": ordered(range(100))}))["day"]
    assert sum(spread["histogram"]["counts"]) == 100
    assert spread["beyond"] == 0


def test_attributes_that_no_item_has() -> None:
    columns = {"year": ordered([None, None]), "tags": sets([[], None]), "name": categorical([None, None])}
    facts_of = describe_attributes(Attributes(2, columns))
    assert all((facts["present"], facts["distinct"]) == (0, 0) for facts in facts_of.values())
    assert (facts_of["year"]["quantiles"], facts_of["tags"]["labels"]) == ([], 0)


def test_a_long_tail_is_counted_but_not_binned() -> None:
    values = [*range(40)] * 50 + [1000] * 5
    facts_of = describe_attributes(Attributes(len(values), {"authors": ordered(values)}))["authors"]
    assert facts_of["histogram"]["counts"] == [50] * 40  # a bar for each number
    assert facts_of["histogram"]["edges"][:2] == [-0.5, 0.5]
    assert facts_of["beyond"] == pytest.approx(5 / len(values))
    assert facts_of["quantiles"][-1] == 1000


def test_selectivities_are_ascending() -> None:
    attributes = Attributes(4, {"name": categorical(["a", "a", "a", "b"])})
    filters = [Equals("name", value) for value in ("a", "z", "b", "a")]
    assert describe_selectivities(FilterBatch(filters, attributes)) == [0.0, 0.25, 0.75, 0.75]


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    vectors = np.random.default_rng(2).normal(size=(60, 3)).astype(np.float32)
    written = Characteristics("x", **describe_embeddings(vectors), attributes={}, selectivities={"em": [0.5]})
    written.save(tmp_path / "x.json")
    assert Characteristics.load(tmp_path / "x.json") == written
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(BenchError, match=r"x.json is not a readable description"):
        Characteristics.load(tmp_path / "x.json")


def test_a_file_of_an_older_version_is_refused(tmp_path: Path) -> None:
    vectors = np.random.default_rng(2).normal(size=(60, 3)).astype(np.float32)
    attributes = {"year": {"kind": "ordered", "present": 1.0, "distinct": 1, "values": [["2000", 1.0]]}}
    Characteristics("x", **describe_embeddings(vectors), attributes=attributes, selectivities={}).save(tmp_path / "x")
    with pytest.raises(
        BenchError, match=r"of this version: KeyError \('quantiles'\); delete it and run the study again"
    ):
        Characteristics.load(tmp_path / "x")


def test_attributes_of_every_unit_are_described(tmp_path: Path) -> None:
    columns = {
        "price": ordered([0.5, float("inf"), None, *[i / 100 for i in range(60)]]),
        "day": ordered([19782, 19782, None, *[0] * 60], Dates()),
        "tags": sets([[7], [7, 9], None, *[[9]] * 60]),
    }
    path = tmp_path / "attributes.parquet"
    Attributes(63, columns).save(path)
    table = pq.read_table(path).append_column("blob", pa.array([b"x"] * 63))
    pq.write_table(table, path)
    described = describe_attributes(Attributes.open(path))
    assert list(described) == ["price", "day", "tags"]
    assert described["price"]["quantiles"][-1] == 0.59
    assert sum(described["price"]["histogram"]["counts"]) == 61
    assert described["day"]["values"] == [["1970-01-01", 60 / 63], ["2024-02-29", 2 / 63]]
    assert described["tags"]["values"] == [["9", 61 / 63], ["7", 2 / 63]]
