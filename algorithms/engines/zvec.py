"""zvec: an HNSW, or a scan where few items pass."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import zvec
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, Data, Info, param
from algorithms.engines.engine import Engine
from algorithms.engines.fields import VECTOR, Chunk, Field, chunks_of, fields_of
from algorithms.engines.zvec_filters import ZvecFilters
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
    copies = True
    _collection: Any

    def create(self, data: Data) -> None:
        """See `Engine.create`."""
        _initialise(data.threads)
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
            for status in self._collection.insert(_documents(chunk)):
                if not status.ok():
                    raise RuntimeError(status.message())
        self._collection.optimize(zvec.OptimizeOption(concurrency=data.threads))

    def close(self) -> None:
        """See `Engine.close`."""
        self._collection.close()

    def open(self, data: Data) -> None:
        """See `Engine.open`."""
        _initialise(data.threads)
        self._collection = zvec.open(str(self.folder / "items"), zvec.CollectionOption(read_only=True))
        self._filters = ZvecFilters(fields_of(data))

    def write(self, filter_: Filter) -> str:
        """See `Engine.write`."""
        return self._filters.condition(filter_)

    def nearest(self, query: NDArray[np.float32], written: str, k: int, params: Search) -> list[int]:
        """See `Engine.nearest`."""
        asked = zvec.Query(field_name=VECTOR, vector=query, param=zvec.HnswQueryParam(ef=max(params.ef, k)))
        documents = self._collection.query(asked, topk=k, filter=written, output_fields=[])
        return [int(document.id) for document in documents]


def _documents(chunk: Chunk) -> list[Any]:
    """Return items as documents."""
    rows = zip(*chunk.columns.values(), strict=True) if chunk.columns else [()] * len(chunk.vectors)
    fields = [dict(zip(chunk.columns, row, strict=True)) for row in rows]
    vectors = [{VECTOR: vector} for vector in chunk.vectors]
    return [zvec.Doc(str(item), None, *both) for item, *both in zip(chunk.ids, vectors, fields, strict=True)]


@cache
def _initialise(threads: int) -> None:
    """Set what holds for the process, once; errors are raised as well as printed."""
    zvec.init(query_threads=threads, optimize_threads=threads, log_level=zvec.LogLevel.FATAL)


def _schema(field: Field) -> Any:
    """Return a column with an inverted list, which also answers ranges."""
    kind = getattr(zvec.DataType, ("ARRAY_" if field.is_set else "") + _TYPES[field.value_type])
    return zvec.FieldSchema(field.name, kind, True, zvec.InvertIndexParam(enable_range_optimization=True))
