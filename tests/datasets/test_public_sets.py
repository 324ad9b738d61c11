"""Public filtered sets: each layout opens, its own filters are read, and its published answers are exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from bench import data, run
from bench.core.errors import BenchError
from bench.core.vectors import open_vectors
from bench.datasets.dataset import Dataset
from bench.datasets.labels import LABELS, open_spmat
from bench.datasets.sources import LabelledSource, QdrantSource, TableSource, VectorDBBenchSource, VectorsSource
from bench.runs.tasks import sandbox_of, task_of
from bench.system.cache import Cache
from tests.support import public_sets as sets
from tests.support.commands import Commands
from tests.support.plans import plan_of
from tests.support.public_sets import DIM, ITEMS, QUERIES, N, Q

QUICK = ("latency_queries=2", "timed_seconds=0.01")
FLOATS = ("dataset.vectors=base.fbin", "dataset.queries=query.fbin")
TEXT = ("dataset.truth=truth.bin",)
JSON = (*TEXT, "dataset.labels=labels.jsonl", "dataset.query_labels=query_labels.jsonl")
SETS: dict[str, tuple[str, Callable[[Path], Path], tuple[str, ...]]] = {
    "yfcc": ("yfcc", sets.write_yfcc, FLOATS),
    "diskann": ("diskann", lambda folder: sets.write_diskann(folder, as_json=False), TEXT),
    "diskann json": ("diskann", lambda folder: sets.write_diskann(folder, as_json=True), JSON),
    "qdrant": ("qdrant", sets.write_qdrant, ()),
    "vectordbbench": ("vectordbbench", sets.write_vectordbbench, ("dataset.label=label_1p",)),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "set").mkdir()
    return tmp_path / "set"


def words_of(name: str, folder: Path) -> list[str]:
    """Write a set, and return the words that name it."""
    dataset, write, options = SETS[name]
    return [f"dataset={dataset}", f"dataset.path={write(folder)}", *options, f"results={folder.parent / 'results'}"]


@pytest.mark.parametrize("name", SETS)
def test_published_answers_of_a_public_set_are_exact(command: Commands, folder: Path, name: str) -> None:
    said = command(data.entry, "verify", *words_of(name, folder))
    assert said.code == 0, said.err
    assert f"{N:,} items and {Q:,} queries of {DIM} dimensions" in said.out
    assert f"given {Q:,} queries, published answers are exact" in said.out


@pytest.mark.parametrize("name", SETS)
def test_a_public_set_runs_with_its_filters(command: Commands, folder: Path, name: str) -> None:
    said = command(run.entry, *words_of(name, folder), "workload=given", "algorithm=prefilter", *QUICK)
    assert said.code == 0, said.err
    assert f"{SETS[name][0]} given prefilter: recall up to 1.000" in said.out


def yfcc(folder: Path, **others: Any) -> LabelledSource:
    files = {
        "vectors": "base.fbin",
        "queries": "query.fbin",
        "labels": "base.metadata.10M.spmat",
        "query_labels": "query.metadata.public.100K.spmat",
        "truth": "GT.public.ibin",
    }
    return LabelledSource("yfcc", str(folder), **(files | others))


def test_wrong_published_answers_are_noticed(command: Commands, folder: Path, tmp_path: Path) -> None:
    sets.write_yfcc(folder)
    answers = sets.by_labels()
    answers[1][0] = answers[1][-1]
    sets.write_ibin(folder / "GT.public.ibin", answers)
    words = ("dataset=yfcc", f"dataset.path={folder}", *FLOATS, f"results={tmp_path / 'results'}")
    said = command(data.entry, "verify", *words)
    assert said.code == 2
    assert f"given {Q} queries, published answers differ from the exact ones in 1" in said.out


def test_labels_of_a_matrix_become_sets(folder: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.datasets.labels._BATCH", 7)
    dataset = yfcc(sets.write_yfcc(folder)).open(Cache(folder / "cache"))
    assert pq.read_table(dataset.attributes).column(LABELS).to_pylist() == sets.LABELS  # type: ignore[arg-type]
    assert dataset.filters is not None
    lines = sets.lines_of(dataset.filters)
    assert lines[1] == {"contains": [LABELS, 1]}
    assert len(lines[0]["and"]) == 2
    assert {"everything": []} in lines or all(sets.WANTED)


def edit(path: Path, at: int, value: int, dtype: str) -> None:
    content = bytearray(path.read_bytes())
    content[at : at + np.dtype(dtype).itemsize] = np.array(value, dtype).tobytes()
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-3]), "it is truncated or not a sparse matrix"),
        (lambda path: path.write_bytes(b"12345"), "does not begin with numbers of rows, columns and entries"),
        (lambda path: edit(path, 0, -1, "<i8"), "does not begin with numbers of rows, columns and entries"),
        (lambda path: edit(path, 24, 1, "<i8"), "the rows do not begin at 0"),
        (lambda path: edit(path, 24 + 80, 10_000, "<i8"), "the rows from 0 on do not follow one another"),
        (lambda path: edit(path, 24 + 8 * (N + 1), 20, "<i4"), "row 0 has the label 20; there are 20"),
    ],
)
def test_a_damaged_matrix_is_refused(folder: Path, damage: Callable[[Path], Any], complaint: str) -> None:
    assert sets.LABELS[0]
    sets.write_yfcc(folder)
    damage(folder / "base.metadata.10M.spmat")
    with pytest.raises(BenchError, match=rf"^{folder}/base.metadata.10M.spmat.* {complaint}"):
        yfcc(folder).open(Cache(folder / "cache"))


def test_a_matrix_without_values_is_read(folder: Path) -> None:
    sets.write_yfcc(folder)
    path = folder / "base.metadata.10M.spmat"
    entries = len(open_spmat(path).labels)
    path.write_bytes(path.read_bytes()[: -4 * entries])
    assert len(open_spmat(path).labels) == entries


@pytest.mark.parametrize(
    ("name", "line", "complaint"),
    [
        ("base_labels.txt", "1,,2", r"base_labels.txt: line 3 is not a list of labels: '1,,2'"),
        ("query_labels.txt", "1|2", r"query_labels.txt: line 3 is not a list of labels: '1\|2'"),
        ("base_labels.txt", None, f"base_labels.txt has {N - 1} items, but .*base.fbin has {N}"),
        ("query_labels.txt", None, f"query_labels.txt has {Q - 1} filters, but .*query.fbin has {Q}"),
    ],
)
def test_lines_that_are_not_labels_are_named(folder: Path, name: str, line: str | None, complaint: str) -> None:
    sets.write_diskann(folder, as_json=False)
    lines = (folder / name).read_text().splitlines()
    lines[2:3] = [] if line is None else [line]
    (folder / name).write_text("\n".join(lines) + "\n")
    source = LabelledSource("d", str(folder), "base.fbin", "query.fbin", "base_labels.txt", "query_labels.txt")
    with pytest.raises(BenchError, match=complaint):
        source.open(Cache(folder / "cache"))


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ([1.0] * (DIM - 1), f"line 2 has no 'query' of {DIM} numbers"),
        ([1e300] * DIM, "line 2 has no 'query'"),
        ([True] * DIM, "line 2 has no 'query'"),
        (None, "line 2 has no 'query'"),
    ],
)
def test_tests_of_qdrant_without_a_query_are_named(folder: Path, query: Any, complaint: str) -> None:
    sets.write_qdrant(folder)
    lines = sets.lines_of(folder / "tests.jsonl")
    lines[1]["query"] = query
    sets.write_lines(folder / "tests.jsonl", lines)
    with pytest.raises(BenchError, match=f"^{folder}/tests.jsonl: {complaint}"):
        QdrantSource("q", str(folder)).open(Cache(folder / "cache"))


def test_an_incomplete_folder_is_refused(folder: Path, cache: Cache) -> None:
    with pytest.raises(BenchError, match=r"there is no file .*vectors.npy \(dataset.path\)"):
        QdrantSource("q", str(folder)).open(cache)
    with pytest.raises(BenchError, match=r"has none of train.parquet, train-\*.parquet"):
        VectorDBBenchSource("v", str(folder)).open(cache)
    for source in (QdrantSource("q", str(folder)), VectorDBBenchSource("v", str(folder)), yfcc(folder)):
        assert source.state() == "not here"


def test_ids_of_vectordbbench_are_not_rows(folder: Path, tmp_path: Path, command: Commands) -> None:
    source = VectorDBBenchSource("v", str(sets.write_vectordbbench(folder)), metric="cosine")
    dataset = source.open(Cache(folder / "cache"))
    assert (source.state(), dataset.filters) == ("here", None)
    table = pq.read_table(dataset.attributes)  # type: ignore[arg-type]
    labels = dict(zip(*pq.read_table(folder / "scalar_labels.parquet").to_pydict().values(), strict=True))
    ids = table.column("id").to_pylist()
    assert ids != sorted(ids)
    assert table.column("labels").to_pylist() == [labels[i] for i in ids]
    words = ("dataset=vectordbbench", f"dataset.path={folder}", f"results={tmp_path / 'results'}")
    assert f"none  {Q} queries, published answers are exact" in command(data.entry, "verify", *words).out
    with pytest.raises(BenchError, match=r"dataset.label=label_2p: .*scalar_labels.parquet has no such label; did you"):
        VectorDBBenchSource("v", str(folder), "label_2p").open(Cache(folder / "cache"))
    pq.write_table(pq.read_table(folder / "scalar_labels.parquet")[:-1], folder / "scalar_labels.parquet")
    with pytest.raises(BenchError, match=f"scalar_labels.parquet has no label of the item with the id {N - 1}"):
        source.open(Cache(folder / "cache"))


def test_shards_of_the_hub_have_columns_and_queries(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.datasets.vector_files.rows.BLOCK_BYTES", 1 << 10)
    source = TableSource("t", f"{sets.write_table(folder)}/train-*.parquet", held_out=Q)
    dataset = source.open(Cache(folder / "cache"))
    assert source.state() == "here"
    assert np.array_equal(open_vectors(dataset.vectors), ITEMS)
    assert np.array_equal(open_vectors(dataset.queries), QUERIES)
    table = pq.read_table(dataset.attributes)  # type: ignore[arg-type]
    assert table.column_names == ["url", "similarity", "license"]
    assert table.num_rows == N
    np.save(folder / "q.npy", QUERIES[:3])
    given = TableSource("t", f"{folder}/train-*.parquet", queries=str(folder / "q.npy")).open(Cache(folder / "cache"))
    assert (given.shape, given.number_of_queries) == ((N + Q, DIM), 3)


def test_a_column_of_the_hub_filters(command: Commands, folder: Path, tmp_path: Path) -> None:
    sets.write_table(folder)
    words = [f"results={tmp_path / 'results'}", "algorithm=prefilter", *QUICK]
    shards = [f"dataset.path={folder}/train-*.parquet", f"dataset.held_out={Q}"]
    said = command(run.entry, "dataset=table", *shards, "workload=c", "workload.expression={equals: license}", *words)
    assert said.code == 0, said.err
    assert "recall up to 1.000" in said.out


def test_folders_may_be_called_like_patterns(folder: Path, cache: Cache) -> None:
    for name in ("[2024]", "[x] *"):
        (folder / name).mkdir()
    table, shards = sets.write_table(folder / "[2024]"), sets.write_vectordbbench(folder / "[x] *")
    assert TableSource("t", f"{table}/train-*.parquet", held_out=Q).open(cache).shape == (N, DIM)
    assert VectorDBBenchSource("v", str(shards)).open(cache).shape == (N, DIM)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({}, "set one of dataset.queries=FILE and dataset.held_out=ROWS"),
        ({"held_out": 3, "queries": "q.npy"}, "set one of"),
        ({"held_out": N + Q}, f"dataset.held_out={N + Q} is out of range; .* has {N + Q} rows"),
        ({"held_out": 0}, "dataset.held_out=0 is out of range"),
        ({"held_out": 3, "column": "embeding"}, "has no column 'embeding'; did you mean 'embedding'"),
    ],
)
def test_tables_without_queries_are_refused(
    folder: Path, cache: Cache, options: dict[str, Any], complaint: str
) -> None:
    sets.write_table(folder)
    with pytest.raises(BenchError, match=complaint):
        TableSource("t", f"{folder}/train-*.parquet", **options).open(cache)


def test_shards_that_differ_are_refused(folder: Path, cache: Cache) -> None:
    sets.write_table(folder)
    last = folder / "train-00002-of-00003.parquet"
    pq.write_table(pq.read_table(last).drop_columns(["license"]), last)
    with pytest.raises(BenchError, match=r"train-00002-of-00003.parquet has no column 'license', but .*00000"):
        TableSource("t", f"{folder}/train-*.parquet", held_out=Q).open(cache)


def test_a_method_sees_no_file_of_the_user(dataset: Dataset, folder: Path, tmp_path: Path) -> None:
    """Beside what is converted lies what it came from, with queries and answers."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(folder / "x.hdf5", "w") as file:
        file["train"], file["test"], file["neighbors"] = ITEMS, QUERIES, sets.nearest([[True] * N] * Q)
    cache, others = Cache(tmp_path / "cache"), tmp_path / "others"
    others.mkdir()
    hdf5, qdrant = VectorsSource("x", str(folder / "x.hdf5")), QdrantSource("q", str(sets.write_qdrant(others)))
    for place, opened in ((folder, hdf5.open(cache)), (others, qdrant.open(cache))):
        plan = replace(plan_of("Honest", dataset, cache), dataset=opened)
        sandbox = sandbox_of(plan, task_of(plan, 0, tmp_path / "index", 1), [], writable=tmp_path / "run")
        assert place.resolve() in sandbox.hidden
