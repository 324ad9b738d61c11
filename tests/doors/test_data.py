"""Datasets of every kind of source, and what ``bench.data`` prints about them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import data
from bench.core.attributes import Attributes
from bench.core.encode import ordered
from bench.core.errors import BenchError
from bench.core.ivecs import write_ivecs
from bench.core.leaf import FilterType
from bench.core.vectors import open_vectors, write_fvecs
from bench.datasets import hub
from bench.datasets.dataset import Dataset, load_rows
from bench.datasets.layout import PUBLISHED_WORKLOADS, truth_file
from bench.datasets.sources import SOURCES, VectorsSource
from bench.system.cache import Cache
from bench.system.files import sha256
from bench.workloads.ground_truth import ground_truth
from bench.workloads.sources import PublishedWorkload, SelectivityWorkload, UnfilteredWorkload
from tests.support.commands import Commands
from tests.support.small_dataset import DIM, QUERY_COUNT, N, clustered, records, write_lines


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with vectors and queries in no particular layout."""
    write_fvecs(tmp_path / "base.fvecs", [clustered(N, DIM, 1)])
    np.save(tmp_path / "queries.npy", clustered(QUERY_COUNT, DIM, 2))
    return tmp_path


def test_the_published_layout_is_opened(dataset: Dataset, layout: Path) -> None:
    assert dataset.shape == (N, DIM)
    assert dataset.number_of_queries == QUERY_COUNT
    assert len(dataset.open_attributes().kinds) == 11
    assert dataset.folder == layout


def test_vector_files_have_synthetic_or_no_filters(folder: Path, cache: Cache) -> None:
    opened = VectorsSource("v", str(folder / "base.fvecs"), str(folder / "queries.npy")).open(cache)
    assert opened.shape == (N, DIM)
    for workload in (UnfilteredWorkload("none"), SelectivityWorkload("s", FilterType.R, 0.1, 0)):
        truth = ground_truth(opened, workload.open(opened, cache), cache)
        assert set(truth.matches) == {N if workload.name == "none" else N // 10}


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_vector_files_may_have_attributes(folder: Path, cache: Cache, suffix: str) -> None:
    path = folder / f"attributes{suffix}"
    if suffix == ".parquet":
        Attributes(N, {"year": ordered(range(N))}).save(path)
    else:
        write_lines(path, [{"year": i} for i in range(N)])
    source = VectorsSource("v", str(folder / "base.fvecs"), str(folder / "queries.npy"), str(path))
    assert source.open(cache).open_attributes()["year"].part(slice(3)).values.tolist() == [0, 1, 2]  # type: ignore[union-attr]
    write_fvecs(folder / "base.fvecs", [clustered(N - 1, DIM, 1)])
    with pytest.raises(BenchError, match=f"attributes{suffix} has {N} items, but .*base.fvecs has {N - 1}"):
        source.open(cache)


def test_hdf5_is_converted_once(tmp_path: Path, cache: Cache) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "x.hdf5", "w") as file:
        file["train"], file["test"] = clustered(N, DIM, 1), clustered(QUERY_COUNT, DIM, 2)
    first, again = (VectorsSource("h", str(tmp_path / "x.hdf5")).open(cache) for _ in range(2))
    assert first == again
    assert np.array_equal(open_vectors(first.vectors), clustered(N, DIM, 1))


def hdf5(path: Path, **arrays: Any) -> str:
    with pytest.importorskip("h5py").File(path, "w") as file:
        for name, array in arrays.items():
            file[name] = array
    return str(path)


def test_given_queries_win_over_those_of_a_file(tmp_path: Path, cache: Cache) -> None:
    items, others, zeros = clustered(N, DIM, 1), clustered(5, DIM, 3), np.zeros((QUERY_COUNT, 3), int)
    whole = hdf5(tmp_path / "x.hdf5", train=items, test=clustered(QUERY_COUNT, DIM, 2), neighbors=zeros)
    np.save(tmp_path / "q.npy", others)
    for file in (whole, hdf5(tmp_path / "train.hdf5", train=items)):
        opened = VectorsSource("h", file, str(tmp_path / "q.npy")).open(cache)
        assert np.array_equal(load_rows(opened.queries), others)
        assert opened.truth is None  # the file's answers are those of its own queries
    np.save(tmp_path / "q.npy", others[:, 1:])
    with pytest.raises(BenchError, match=rf"q.npy has vectors of {DIM - 1} dimensions, but .*'train' has {DIM}"):
        VectorsSource("h", whole, str(tmp_path / "q.npy")).open(cache)
    with pytest.raises(BenchError, match=r"there is no file /no/such.fvecs \(dataset.queries\)"):
        VectorsSource("h", whole, "/no/such.fvecs").open(cache)
    with pytest.raises(BenchError, match=r"train.hdf5 has no 'test'"):
        VectorsSource("h", str(tmp_path / "train.hdf5")).open(cache)


