"""From a snapshot to the items of a dataset: derive attributes, drop duplicates, and choose by a seed."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bench.core.errors import BenchError, suggestion
from bench.core.progress import bar
from bench.datasets.json_attributes import PUBLISHED_KINDS, arrow_type
from bench.snapshot.read import Malformed, Record, read
from bench.system.files import atomic_file

_ROWS = 20_000
_TEXT = [("id", pa.string()), ("title", pa.string()), ("abstract", pa.string())]
SCHEMA = pa.schema([*_TEXT, *((name, arrow_type(kind)) for name, kind in PUBLISHED_KINDS.items())])
"""The columns of records and of items: id, title, abstract, and the eleven attributes."""

METHODS = ("first", "random", "stratified")
STRATA = ("year", "category")


@dataclass
class SampleConfig:
    """The key `sample` of ``configs/build.yaml``, which explains its keys."""

    method: str = "first"
    items: int | None = None
    by: str = "year"


def derive(metadata: Path, records: Path, report: Path) -> None:
    """Write the records of a snapshot as Parquet, and a report of malformed ones as JSON.

    Memory does not grow with the snapshot.

    Raises:
        BenchError: see `bench.snapshot.read.read`.
    """
    malformed = Malformed()
    with atomic_file(records) as path, pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for batch in _batches(read(metadata, malformed)):
            writer.write_table(_table(batch))
    with atomic_file(report) as path:
        path.write_text(json.dumps(asdict(malformed)))


def _batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    while batch := list(itertools.islice(records, _ROWS)):
        yield batch


def _table(batch: list[Record]) -> pa.Table:
    columns: dict[str, list[object]] = {
        "id": [r.id for r in batch],
        "title": [r.title for r in batch],
        "abstract": [r.abstract for r in batch],
    }
    columns |= {name: [r.attributes[name] for r in batch] for name in PUBLISHED_KINDS}
    return pa.table(columns, schema=SCHEMA)


def choose(
    records: Path, config: SampleConfig, seed: int, held_out: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows of `records` that become items, ascending, and those whose titles may become queries.

    Of several records of one arXiv id the last one counts, because a refreshed snapshot appends. Whether a record is
    chosen depends only on its id, the seed and the number of other records.

    Args:
        records: Parquet of `SCHEMA`.
        config: how to choose items.
        seed: of the choice.
        held_out: how many records to keep for queries.

    Raises:
        BenchError: there are fewer records than items and queries need.
    """
    for key, value, choices in (("method", config.method, METHODS), ("by", config.by, STRATA)):
        if value not in choices:
            raise BenchError(f"sample.{key}={value} is unknown{suggestion(value, choices)}")
    keys, strata = _keys(records, config.by, seed)
    rows = _last_of_each(keys[:, 0])
    count = len(rows) - held_out if config.items is None else config.items
    if not 1 <= count <= len(rows) - held_out:
        raise BenchError(
            f"sample.items={'null' if config.items is None else config.items} is out of range; there are {len(rows):,} "
            f"distinct records, of which {held_out:,} become queries"
        )
    order = rows[np.argsort(keys[rows, 1], kind="stable")]
    match config.method:
        case "first":
            items = rows[:count]
        case "random":
            items = order[:count]
        case _:
            items = _stratified(order, strata, count)
    others = order[~np.isin(order, items)]
    return np.sort(items), others[:held_out]


def _keys(records: Path, by: str, seed: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return uint64[n, 2], a hash of each id and its key in a random order, and int64[n], the strata."""
    column = "update_date" if by == "year" else "main_categories"
    names: dict[str, int] = {}
    keys, strata = [], []
    for batch in pq.ParquetFile(records).iter_batches(_ROWS, columns=["id", column]):
        ids = batch.column("id").to_pylist()
        keys.append(np.array([_hashes(id_, seed) for id_ in ids], np.uint64).reshape(-1, 2))
        if by == "year":
            dates = batch.column(column).to_numpy().astype("datetime64[D]")
            strata.append(dates.astype("datetime64[Y]").astype(np.int64))
        else:
            firsts = batch.column(column).to_pylist()
            strata.append(np.array([names.setdefault(first[0], len(names)) for first in firsts], np.int64))
    return np.concatenate(keys), np.concatenate(strata)


def _hashes(id_: str, seed: int) -> tuple[int, int]:
    word = id_.encode()
    return _hash(word), _hash(b"%d " % seed + word)


def _hash(word: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(word, digest_size=8).digest())


def _last_of_each(keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the ascending positions of the last of each group of equal keys."""
    _, from_the_end = np.unique(keys[::-1], return_index=True)
    return np.sort(len(keys) - 1 - from_the_end)


def _stratified(order: NDArray[np.int64], strata: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return `count` of the rows, with strata in proportion; the largest remainders are rounded up."""
    values, stratum_of, sizes = np.unique(strata[order], return_inverse=True, return_counts=True)
    quotas = sizes * count / len(order)
    take = np.floor(quotas).astype(np.int64)
    take[np.argsort(take - quotas, kind="stable")[: count - take.sum()]] += 1
    return np.concatenate([order[stratum_of == s][: take[s]] for s in range(len(values))])


def write_rows(records: Path, rows: NDArray[np.int64], items: Path, attributes: Path) -> None:
    """Write ascending rows of `records` as Parquet: all columns to `items`, the attributes to `attributes`."""
    kinds = list(PUBLISHED_KINDS)
    with (
        atomic_file(items) as whole,
        atomic_file(attributes) as part,
        pq.ParquetWriter(whole, SCHEMA, compression="zstd") as writer,
        pq.ParquetWriter(part, pa.schema([SCHEMA.field(name) for name in kinds]), compression="zstd") as columns_writer,
    ):
        start = 0
        with bar("choosing items", len(rows), "item") as progress:
            for batch in pq.ParquetFile(records).iter_batches(_ROWS):
                first, last = np.searchsorted(rows, [start, start + len(batch)])
                if last > first:
                    chosen = pa.table(batch.take(pa.array(rows[first:last] - start)), schema=SCHEMA)
                    writer.write_table(chosen)
                    columns_writer.write_table(chosen.select(kinds))
                    progress.update(last - first)
                start += len(batch)


def titles(records: Path, rows: NDArray[np.int64]) -> list[str]:
    """Return the titles of some rows, in the order of `rows`."""
    column = pq.read_table(records, columns=["title"]).column("title")
    return column.take(pa.array(rows)).to_pylist()
