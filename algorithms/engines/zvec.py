"""zvec: an HNSW, or a scan where few items pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import zvec
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, Data, Info, param
from algorithms.engines.engine import Engine
from algorithms.engines.fields import VECTOR, Field, chunks_of, fields_of
from algorithms.engines.sql import ZvecSql
from bench.core.filters import Filter
from bench.core.metrics import Metric

_DISTANCES = {
    Metric.L2: zvec.MetricType.L2,
    Metric.COSINE: zvec.MetricType.COSINE,
    Metric.IP: zvec.MetricType.IP,
}
_TYPES = {str: "STRING", int: "INT64", float: "DOUBLE", bool: "BOOL"}


@dataclass(frozen=True)
class Build:
    """Build parameters."""

    M: int = param(50, "edges per node", low=2)
    ef_construction: int = param(500, "width of the search for edges", low=1)


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    ef: int = param(300, "width of the search", low=1)


class Zvec(Engine[str]):
    """Evaluates the filter by inverted indexes, and scans what passes where that is little.

    Otherwise the graph is walked. The thresholds are those that zvec has by itself.
    """

    info = Info(
        holds_vectors=True,
        paper="zvec",
        year=2026,
        approach="in-filtering",
        technique="graph",
        serves=ALL_FILTERS,
        libraries=("zvec",),
        metrics=frozenset(_DISTANCES),
    )
    BuildParams = Build
    SearchParams = Search
    _collection: Any

    def create(self, data: Data) -> None:
        """See `Engine.create`."""
        zvec.init(query_threads=data.threads, optimize_threads=data.threads)
        fields = list(fields_of(data).values())
        graph = zvec.HnswIndexParam(
            metric_type=_DISTANCES[data.metric], m=self.params.M, ef_construction=self.params.ef_construction
        )
        schema = zvec.CollectionSchema(
            name="items",
            fields=[_schema(field) for field in fields],
            vectors=[zvec.VectorSchema(VECTOR, zvec.DataType.VECTOR_FP32, data.source.shape[1], graph)],
        )
        self._collection = zvec.create_and_open(str(self.folder / "items"), schema)
        for chunk in chunks_of(data):
            names = list(chunk.columns)
            rows = zip(*chunk.columns.values(), strict=True) if names else [()] * len(chunk.vectors)
            documents = [
                zvec.Doc(id=str(item), vectors={VECTOR: vector}, fields=dict(zip(names, row, strict=True)))
                for item, vector, row in zip(chunk.ids, chunk.vectors, rows, strict=True)
            ]
            for status in self._collection.insert(documents):
                if not status.ok():
                    raise RuntimeError(status.message())
        self._collection.optimize(zvec.OptimizeOption(concurrency=data.threads))

    def close(self) -> None:
        """See `Engine.close`."""
        self._collection.close()

    def open(self, data: Data) -> None:
        """See `Engine.open`."""
        zvec.init(query_threads=data.threads, optimize_threads=data.threads)
        self._collection = zvec.open(str(self.folder / "items"), zvec.CollectionOption(read_only=True))
        self._sql = ZvecSql(fields_of(data))

    def write(self, filter_: Filter) -> str:
        """See `Engine.write`."""
        return self._sql.condition(filter_).text

    def nearest(self, query: NDArray[np.float32], written: str, k: int, params: Search) -> list[int]:
        """See `Engine.nearest`."""
        asked = zvec.Query(field_name=VECTOR, vector=query, param=zvec.HnswQueryParam(ef=max(params.ef, k)))
        found = self._collection.query(asked, topk=k, filter=written, output_fields=[])
        return [int(document.id) for document in found]