@pytest.mark.parametrize("name", ["train", "test"])
def test_a_row_that_is_not_finite_is_named_in_the_file(tmp_path: Path, cache: Cache, name: str) -> None:
    arrays = {"train": clustered(N, DIM, 1), "test": clustered(QUERY_COUNT, DIM, 2)}
    arrays[name][7, 3] = np.nan
    path = hdf5(tmp_path / "x.hdf5", **arrays)
    with pytest.raises(BenchError, match=f"^{path}: '{name}': row 7 has NaN or infinite values"):
        VectorsSource("h", path).open(cache)


def test_answers_of_files_are_verified(command: Commands, tmp_path: Path) -> None:
    items, queries = clustered(N, DIM, 1), clustered(QUERY_COUNT, DIM, 2)
    exact = np.argsort(((items[None] - queries[:, None]) ** 2).sum(axis=2), axis=1)[:, :10]
    wrong = exact.copy()
    wrong[3] = wrong[3, ::-1] + 1
    results = f"results={tmp_path / 'results'}"
    right = hdf5(tmp_path / "right.hdf5", train=items, test=queries, neighbors=exact)
    said = command(data.entry, "verify", "dataset=vectors", f"dataset.vectors={right}", results)
    assert (said.code, "published answers are exact" in said.out) == (0, True), said
    write_ivecs(tmp_path / "wrong.ivecs", wrong)
    given = f"dataset.truth={tmp_path / 'wrong.ivecs'}"
    said = command(data.entry, "verify", "dataset=vectors", f"dataset.vectors={right}", given, results)
    assert said.code == 2
    assert "published answers differ from the exact ones in 1" in said.out
    write_ivecs(tmp_path / "wrong.ivecs", wrong[:4])
    said = command(data.entry, "verify", "dataset=vectors", f"dataset.vectors={right}", given, results)
    assert f"wrong.ivecs has 4 answers, but {right}: 'test' has {QUERY_COUNT}" in said.err


def test_the_digest_follows_vectors_and_queries(folder: Path, cache: Cache) -> None:
    def digest() -> str:
        return VectorsSource("v", str(folder / "base.fvecs"), str(folder / "queries.npy")).open(cache).digest

    first = digest()
    assert digest() == first
    np.save(folder / "queries.npy", clustered(QUERY_COUNT, DIM, 3))
    assert digest() != first


def test_rows_are_read_into_contiguous_memory(dataset: Dataset) -> None:
    rows = clustered(N, DIM, 1)
    assert np.array_equal(load_rows(dataset.vectors, slice(7)), rows[:7])
    assert np.array_equal(load_rows(dataset.vectors), rows)
    assert load_rows(dataset.vectors).flags.c_contiguous


@pytest.fixture
def answered(layout: Path, dataset: Dataset, cache: Cache, tmp_path: Path) -> Path:
    """The small dataset with its exact answers."""
    folder = shutil.copytree(layout, tmp_path / "answered")
    for workload in (UnfilteredWorkload("none"), *(PublishedWorkload(t.lower(), t) for t in PUBLISHED_WORKLOADS)):
        opened = workload.open(dataset, cache)
        rows = ground_truth(dataset, opened, cache).ids
        write_ivecs(folder / truth_file(opened.filter_type), [row[row >= 0] for row in rows])
    return folder


def test_verify_accepts_exact_answers_and_names_others(command: Commands, answered: Path, tmp_path: Path) -> None:
    arguments = ("verify", "dataset=local", f"dataset.path={answered}", f"results={tmp_path / 'results'}")
    said = command(data.entry, *arguments)
    assert said.code == 0, said
    assert said.out.count("published answers are exact") == 4
    (answered / "ground_truth_em.ivecs").unlink()
    write_ivecs(answered / "ground_truth_r.ivecs", [np.arange(10)] * QUERY_COUNT)
    said = command(data.entry, *arguments)
    assert said.code == 2
    assert f"em    {QUERY_COUNT} queries, no published answers" in said.out
    assert f"r     {QUERY_COUNT} queries, published answers differ from the exact ones in {QUERY_COUNT}" in said.out
    assert "are not the nearest matching items" in said.err


