"""Files of answers: round trips, and errors for damaged files that name the row at fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.core.errors import BenchError
from bench.core.ivecs import read_ivecs, write_ivecs
from bench.datasets.answers import answer_file, read_answers
from bench.system.cache import Cache

IDS = np.arange(12).reshape(4, 3)


def test_ivecs_rows_may_differ_in_length(tmp_path: Path) -> None:
    path = tmp_path / "x.ivecs"
    write_ivecs(path, [np.array([3, 1, 2]), np.array([], np.int64), np.array([7]), np.array([5, -1])])
    assert read_ivecs(path).tolist() == [[3, 1, 2], [-1, -1, -1], [7, -1, -1], [5, -1, -1]]


def test_ivecs_may_have_no_rows(tmp_path: Path) -> None:
    write_ivecs(tmp_path / "x.ivecs", [])
    assert read_ivecs(tmp_path / "x.ivecs").shape == (0, 0)


@pytest.mark.parametrize(("lost", "complaint"), [(4, r"row 1 \(byte 12\) claims 3 ids"), (1, "row 1"), (8, "row 1")])
def test_truncated_ivecs_are_refused(tmp_path: Path, lost: int, complaint: str) -> None:
    path = tmp_path / "x.ivecs"
    write_ivecs(path, [np.array([1, 2]), np.array([1, 2, 3])])
    path.write_bytes(path.read_bytes()[:-lost])
    with pytest.raises(BenchError, match=complaint):
        read_ivecs(path)


def test_ivecs_with_extra_bytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.ivecs"
    write_ivecs(path, [np.array([1, 2])])
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(BenchError, match="not a whole number of int32"):
        read_ivecs(path)


def written(folder: Path, name: str, content: bytes) -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def of_file(path: Path, cache: Cache) -> Any:
    return read_answers(answer_file(str(path), "dataset.truth", cache)).tolist()


@pytest.mark.parametrize("distances", [b"", bytes(4 * IDS.size)], ids=["ids alone", "with distances"])
@pytest.mark.parametrize("suffix", ["ibin", "bin"])
def test_ibin_is_read(tmp_path: Path, cache: Cache, suffix: str, distances: bytes) -> None:
    content = np.uint32(IDS.shape).tobytes() + IDS.astype("<i4").tobytes() + distances
    assert of_file(written(tmp_path, f"x.{suffix}", content), cache) == IDS.tolist()
    with pytest.raises(BenchError, match=rf"x.{suffix} has {len(content) - 1} bytes, but its first 8 promise 4 rows"):
        of_file(written(tmp_path, f"x.{suffix}", content[:-1]), cache)


def test_answers_of_other_formats_are_converted(tmp_path: Path, cache: Cache) -> None:
    np.save(tmp_path / "x.npy", IDS)
    assert of_file(tmp_path / "x.npy", cache) == IDS.tolist()
    lists = [[3, 1], [], [2, 0, 5]]  # rows may differ in length
    pq.write_table(pa.table({"id": range(3), "neighbors_id": lists}), tmp_path / "x.parquet")
    assert of_file(tmp_path / "x.parquet", cache) == [[3, 1, -1], [-1, -1, -1], [2, 0, 5]]
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "x.hdf5", "w") as file:
        file["neighbors"] = IDS
        file.attrs["distance"] = "anything"
    assert of_file(tmp_path / "x.hdf5", cache) == IDS.tolist()


@pytest.mark.parametrize(
    ("array", "complaint"),
    [
        (IDS * 1.0, "x.npy holds float64; answers are integers"),
        (IDS[0], r"x.npy holds int64\[3\]; answers are \[queries, k\] of integers"),
        (IDS + (IDS == 7) * 2**31, "x.npy: row 2 has an id beyond the range of int32"),
    ],
)
def test_arrays_that_are_not_answers_are_refused(tmp_path: Path, cache: Cache, array: Any, complaint: str) -> None:
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(BenchError, match=complaint):
        of_file(tmp_path / "x.npy", cache)


def test_files_that_are_not_answers_are_refused(tmp_path: Path, cache: Cache) -> None:
    with pytest.raises(BenchError, match=r"there is no file .*x.ivecs \(dataset.truth\)"):
        of_file(tmp_path / "x.ivecs", cache)
    with pytest.raises(BenchError, match=r"x.txt: answers are .*, not '.txt'"):
        of_file(written(tmp_path, "x.txt", b"1 2"), cache)
