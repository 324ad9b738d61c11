"""Vector files: round trips, and errors for damaged files that name the row at fault."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from bench.core import vectors
from bench.core.errors import BenchError
from bench.core.vectors import check_rows, dense, open_vectors, write_fvecs
from tests.support.small_dataset import clustered

ROWS = clustered(10, 3, 0)


def fvecs(path: Path, rows: NDArray[np.float32] = ROWS) -> Path:
    write_fvecs(path, [rows])
    return path


def bvecs(path: Path, rows: NDArray[np.uint8]) -> Path:
    path.write_bytes(b"".join(np.int32(len(row)).tobytes() + row.tobytes() for row in rows))
    return path


def test_fvecs_written_in_blocks_are_read_as_one(tmp_path: Path) -> None:
    write_fvecs(tmp_path / "x.fvecs", [ROWS[:4], ROWS[4:9], ROWS[9:]])
    read = open_vectors(tmp_path / "x.fvecs")
    assert read.dtype == np.float32
    assert np.array_equal(read, ROWS)
    check_rows(tmp_path / "x.fvecs")


def test_bvecs_rows_of_any_length_are_read(tmp_path: Path) -> None:
    rows = np.arange(21, dtype=np.uint8).reshape(7, 3)  # rows of 7 bytes: lengths are not aligned to words
    path = bvecs(tmp_path / "x.bvecs", rows)
    assert np.array_equal(open_vectors(path), rows)
    check_rows(path)


@pytest.mark.parametrize(("suffix", "dtype"), [("fbin", np.float32), ("u8bin", np.uint8), ("i8bin", np.int8)])
def test_files_of_big_ann_are_mapped(tmp_path: Path, suffix: str, dtype: Any) -> None:
    rows = (np.arange(21) * 11 - 100).reshape(7, 3).astype(dtype)
    path = tmp_path / f"x.{suffix}"
    path.write_bytes(np.uint32(rows.shape).tobytes() + rows.tobytes())
    read = open_vectors(path)
    assert read.dtype == dtype
    assert isinstance(read, np.memmap)
    assert np.array_equal(read, rows)
    check_rows(path)


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.int8])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_is_read(tmp_path: Path, dtype: Any, order: Any) -> None:
    rows = np.asarray(np.arange(20).reshape(5, 4), dtype, order=order)
    np.save(tmp_path / "x.npy", rows)
    assert np.array_equal(open_vectors(tmp_path / "x.npy"), rows)
    check_rows(tmp_path / "x.npy")


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("x.fvecs", b"", "is empty"),
        ("x.bvecs", b"\x01", "is empty"),
        ("x.fvecs", np.int32(0).tobytes(), "first row claims 0 values"),
        ("x.fvecs", np.int32(-5).tobytes(), "first row claims -5 values"),
        ("x.txt", b"1 2 3", "'.txt' is not one of the formats"),
        ("x.ivecs", np.ones(4, "<i4").tobytes(), "'.ivecs' is not one of the formats"),
        ("x.fbin", b"", "has less than 8 bytes"),
        ("x.fbin", np.uint32([3, 0]).tobytes(), "promises 3 rows of 0 values"),
        ("x.u8bin", np.uint32([3, 2]).tobytes() + b"12345", "has 13 bytes, but its first 8 promise 3 rows of 2 values"),
        ("x.i8bin", np.uint32([3, 2]).tobytes() + b"1234567", "has 15 bytes"),
        ("x.fbin", np.uint32([2**32 - 1, 2**32 - 1]).tobytes(), "is truncated or not .fbin"),
        ("x.npy", b"", "not a readable .npy"),
        ("x.npy", b"PK\x03\x04 a zip file", "not a readable .npy"),
    ],
)
def test_files_that_are_not_vectors_are_refused(tmp_path: Path, name: str, content: bytes, complaint: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BenchError, match=complaint) as caught:
        open_vectors(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "array",
    [np.zeros(3, np.float32), np.zeros((0, 3), np.float32), np.zeros((2, 2), np.float16), np.zeros((2, 2), "U1")],
)
def test_npy_of_another_shape_or_type_is_refused(tmp_path: Path, array: NDArray[Any]) -> None:
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(BenchError, match=r"vectors are \[n, d\] of float32, uint8 or int8"):
        open_vectors(tmp_path / "x.npy")


def test_a_truncated_npy_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, ROWS)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BenchError, match=r"not a readable .npy"):
        open_vectors(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"there is no vector file .*x.fvecs"):
        open_vectors(tmp_path / "x.fvecs")


@pytest.mark.parametrize("lost", [1, 7, 12, 15])
def test_truncated_fvecs_are_refused_with_the_row(tmp_path: Path, lost: int) -> None:
    path = fvecs(tmp_path / "x.fvecs")
    path.write_bytes(path.read_bytes()[:-lost])
    with pytest.raises(BenchError, match=rf"x.fvecs.* row 9 is {lost} bytes short"):
        open_vectors(path)


def test_ragged_rows_are_refused_wherever_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = fvecs(tmp_path / "x.fvecs")
    rows = np.memmap(path, "<i4", mode="r+").reshape(10, 4)
    rows[7, 0] = 2
    rows.flush()
    open_vectors(path)  # only looks at a few rows
    monkeypatch.setattr(vectors, "_CHECK_BYTES", 24)  # two rows at a time
    with pytest.raises(BenchError, match="row 7 has 2 values, but row 0 has 3"):
        check_rows(path)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_rows_that_are_not_finite_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: float) -> None:
    rows = ROWS.copy()
    rows[6, 1] = rows[9, 2] = bad
    np.save(tmp_path / "x.npy", rows)
    monkeypatch.setattr(vectors, "_CHECK_BYTES", 48)
    for path in (fvecs(tmp_path / "x.fvecs", rows), tmp_path / "x.npy"):
        with pytest.raises(BenchError, match=f"{path.name}: row 6 has NaN or infinite values"):
            check_rows(path)


def test_large_finite_values_are_accepted(tmp_path: Path) -> None:
    check_rows(fvecs(tmp_path / "x.fvecs", np.full((2, 4), 1e18)))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux counts the pages of files")
@pytest.mark.parametrize("items", [None, np.random.default_rng(0).permutation(1 << 14)])
def test_vectors_that_were_copied_are_in_memory_once(items: NDArray[np.int64] | None, tmp_path: Path) -> None:
    write_fvecs(tmp_path / "x.fvecs", [np.ones((1 << 14, 512), np.float32)])
    rows, process = open_vectors(tmp_path / "x.fvecs"), psutil.Process()
    before = process.memory_info().shared
    copy = dense(rows, items)
    assert process.memory_info().shared - before < copy.nbytes / 4
    assert (rows[::1000] == 1).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.uint8])
def test_dense_rows_are_aligned_to_a_cache_line(dtype: type) -> None:
    rows = (np.arange(5000 * 34) % 251).reshape(5000, 34)[:, ::2].astype(dtype)
    strided = np.repeat(rows, 2, axis=1)[:, ::2]
    items = np.array([4999, 0, 0, 7])
    for given, taken, expected in (
        (strided, None, rows),
        (strided, items, rows[items]),
        (rows, items[:1], rows[items[:1]]),
    ):
        copy = dense(given, taken)
        assert copy.dtype == np.float32
        assert copy.flags.c_contiguous
        assert copy.ctypes.data % 64 == 0
        np.testing.assert_array_equal(copy, expected)
        assert dense(copy) is copy
