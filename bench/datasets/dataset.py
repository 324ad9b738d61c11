"""A dataset, opened and checked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.metrics import Metric
from bench.core.vectors import dense, open_vectors


@dataclass(frozen=True)
class Dataset:
    """The checked files of a dataset.

    Attributes:
        name: its name in results.
        vectors: path of the vectors of the items.
        queries: path of the query vectors.
        attributes: path of the attributes as Parquet; None if there are none.
        folder: the folder of the published layout; None for other layouts.
        metric: what the items are ranked by; under hamming, the vectors have a dimension per bit.
        digest: hex digest of the vectors, the queries and the metric.
        vectors_name: what errors call the vectors: the file of the user, with the key or column in it.
        filters: path of one filter per query as JSON lines, if the dataset brings filters along.
        truth: path of published answers, see `bench.datasets.answers.read_answers`: of the queries with these
            filters, or without filters if there are none.
        origins: the files and folders of the user, from which the others may have been derived.
    """

    name: str
    vectors: Path
    queries: Path
    attributes: Path | None
    folder: Path | None
    metric: Metric
    digest: str
    vectors_name: str
    filters: Path | None = None
    truth: Path | None = None
    origins: tuple[Path, ...] = ()

    @cached_property
    def shape(self) -> tuple[int, int]:
        """(n, d) of the items' vectors."""
        n, d = open_vectors(self.vectors).shape
        return n, d

    @property
    def number_of_queries(self) -> int:
        """How many query vectors there are."""
        return len(open_vectors(self.queries))

    def open_attributes(self) -> Attributes:
        """Open the attributes; a dataset without attributes has no columns."""
        return Attributes.open(self.attributes) if self.attributes else Attributes(self.shape[0], {})


def load_rows(path: Path, rows: slice = slice(None)) -> NDArray[np.float32]:
    """Read rows of a vector file as float32[rows, d], see `dense`."""
    return dense(open_vectors(path)[rows])
