"""Vector files of every format: read as the same rows, or refused in a sentence that names the user's file."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from bench.core.errors import BenchError
from bench.core.vectors import check_rows, open_vectors, write_fvecs
from bench.datasets.vector_files import rows as rows_module
from bench.datasets.vector_files.files import VectorFile, vector_file
from bench.datasets.vector_files.hdf5 import hdf5_rows
from bench.system.cache import Cache
from tests.support.small_dataset import clustered

ROWS = clustered(10, 3, 0).astype(np.float16).astype(np.float32)
WHOLE = np.rint(ROWS * 20)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_module, "BLOCK_BYTES", 48)  # two to four rows at a time


def bin_of(rows: NDArray[Any]) -> bytes:
    return np.uint32(rows.shape).tobytes() + rows.tobytes()


def lists(rows: NDArray[Any], kind: pa.DataType) -> pa.Table:
    return pa.table({"id": range(len(rows)), "emb": pa.array(rows.tolist(), kind)})


def zst(path: Path, content: bytes) -> None:
    with pa.CompressedOutputStream(str(path), "zstd") as stream:
        stream.write(content)


def stream(path: Path, table: pa.Table) -> None:
    with pa.ipc.new_stream(path, table.schema) as file:
        file.write_table(table, max_chunksize=3)


def hdf5(path: Path, attrs: dict[str, Any] | None = None, **arrays: Any) -> Path:
    with pytest.importorskip("h5py").File(path, "w") as file:
        for name, array in arrays.items():
            file[name] = array
        file.attrs.update(attrs or {})
    return path


def opened(path: Path, cache: Cache, **options: Any) -> VectorFile:
    return vector_file(str(path), "dataset.vectors", cache, **options)


FLOAT = pa.list_(pa.float32())
FORMATS: dict[str, Callable[[Path], Any]] = {
    "x.fvecs": lambda path: write_fvecs(path, [ROWS]),
    "x.fbin": lambda path: path.write_bytes(bin_of(ROWS)),
    "x.hbin": lambda path: path.write_bytes(bin_of(ROWS.astype("<f2"))),
    "x.f16bin": lambda path: path.write_bytes(bin_of(ROWS.astype("<f2"))),
    "x.npy": lambda path: np.save(path, ROWS),
    "float16.npy": lambda path: np.save(path, ROWS.astype(np.float16)),
    "float64.npy": lambda path: np.save(path, ROWS.astype(np.float64)),
    "big_endian.npy": lambda path: np.save(path, ROWS.astype(">f4")),
    "fortran.npy": lambda path: np.save(path, np.asfortranarray(ROWS.astype(np.float64))),
    "x.npz": lambda path: np.savez(path, ROWS),
    "compressed.npz": lambda path: np.savez_compressed(path, rows=ROWS.astype(np.float64)),
    "x.parquet": lambda path: pq.write_table(lists(ROWS, FLOAT), path, row_group_size=4),
    "fixed.parquet": lambda path: pq.write_table(lists(ROWS, pa.list_(pa.float64(), 3)), path),
    "large.parquet": lambda path: pq.write_table(lists(ROWS, pa.large_list(pa.float16())), path),
    "x.arrow": lambda path: stream(path, lists(ROWS, FLOAT)),
    "view.arrow": lambda path: stream(path, lists(ROWS, pa.list_view(pa.float32()))),
    "x.feather": lambda path: pa.feather.write_feather(lists(ROWS, pa.list_(pa.float32(), 3)), path),
    "x.hdf5": lambda path: hdf5(path, train=ROWS.astype(np.float64)),
    "x.h5": lambda path: hdf5(path, train=ROWS),
    "x.fbin.gz": lambda path: path.write_bytes(gzip.compress(bin_of(ROWS))),
    "x.hbin.gz": lambda path: path.write_bytes(gzip.compress(bin_of(ROWS.astype("<f2")))),
    "x.fbin.zst": lambda path: zst(path, bin_of(ROWS)),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_rows(tmp_path: Path, cache: Cache, name: str) -> None:
    FORMATS[name](tmp_path / name)
    file = opened(tmp_path / name, cache)
    rows = open_vectors(file.path)
    assert rows.dtype == np.float32
    assert np.array_equal(rows, ROWS)
    assert file.name.startswith(str(tmp_path / name))
    check_rows(file.path)


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.int64, np.float64])
def test_wider_numbers_become_float32(tmp_path: Path, cache: Cache, dtype: Any) -> None:
    np.save(tmp_path / "x.npy", WHOLE.astype(dtype))
    rows = open_vectors(opened(tmp_path / "x.npy", cache).path)
    assert rows.dtype == np.float32
    assert np.array_equal(rows, WHOLE)


@pytest.mark.parametrize(("dtype", "stored"), [(np.int8, np.int8), (np.uint8, np.uint8), (np.bool_, np.uint8)])
def test_bytes_stay_bytes(tmp_path: Path, cache: Cache, dtype: Any, stored: Any) -> None:
    rows = np.abs(WHOLE).clip(0, 100).astype(dtype)
    np.save(tmp_path / "x.npy", rows)
    paths = [tmp_path / "x.npy", hdf5(tmp_path / "x.hdf5", train=rows)]
    if dtype is not np.bool_:
        paths.append(tmp_path / "x.parquet")
        pq.write_table(lists(rows, pa.list_(pa.from_numpy_dtype(dtype))), paths[-1])
    for path in paths:
        read = open_vectors(opened(path, cache).path)
        assert read.dtype == stored
        assert np.array_equal(read, rows)


def test_several_files_are_read_in_natural_order(tmp_path: Path, cache: Cache) -> None:
    for shard in range(11):
        pq.write_table(lists(ROWS + shard, FLOAT), tmp_path / f"train-{shard}-of-11.parquet")
    file = opened(tmp_path / "train-*.parquet", cache)
    assert np.array_equal(open_vectors(file.path), np.vstack([ROWS + shard for shard in range(11)]))
    write_fvecs(tmp_path / "a.fvecs", [ROWS[:4]])
    np.save(tmp_path / "b.npy", ROWS[4:].astype(np.float64))
    assert np.array_equal(open_vectors(opened(tmp_path / "[ab].*", cache).path), ROWS)
    np.save(tmp_path / "b.npy", ROWS[:, :2])
    with pytest.raises(BenchError, match=r"b.npy has vectors of 2 dimensions, but .*a.fvecs has 3"):
        opened(tmp_path / "[ab].*", cache)


def test_the_column_is_named_or_the_only_one(tmp_path: Path, cache: Cache) -> None:
    path = tmp_path / "x.parquet"
    tags, two = pa.array([[1, 2]] * 10), pa.array((ROWS * 2).tolist(), FLOAT)
    pq.write_table(lists(ROWS, FLOAT).append_column("tags", tags), path)
    assert np.array_equal(open_vectors(opened(path, cache).path), ROWS)
    pq.write_table(lists(ROWS, FLOAT).append_column("two", two), path)
    assert np.array_equal(open_vectors(opened(path, cache, column="two").path), ROWS * 2)
    for column, complaint in (
        (None, r"several columns of lists of numbers \(emb, two\); set dataset.column"),
        ("twp", "has no column 'twp'; did you mean 'two'"),
        ("id", "column 'id' has Arrow type int64, not lists of numbers"),
    ):
        with pytest.raises(BenchError, match=complaint):
            opened(path, cache, column=column)
    np.savez(tmp_path / "x.npz", one=ROWS, two=ROWS * 2)
    assert np.array_equal(open_vectors(opened(tmp_path / "x.npz", cache, column="two").path), ROWS * 2)
    with pytest.raises(BenchError, match=r"has 2 arrays \(one, two\); set dataset.column"):
        opened(tmp_path / "x.npz", cache)


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ([[1, 2], [3, 4], [5]], "row 2 has 1 values, but row 0 has 2"),
        ([[1, 2], [3, 4], None], "row 2 is missing"),
        ([[1, 2], [3, 4], [None, 5]], "row 2 has a missing value"),
        ([[], [], []], "row 0 has no values"),
        ([], "is empty; it should hold at least one vector"),
    ],
)
@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_rows_that_are_not_vectors_are_named(
    tmp_path: Path, cache: Cache, suffix: str, rows: list[Any], complaint: str
) -> None:
    path = tmp_path / f"x.{suffix}"
    table = pa.table({"emb": pa.array(rows, FLOAT)})
    pq.write_table(table, path) if suffix == "parquet" else stream(path, table)
    with pytest.raises(BenchError, match=rf"x.{suffix}: 'emb'.* {complaint}"):
        opened(path, cache)


@pytest.mark.parametrize(
    ("value", "complaint"), [(1e39, "has the value -1e[+]39, beyond the range"), (1e-60, "that float32 makes it zero")]
)
def test_values_that_leave_float32_are_refused(tmp_path: Path, cache: Cache, value: float, complaint: str) -> None:
    wide = ROWS.astype(np.float64)
    wide[7] = [0, -value, 0]
    np.save(tmp_path / "x.npy", wide)
    pq.write_table(lists(wide, pa.list_(pa.float64())), tmp_path / "x.parquet")
    for path in (tmp_path / "x.npy", tmp_path / "x.parquet", hdf5(tmp_path / "x.hdf5", train=wide)):
        with pytest.raises(BenchError, match=f"{path.name}.*: row 7 .*{complaint}"):
            opened(path, cache)


@pytest.mark.parametrize(
    "array", [np.zeros(3), np.zeros((0, 3)), np.zeros((2, 2), "U1"), np.zeros((2, 2), complex), np.zeros((2, 2, 2))]
)
def test_arrays_that_are_not_vectors_are_refused(tmp_path: Path, cache: Cache, array: NDArray[Any]) -> None:
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(BenchError, match=r"x.npy (holds .*; vectors are \[n, d\] of real numbers|is empty)"):
        opened(tmp_path / "x.npy", cache)


def test_a_file_of_another_kind_is_refused(tmp_path: Path, cache: Cache) -> None:
    with pytest.raises(BenchError, match=r"there is no file .*x.fvecs \(dataset.vectors\)"):
        opened(tmp_path / "x.fvecs", cache)
    (tmp_path / "x.csv").write_text("1,2\n")
    with pytest.raises(BenchError, match=r"x.csv: vectors are read from .*, not from '.csv'"):
        opened(tmp_path / "x.csv", cache)
    with pytest.raises(BenchError, match=r"is a folder \(dataset.vectors\); name the file"):
        opened(tmp_path, cache)
    (tmp_path / "link.npy").symlink_to(tmp_path / "nowhere")
    with pytest.raises(BenchError, match=r"link.npy is not a file that can be read"):
        opened(tmp_path / "link.npy", cache)


@pytest.mark.parametrize("name", ["x.fbin.gz", "x.fbin.zst", "x.parquet", "compressed.npz", "x.hdf5", "x.arrow"])
def test_half_a_file_is_refused_by_its_name(tmp_path: Path, cache: Cache, name: str) -> None:
    path = tmp_path / name
    FORMATS[name](path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with pytest.raises(BenchError, match=f"{name} is not a readable .*"):
        opened(path, cache)


def test_errors_within_packed_files_name_the_packed_file(tmp_path: Path, cache: Cache) -> None:
    path = tmp_path / "x.fbin.gz"
    path.write_bytes(gzip.compress(bin_of(ROWS)[:-4]))
    file = opened(path, cache)
    assert file.name == str(path)
    path = tmp_path / "x.hbin.gz"
    path.write_bytes(gzip.compress(bin_of(ROWS.astype("<f2"))[:-2]))
    with pytest.raises(BenchError, match=rf"^{path} has 66 bytes, but its first 8 promise 10 rows"):
        opened(path, cache)


def test_packed_files_do_not_become_large_ones(tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.datasets.vector_files.unpack._MOST_EXPANSION", 2)
    zeros = bin_of(np.zeros((1 << 20, 8), np.float32))
    (tmp_path / "bomb.fbin.gz").write_bytes(gzip.compress(zeros))
    np.savez_compressed(tmp_path / "bomb.npz", np.zeros((1 << 20, 8), np.float32))
    for name in ("bomb.fbin.gz", "bomb.npz"):
        with pytest.raises(BenchError, match=f"{name} expands to more than 2 times its size; it is damaged"):
            opened(tmp_path / name, cache)


@pytest.mark.parametrize(
    ("distance", "stated"),
    [("euclidean", "euclidean"), (np.bytes_("angular"), "angular"), ("Cosine ", "Cosine"), (np.array([b"ip"]), "ip"),
     ("", None), (3, None), (None, None)],
)  # fmt: skip
def test_the_stated_distance_is_read_in_any_type(tmp_path: Path, distance: Any, stated: str | None) -> None:
    attrs = {} if distance is None else {"distance": distance}
    assert hdf5_rows(hdf5(tmp_path / "x.hdf5", attrs, train=ROWS), "train").stated == stated


def test_other_hdf5_is_refused(tmp_path: Path, cache: Cache) -> None:
    (tmp_path / "broken.hdf5").write_bytes(b"no HDF5")
    with pytest.raises(BenchError, match=r"broken.hdf5 is not a readable HDF5 file"):
        opened(tmp_path / "broken.hdf5", cache)
    with pytest.raises(BenchError, match=r"x.hdf5 has no 'test' \(found train\)"):
        opened(hdf5(tmp_path / "x.hdf5", train=ROWS), cache, role="test")
    with pytest.raises(BenchError, match=r"flat.hdf5: 'train' holds float32\[30\]; vectors are \[n, d\]"):
        opened(hdf5(tmp_path / "flat.hdf5", train=ROWS.ravel()), cache)
    with pytest.raises(BenchError, match=r"sets.hdf5 holds sets \(its type is 'sparse'\)"):
        opened(hdf5(tmp_path / "sets.hdf5", {"type": "sparse"}, train=ROWS.ravel()), cache)
    with pytest.raises(BenchError, match=r"group.hdf5: 'train' is a group"):
        opened(hdf5(tmp_path / "group.hdf5", **{"train/a": ROWS}), cache)


def test_a_chunk_that_does_not_decompress_names_the_file(tmp_path: Path, cache: Cache) -> None:
    h5py, path = pytest.importorskip("h5py"), tmp_path / "x.hdf5"
    with h5py.File(path, "w") as file:
        file.create_dataset("train", data=clustered(500, 120, 0), chunks=(100, 120), compression="gzip")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400] = bytes(400)
    path.write_bytes(content)
    with pytest.raises(BenchError, match=f"^{path} is not a readable HDF5 file: OSError"):
        opened(path, cache)