def test_list_names_every_dataset(command: Commands) -> None:
    said = command(data.entry, "list")
    assert said.code == 0
    for line in ("arxiv-sim ", "arxiv-large ", "local          needs dataset.path"):
        assert line in said.out


def test_list_says_of_every_kind_of_source_whether_it_is_here(
    command: Commands, monkeypatch: pytest.MonkeyPatch, layout: Path, tmp_path: Path
) -> None:
    vectors = f"vectors: {layout / 'database_vectors.fvecs'}\nqueries: {layout / 'query_vectors.fvecs'}"
    files = {
        "folder": f"# A folder.\nkind: layout\nname: folder\npath: {layout}",
        "lost": "# Lost.\nkind: layout\nname: lost\npath: /no/such/folder",
        "files": f"# Files.\nkind: vectors\nname: files\n{vectors}",
        "half": f"# Half.\nkind: vectors\nname: half\n{vectors}\nattributes: /no/such/file",
        "hub": "# Far.\nkind: hub\nname: hub\nrepo: a/b\nrevision: '1'\nbytes: 2000000000",
        "made": "# Made.\nkind: arxiv-sim\nname: made\nn: 7\ndim: 3\nqueries: 2\nseed: 99",
        "hf": f"# Shards.\nkind: table\nname: hf\npath: {tmp_path}/*.parquet",
        "tags": "# Tags.\nkind: labelled\nname: tags\npath: ???\nvectors: a\nqueries: b\nlabels: c\nquery_labels: d",
        "tests": f"# Tests.\nkind: qdrant\nname: tests\npath: {tmp_path}",
        "vdb": f"# Labels.\nkind: vectordbbench\nname: vdb\npath: {tmp_path}",
        "open": "# Open.\nkind: vectors\nname: open\nvectors: ???",
    }
    assert {line.removeprefix("kind: ") for text in files.values() for line in text.split("\n")[1:2]} == set(SOURCES)
    (tmp_path / "dataset").mkdir()
    for name, text in files.items():
        (tmp_path / "dataset" / f"{name}.yaml").write_text(text)
    monkeypatch.setattr(data, "CONFIGS", tmp_path)
    said = command(data.entry, "list")
    assert said.code == 0, said.err
    assert [line.split(maxsplit=1) for line in said.out.splitlines()] == [
        ["files", f"{'here':28} Files."],
        ["folder", f"{'here':28} A folder."],
        ["half", f"{'not here':28} Half."],
        ["hf", f"{'not here':28} Shards."],
        ["hub", f"{'not here (2.0 GB)':28} Far."],
        ["lost", f"{'not here':28} Lost."],
        ["made", f"{'generated on first use':28} Made."],
        ["open", f"{'needs dataset.vectors':28} Open."],
        ["tags", f"{'needs dataset.path':28} Tags."],
        ["tests", f"{'not here':28} Tests."],
        ["vdb", f"{'not here':28} Labels."],
    ]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["verfy"], "there is no action 'verfy'; did you mean 'verify'?"),
        (["download"], "dataset 'arxiv-sim' cannot be downloaded; use dataset=arxiv-small"),
        (["generate", "dataset=local", "dataset.path=x"], "dataset 'local' cannot be generated"),
        (["verify", "dataset=local"], "dataset.path is not set"),
        (["verify", "datset=local"], "did you mean 'dataset'?"),
    ],
)
def test_invalid_actions_are_refused(command: Commands, arguments: list[str], complaint: str) -> None:
    said = command(data.entry, *arguments)
    assert (said.code, said.out) == (2, "")
    assert complaint in said.err


def test_a_changed_download_is_refused(layout: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(layout, tmp_path / "downloaded")
    assert not hub.is_complete(folder)
    names = ["query_vectors.fvecs", "database_attributes.jsonl"]
    (folder / hub.MARK).write_text(json.dumps({"sha256": {name: sha256(folder / name) for name in names}}))
    assert hub.is_complete(folder)
    hub.verify(folder)
    write_lines(folder / "database_attributes.jsonl", records(N, 2))
    with pytest.raises(BenchError, match=r"database_attributes.jsonl is missing or has changed since its download"):
        hub.verify(folder)
