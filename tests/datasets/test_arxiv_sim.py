"""arxiv-sim: determinism, the joint structure of attributes and vectors, and invalid arguments."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.core.errors import BenchError
from bench.core.vectors import open_vectors
from bench.datasets import obtain
from bench.datasets.arxiv_sim import VERSION, compare, generate
from bench.datasets.json_attributes import PUBLISHED_KINDS
from bench.datasets.layout import ATTRIBUTES, QUERIES, VECTORS
from bench.datasets.sources import ArxivSimSource
from bench.system.cache import Cache


def make(folder: Path, **changes: int | None) -> Path:
    folder.mkdir()
    generate(folder, **({"n": 3000, "dim": 384, "queries": 200, "seed": 0} | changes))  # type: ignore[arg-type]
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def sim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("sim") / "data", n=6000)


@pytest.fixture(scope="module")
def records(sim: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (sim / ATTRIBUTES).read_text().splitlines()]


@pytest.mark.parametrize("dim", [384, 96, 500])
def test_same_bytes_for_any_number_of_threads(tmp_path: Path, dim: int) -> None:
    one, two = (contents(make(tmp_path / str(t), threads=t, dim=dim)) for t in (1, 2))
    assert one == two


def test_every_machine_makes_version_1(tmp_path: Path) -> None:
    """Whoever changes these values on purpose must raise `VERSION`, so that old data is not mistaken for new."""
    folder = make(tmp_path / "data")
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.glob("*.jsonl"))))
    assert (VERSION, digest.hexdigest()[:16]) == (1, "c4757889b074129b")
    np.testing.assert_allclose(
        open_vectors(folder / VECTORS)[-1, :4], [-0.023675, 0.012951, 0.017578, 0.015673], atol=1e-5
    )
    np.testing.assert_allclose(
        open_vectors(folder / QUERIES)[-1, :4], [-0.04894, -0.072452, 0.050748, 0.026255], atol=1e-5
    )


def test_other_seeds_make_other_data(tmp_path: Path) -> None:
    zero, one = (contents(make(tmp_path / str(seed), seed=seed)) for seed in (0, 1))
    assert set(zero) == set(one)
    assert all(zero[name] != one[name] for name in zero)


def test_more_items_keep_the_earlier_ones(tmp_path: Path, sim: Path) -> None:
    fewer = make(tmp_path / "fewer", n=2500)
    np.testing.assert_array_equal(open_vectors(sim / VECTORS)[:2500], open_vectors(fewer / VECTORS))
    lines = (sim / ATTRIBUTES).read_text().splitlines()[:2500]
    assert lines == (fewer / ATTRIBUTES).read_text().splitlines()


@pytest.mark.parametrize("dim", [384, 2, 96, 1000])
def test_vectors_have_unit_length(tmp_path: Path, dim: int) -> None:
    folder = make(tmp_path / "data", n=500, dim=dim)
    for name in (VECTORS, QUERIES):
        vectors = open_vectors(folder / name)
        assert vectors.shape[1] == dim
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)


def test_more_dimensions_keep_distances(tmp_path: Path) -> None:
    few, many = (open_vectors(make(tmp_path / str(dim), n=400, dim=dim) / VECTORS) for dim in (384, 1536))
    np.testing.assert_allclose(few @ few.T, many @ many.T, atol=0.1)


def test_attributes_agree_with_each_other(records: list[dict[str, object]]) -> None:
    for record in records:
        assert list(record) == list(PUBLISHED_KINDS)
        sub, main, authors = (record[name] for name in ("sub_categories", "main_categories", "authors"))
        assert isinstance(sub, list)
        assert isinstance(authors, list)
        assert main == list(dict.fromkeys(name.split(".")[0] for name in sub))
        assert record["number_of_sub_categories"] == len(sub) == len(set(sub))
        assert record["number_of_main_categories"] == len(main)  # type: ignore[arg-type]
        assert record["number_of_authors"] == len(authors) == len(set(authors)) >= 1
        assert record["submitter"] in [None, *authors]
        assert isinstance(record["number_of_versions"], int)
        assert record["number_of_versions"] >= 1


def test_comparison_confirms_the_real_structure(sim: Path) -> None:
    figures = compare(sim, sample=500).set_index("figure")
    assert pd.isna(figures["within"]["recall@10 of hnswlib at ef 16"])  # judged for 50,000 items only
    here = figures["here"]
    near, random = (
        here[f"{what} that share a main category"] for what in ("items and their 10 neighbours", "random items")
    )
    assert near > 2 * random
    assert here["recall@10 of hnswlib at ef 256"] > here["recall@10 of hnswlib at ef 16"]
    for figure in figures.index[figures.index.str.contains("selectivity|sub-categor|comment")]:
        assert here[figure] == pytest.approx(figures["real"][figure], abs=0.04), figure


def test_filters_have_values_of_items(sim: Path, records: list[dict[str, object]]) -> None:
    counts = {record["number_of_sub_categories"] for record in records}
    mains = {name for record in records for name in record["main_categories"]}  # type: ignore[attr-defined]
    days = {record["update_date"] for record in records}
    em, emis, r = (
        [json.loads(line) for line in (sim / f"{name}_query_attributes.jsonl").read_text().splitlines()]
        for name in ("em", "emis", "r")
    )
    assert len(em) == len(emis) == len(r) == 200
    assert {filter_["label"] for filter_ in em} <= counts
    assert {filter_["label"] for filter_ in emis} <= mains
    assert all(filter_["range_start"] <= filter_["range_end"] for filter_ in r)
    assert {filter_[end] for filter_ in r for end in ("range_start", "range_end")} <= days


@pytest.mark.parametrize("bad", [{"n": 0}, {"dim": 1}, {"queries": 0}, {"seed": -1}])
def test_bad_arguments_name_the_key(tmp_path: Path, bad: dict[str, int]) -> None:
    (name,) = bad
    with pytest.raises(BenchError, match=f"{name}="):
        make(tmp_path / "data", **bad)


def test_where_nothing_else_can_be_written_the_results_take_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()  # nobody can write below it
    monkeypatch.setattr("bench.core.paths.DATASETS", tmp_path / "file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    source = ArxivSimSource("arxiv-sim", n=50, dim=8, queries=5, seed=0)
    cache = Cache(tmp_path / "results" / "cache")
    folder = obtain.generate(source, cache)
    assert folder.parent == cache.root / "datasets"
    assert open_vectors(folder / VECTORS).shape == (50, 8)
    assert source.open(cache).folder == folder
