"""Files of vectors, queries, attributes and answers in any format, each named by a key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from bench.core.errors import BenchError
from bench.datasets.dataset import Dataset
from bench.datasets.sources.source import Part, attributes_part, checked, metric_of_key, truth_part
from bench.datasets.vector_files import hdf5
from bench.datasets.vector_files.files import TABLES, VectorFile, file_of, files_of, vector_file
from bench.system.cache import Cache


@dataclass
class VectorsSource:
    """Vector files of any collection, with attributes from a file (Parquet or JSON lines) or without.

    An HDF5 file brings queries, true answers and a metric along; those that are given win.
    """

    kind: ClassVar[str] = "vectors"
    name: str
    vectors: str
    queries: str | None = None
    attributes: str | None = None
    metric: str | None = None
    truth: str | None = None
    column: str | None = None

    def open(self, cache: Cache) -> Dataset:
        """See `Source.open`."""
        self._check_keys()
        vectors = vector_file(self.vectors, "dataset.vectors", cache, self.column)
        queries = self._queries(cache)
        metric = metric_of_key(self.metric, vectors, queries)
        attributes, truth = self._attributes(cache), self._truth(cache)
        return checked(self.name, vectors, queries, metric, cache, attributes=attributes, truth=truth)

    def _check_keys(self) -> None:
        """Check what can be checked without a file."""
        if self.queries is None and not _is_hdf5(self.vectors):
            raise BenchError(f"dataset.queries is not set; set it to the file of query vectors for {self.vectors}")
        files = [self.vectors, *filter(None, [self.queries])]
        if self.column is not None and not any(Path(file).suffix in (*TABLES, ".npz") for file in files):
            raise BenchError(f"dataset.column={self.column}: none of {', '.join(files)} has columns")

    def _queries(self, cache: Cache) -> VectorFile:
        if self.queries is not None:
            return vector_file(self.queries, "dataset.queries", cache, self.column, role=hdf5.QUERIES)
        return vector_file(self.vectors, "dataset.vectors", cache, role=hdf5.QUERIES)

    def _truth(self, cache: Cache) -> Part | None:
        if self.truth is not None:
            return truth_part(self.truth, "dataset.truth", cache)
        if self.queries is None and hdf5.has_dataset(file_of(self.vectors, "dataset.vectors"), hdf5.ANSWERS):
            return truth_part(self.vectors, "dataset.vectors", cache)
        return None

    def _attributes(self, cache: Cache) -> Part | None:
        if self.attributes is None:
            return None
        return attributes_part(file_of(self.attributes, "dataset.attributes"), cache)

    def state(self) -> str:
        """See `Source.state`."""
        try:
            for path in filter(None, (self.vectors, self.queries, self.attributes, self.truth)):
                files_of(path, "")
        except BenchError:
            return "not here"
        return "here"


def _is_hdf5(path: str) -> bool:
    return Path(path).suffix in hdf5.SUFFIXES
