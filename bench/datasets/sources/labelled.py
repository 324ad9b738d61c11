"""Sets of labelled items, whose queries ask for labels: YFCC of big-ann-benchmarks, and those of DiskANN."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from bench.datasets.dataset import Dataset
from bench.datasets.labels import label_attributes, label_filters
from bench.datasets.sources.source import checked, metric_of_key, part_of, truth_part
from bench.datasets.vector_files.files import file_of, vector_file
from bench.system.cache import Cache


@dataclass
class LabelledSource:
    """Files of a folder: vectors and queries, the labels of each, and perhaps the answers.

    The labels of a query are its filter, for `workload=given`: an item passes if it has all of them.
    """

    kind: ClassVar[str] = "labelled"
    name: str
    path: str
    vectors: str
    queries: str
    labels: str
    query_labels: str
    truth: str | None = None
    metric: str | None = None

    def open(self, cache: Cache) -> Dataset:
        """See `Source.open`."""
        vectors = vector_file(self._file(self.vectors), "dataset.vectors", cache)
        queries = vector_file(self._file(self.queries), "dataset.queries", cache)
        labels = file_of(self._file(self.labels), "dataset.labels")
        query_labels = file_of(self._file(self.query_labels), "dataset.query_labels")
        return checked(
            self.name,
            vectors,
            queries,
            metric_of_key(self.metric, vectors),
            cache,
            attributes=part_of(label_attributes(labels, cache), labels),
            filters=part_of(label_filters(query_labels, cache), query_labels),
            truth=truth_part(self._file(self.truth), "dataset.truth", cache) if self.truth else None,
        )

    def _file(self, name: str) -> str:
        return str(Path(self.path).expanduser() / name)

    def state(self) -> str:
        """See `Source.state`."""
        files = (self.vectors, self.queries, self.labels, self.query_labels, *filter(None, [self.truth]))
        return "here" if all(Path(self._file(name)).is_file() for name in files) else "not here"
