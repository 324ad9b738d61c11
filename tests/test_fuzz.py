"""Fuzzers: files that were damaged at random are read, or refused in one sentence that names the file."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.core.attributes import Attributes
from bench.core.encode import ordered
from bench.core.errors import BenchError
from bench.core.ivecs import write_ivecs
from bench.core.leaf import FilterType
from bench.core.vectors import check_rows, open_vectors, write_fvecs
from bench.datasets import hub
from bench.datasets.answers import read_answers
from bench.datasets.json_attributes import attributes_to_parquet, parquet_to_attributes
from bench.datasets.labels import write_attributes, write_label_filters
from bench.datasets.layout import read_filters
from bench.datasets.manifest import MANIFEST, damaged_files
from bench.datasets.sources.qdrant import queries_of
from bench.datasets.vector_files.files import rows_of
from bench.datasets.vector_files.rows import write_npy
from bench.datasets.vector_files.unpack import decompress, extract
from bench.results.store import Store
from bench.system.cache import Cache
from bench.tuning.trace import read_trace
from tests.support.public_sets import LABELS, write_spmat
from tests.support.rows import row

ROWS = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)
RECORDS = [
    {"number": i, "word": "abc"[i % 3], "flag": i % 2 == 0, "words": ["x", "y"][: i % 3]} | {"\u00e4": None}
    for i in range(30)
]


def _bvecs(path: Path) -> None:
    rows = np.zeros(20, np.dtype([("dim", "<i4"), ("row", "u1", (6,))]))
    rows["dim"] = 6
    rows.tofile(path)


def _hdf5(path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        file["train"], file["test"] = ROWS, ROWS[:3]
        file.attrs["distance"] = "angular"


def _lines(records: list[dict[str, Any]]) -> Callable[[Path], None]:
    return lambda path: path.write_text("".join(json.dumps(record) + "\n" for record in records)) and None


def _rows(path: Path) -> None:
    Store(path.parent.parent).write("a", 0, [row(), row(search_params={"ef": 3})], [])


def _trace(path: Path) -> None:
    values = {"dataset": "d", "workload": "w", "algorithm": "a", "tuner": "t", "queries": 3, "recall": 0.9}
    path.write_text(json.dumps(values | {"finished": True, "trace": [[{"M": 4}, True, 1.5], [{"M": 8}, False, 0.5]]}))


def _read_parquet(path: Path) -> None:
    attributes = Attributes.open(path)
    for name in attributes.kinds:
        attributes[name]
    parquet_to_attributes(path, path.with_suffix(".out"))


def _convert(path: Path) -> None:
    write_npy([rows_of(path, None, "train")], path.with_suffix(".out"))


def _extract(path: Path) -> None:
    extract(path, None, path.with_suffix(".npy"))
    _convert(path.with_suffix(".npy"))


def _decompress(path: Path) -> None:
    decompress(path, path.with_suffix(".out"))


def _labels(path: Path) -> None:
    write_attributes(path, path.with_suffix(".parquet"))
    write_label_filters(path, path.with_suffix(".out"))


def _queries(path: Path) -> None:
    for _ in queries_of(path):
        pass


def _zst(path: Path) -> None:
    with pa.CompressedOutputStream(str(path), "zstd") as stream:
        stream.write(ROWS.tobytes())


def _bin(dtype: Any) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(np.uint32(ROWS.shape).tobytes() + ROWS.astype(dtype).tobytes()) and None


def _table(path: Path) -> None:
    table = pa.table({"id": range(20), "emb": ROWS.tolist()})
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        with pa.ipc.new_file(path, table.schema) as file:
            file.write_table(table, max_chunksize=7)


FORMATS: dict[str, tuple[str, Callable[[Path], None], Callable[[Path], Any]]] = {
    "fvecs": ("v.fvecs", lambda path: write_fvecs(path, [ROWS]), check_rows),
    "bvecs": ("v.bvecs", _bvecs, check_rows),
    "ivecs": ("v.ivecs", lambda path: write_ivecs(path, list(np.arange(60).reshape(20, 3))), read_answers),
    "ibin": ("v.ibin", _bin(np.int32), read_answers),
    "fbin": ("v.fbin", _bin(np.float32), check_rows),
    "i8bin": ("v.i8bin", _bin(np.int8), check_rows),
    "hbin": ("v.hbin", _bin(np.float16), _convert),
    "float64 npy": ("v.npy", lambda path: np.save(path, ROWS.astype(float)), _convert),
    "npz": ("v.npz", lambda path: np.savez_compressed(path, ROWS), _extract),
    "gz": ("v.fbin.gz", lambda path: path.write_bytes(gzip.compress(ROWS.tobytes())) and None, _decompress),
    "spmat": ("v.spmat", lambda path: write_spmat(path, LABELS, 20), _labels),
    "labels": ("v.txt", lambda path: path.write_text("".join(f"{i},{i % 3}\n" for i in range(30))) and None, _labels),
    "tests of qdrant": ("t.jsonl", _lines([{"query": ROWS[i].tolist()} for i in range(9)]), _queries),
    "zst": ("v.fbin.zst", _zst, _decompress),
    "vectors parquet": ("v.parquet", _table, _convert),
    "arrow": ("v.arrow", _table, _convert),
    "npy": ("v.npy", lambda path: np.save(path, ROWS), lambda path: np.asarray(open_vectors(path)).sum()),
    "hdf5": ("v.hdf5", _hdf5, _convert),
    "parquet": ("a.parquet", lambda path: pq.write_table(pa.Table.from_pylist(RECORDS), path), _read_parquet),
    "attributes": ("a.jsonl", _lines(RECORDS), lambda path: attributes_to_parquet(path, path.with_suffix(".out"))),
    "filters": (
        "f.jsonl",
        _lines([{"range_start": i, "range_end": i + 3} for i in range(9)]),
        lambda path: read_filters(path, FilterType.R, "number", ordered([1])),
    ),
    "rows": ("results/runs/a-0.parquet", _rows, lambda path: Store(path.parent.parent).rows()),
    "trace": ("d/w/a-t.json", _trace, read_trace),
    "manifest": (
        MANIFEST,
        lambda path: path.write_text(json.dumps({"files": {"x": "00"}, "settings": {}})) and None,
        lambda path: damaged_files(path.parent),
    ),
    "download": (
        hub.MARK,
        lambda path: path.write_text(json.dumps({"repo": "r", "commit": "c", "sha256": {"x": "00"}})) and None,
        lambda path: hub.verify(path.parent),
    ),
    "seal": (
        "cache/seals/g-k",
        lambda path: Cache(path.parents[1]).file("g", "k", "", lambda out: out.touch()) and None,
        lambda path: Cache(path.parents[1]).file("g", "k", "", lambda out: out.touch()),
    ),
}


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """Return some bytes with a few changed, removed, repeated, inserted, or cut off."""
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 4))):
        at, length = int(rng.integers(len(changed) + 1)), int(rng.integers(1, 9))
        match int(rng.integers(6)):
            case 0:
                changed[at : at + length] = rng.bytes(length)
            case 1:
                del changed[at : at + length]
            case 2:
                changed[at:at] = changed[at : at + length]
            case 3:
                changed[at:at] = rng.bytes(length)
            case 4:
                changed[at : at + 1] = bytes([int(rng.choice([0, 1, 127, 128, 255, 34, 91, 92, 123]))])
            case 5 if rng.random() < 0.3:
                del changed[at:]
    return bytes(changed)


@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_file_is_read_or_refused(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    file, write, read = FORMATS[name]
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path)
    content = path.read_bytes()
    rng = np.random.default_rng(7)
    refusals: list[str] = []
    for _ in range(request.config.getoption("--mutations")):
        path.write_bytes(mutated(content, rng))
        try:
            read(path)
        except BenchError as error:
            refusals.append(str(error))
    assert not [text for text in refusals if "\n" in text]
    assert refusals or name == "seal"  # a damaged seal has its entry made again
