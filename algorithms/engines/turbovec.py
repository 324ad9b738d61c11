"""turbovec: a scan over vectors of 2 or 4 bits per dimension, with a mask of what passes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from turbovec import TurboQuantIndex

from algorithms.base import ALL_FILTERS, Algorithm, Data, Info, param
from bench.core.errors import Unsupported
from bench.core.masks import FilterBatch
from bench.core.metrics import Metric

_FILE = "index.tv"
_MULTIPLE = 8
_MOST_SPREAD = 1e-3

Groups = list[tuple[NDArray[np.int64], NDArray[np.bool_]]]


@dataclass(frozen=True)
class Build:
    """Build parameters."""

    bits: int = param(4, "bits per dimension", choices=(2, 4))


class Turbovec(Algorithm):
    """Scans the quantised vectors that a mask lets pass (TurboQuant).

    It ranks by inner products only. So it serves other distances where all vectors have the same length, and the order
    is the same.
    """

    info = Info(
        paper="turbovec",
        year=2026,
        approach="pre-filtering",
        technique="quantisation",
        serves=ALL_FILTERS,
        libraries=("turbovec",),
        metrics=frozenset({Metric.L2, Metric.IP}),
    )
    BuildParams = Build
    _index: TurboQuantIndex

    def build(self, data: Data) -> None:
        """Quantise the vectors.

        Raises:
            Unsupported: the library cannot rank these vectors.
        """
        vectors = data.vectors
        if vectors.shape[1] % _MULTIPLE:
            raise Unsupported(f"turbovec takes multiples of {_MULTIPLE} dimensions, not {vectors.shape[1]}")
        lengths = np.linalg.norm(vectors, axis=1)
        if data.metric is Metric.L2 and np.ptp(lengths) > _MOST_SPREAD * lengths.max():
            raise Unsupported("turbovec ranks by inner products, which differs where vectors differ in length")
        self._index = TurboQuantIndex(dim=vectors.shape[1], bit_width=self.params.bits)
        self._index.add(np.ascontiguousarray(vectors))

    def save(self, folder: Path) -> None:
        """Write the quantised vectors."""
        self._index.write(str(folder / _FILE))

    @classmethod
    def load(cls, folder: Path, params: Build, data: Data) -> Self:
        """Read the quantised vectors."""
        method = cls(params)
        method._index = TurboQuantIndex.load(str(folder / _FILE))
        return method

    def prepare(self, filters: FilterBatch) -> Groups:
        """Return for each distinct filter its queries and its mask."""
        return [(members, filters.mask(u)) for u, members in filters.groups()]

    def search(
        self, queries: NDArray[np.float32], prepared: Groups, k: int, params: Any, threads: int
    ) -> NDArray[np.int64]:
        """See `Algorithm.search`; the queries of one filter are searched together."""
        answers = np.full((len(queries), k), -1, np.int64)
        for members, mask in prepared:
            _, ids = self._index.search(queries[members], k, mask=mask)
            answers[members, : ids.shape[1]] = ids
        return answers
