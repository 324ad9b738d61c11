"""Sets of VectorDBBench: Parquet files of vectors, labels and answers, which name items by their ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bench.core.errors import BenchError, suggestion
from bench.core.filter_json import to_json
from bench.core.filters import Equals
from bench.core.ivecs import write_ivecs
from bench.core.reading import reading
from bench.datasets.dataset import Dataset
from bench.datasets.sources.source import Part, checked, metric_of_key, part_of
from bench.datasets.vector_files.columns import open_table
from bench.datasets.vector_files.files import file_of, files_of, vector_file
from bench.system.cache import Cache
from bench.system.files import digest_of

_TRAIN = ("train.parquet", "train-*.parquet", "shuffle_train.parquet", "shuffle_train-*.parquet")
_TEST, _LABELS = "test.parquet", "scalar_labels.parquet"
_ID, _VECTOR, _LABEL, _NEIGHBOURS = "id", "emb", "labels", "neighbors_id"
_FORMAT = 1


@dataclass
class VectorDBBenchSource:
    """A folder with train.parquet (or shards of it, or shuffle_train.parquet), test.parquet and answers.

    Attributes:
        label: the value of the scalar label that all queries ask for, for `workload=given`; None for no filter.
    """

    kind: ClassVar[str] = "vectordbbench"
    name: str
    path: str
    label: str | None = None
    metric: str | None = None

    def open(self, cache: Cache) -> Dataset:
        """See `Source.open`."""
        train = files_of(str(self._folder / self._train()), "dataset.path")
        vectors = vector_file(str(self._folder / self._train()), "dataset.path", cache, _VECTOR)
        queries = vector_file(str(self._folder / _TEST), "dataset.path", cache, _VECTOR)
        ids = np.concatenate([_ids(path) for path in train])
        digest = digest_of(_FORMAT, [cache.digest(path) for path in train])
        return checked(
            self.name,
            vectors,
            queries,
            metric_of_key(self.metric),
            cache,
            attributes=self._attributes(ids, digest, cache),
            filters=self._filters(cache),
            truth=self._truth(ids, digest, cache),
        )

    @property
    def _folder(self) -> Path:
        return Path(self.path).expanduser()

    def _train(self) -> str:
        for name in _TRAIN:
            if any(self._folder.glob(name)):
                return name
        raise BenchError(f"dataset.path={self.path} has none of {', '.join(_TRAIN)}")

    def _attributes(self, ids: NDArray[np.int64], digest: str, cache: Cache) -> Part:
        """Return the ids and, if the set has them, the scalar labels of all items."""
        path = self._folder / _LABELS
        labels = path if path.is_file() else None
        key = digest_of(digest, cache.digest(path) if labels else None)
        derived = cache.file("attributes", key, ".parquet", lambda out: _write(ids, labels, out))
        return part_of(derived, labels or self._folder)

    def _filters(self, cache: Cache) -> Part | None:
        if self.label is None:
            return None
        labels = file_of(str(self._folder / _LABELS), "dataset.label")
        with reading(labels, "Parquet file of ids and labels"):
            present = set(pc.unique(pq.read_table(labels, columns=[_LABEL]).column(0)).to_pylist())
        if self.label not in present:
            raise BenchError(f"dataset.label={self.label}: {labels} has no such label{suggestion(self.label, present)}")
        n = open_table(self._folder / _TEST).n
        text = (to_json(Equals(_LABEL, self.label)) + "\n") * n

        def write(out: Path) -> None:
            out.write_text(text, encoding="utf-8")

        return part_of(cache.file("label_filters", digest_of(self.label, n), ".jsonl", write), labels)

    def _truth(self, ids: NDArray[np.int64], digest: str, cache: Cache) -> Part | None:
        """Return the answers with rows in place of ids, if the set has them."""
        name = "neighbors.parquet" if self.label is None else f"neighbors_{_LABEL}_{self.label}.parquet"
        path = self._folder / name
        if not path.is_file():
            return None
        key = digest_of(digest, cache.digest(path))
        return part_of(cache.file("answers", key, ".ivecs", lambda out: write_ivecs(out, _rows(path, ids))), path)

    def state(self) -> str:
        """See `Source.state`."""
        is_there = (self._folder / _TEST).is_file() and any(any(self._folder.glob(name)) for name in _TRAIN)
        return "here" if is_there else "not here"


def _ids(path: Path) -> NDArray[np.int64]:
    """Return the ids of the items of a file, in their order."""
    with reading(path, "Parquet file with ids"):
        column = pq.read_table(path, columns=[_ID]).column(_ID)
        return np.asarray(column.cast(pa.int64()), np.int64)


def _write(ids: NDArray[np.int64], labels: Path | None, out: Path) -> None:
    columns: dict[str, Any] = {_ID: pa.array(ids)}
    if labels is not None:
        with reading(labels, "Parquet file of ids and labels"):
            table = pq.read_table(labels, columns=[_ID, _LABEL])
            labelled = np.asarray(table.column(_ID), np.int64)
            rows, missing = _positions(ids, labelled, np.argsort(labelled, kind="stable"))
            if len(missing):
                raise BenchError(f"{labels} has no label of the item with the id {missing[0]}")
            columns[_LABEL] = table.column(_LABEL).take(pa.array(rows))
    pq.write_table(pa.table(columns), out, compression="zstd")


def _rows(path: Path, ids: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Yield the rows of the answers of each query."""
    order = np.argsort(ids, kind="stable")
    for query, answers in enumerate(open_table(path).lists(_NEIGHBOURS)):
        rows, missing = _positions(answers, ids, order)
        if len(missing):
            raise BenchError(f"{path}: row {query} has the id {missing[0]}, which no item has")
        yield rows


def _positions(
    wanted: NDArray[np.int64], ids: NDArray[np.int64], order: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where each wanted id stands among `ids`, which `order` sorts; and the ids that do not."""
    at = order[np.minimum(np.searchsorted(ids, wanted, sorter=order), len(ids) - 1)]
    return at, wanted[ids[at] != wanted]
