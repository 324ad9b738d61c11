"""Qdrant, as the library that it is embedded by: a filterable HNSW, or a scan where few items pass."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import qdrant_edge as edge
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, Data, Info, param
from algorithms.engines.engine import Engine
from algorithms.engines.fields import Chunk, Field, chunks_of, fields_of
from algorithms.engines.qdrant_json import Json, QdrantJson
from bench.core.errors import Unsupported
from bench.core.filters import Filter
from bench.core.metrics import Metric

_DISTANCES = {
    Metric.L2: edge.Distance.Euclid,
    Metric.COSINE: edge.Distance.Cosine,
    Metric.IP: edge.Distance.Dot,
}
_INDEXES = {
    str: edge.PayloadSchemaType.Keyword,
    int: edge.PayloadSchemaType.Integer,
    float: edge.PayloadSchemaType.Float,
    bool: edge.PayloadSchemaType.Integer,
}


@dataclass(frozen=True)
class Build:
    """Build parameters; the thresholds are in KB of vectors, by default as Qdrant has them."""

    M: int = param(16, "edges per node; twice as many in the lowest layer", low=2)
    ef_construction: int = param(100, "width of the search for edges", low=1)
    full_scan_threshold: int = param(10_000, "where fewer KB of vectors pass a filter, they are scanned", low=1)
    indexing_threshold: int = param(10_000, "segments with fewer KB of vectors have no graph", low=1)


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    ef: int = param(64, "width of the search", low=1)
    acorn: bool = param(False, "whether nodes that fail the filter are looked through where at most 0.4 of all pass")


class Qdrant(Engine[Any]):
    """Estimates how many items pass, and scans them or walks the graph.

    The graph has edges besides those of HNSW: items with a value of an indexed attribute in common form a graph, which
    is merged into the one of all items.
    """

    info = Info(
        holds_vectors=True,
        paper="Qdrant (qdrant-edge)",
        year=2021,
        approach="hybrid index",
        technique="graph",
        serves=ALL_FILTERS,
        libraries=("qdrant-edge-py",),
        metrics=frozenset(_DISTANCES),
    )
    BuildParams = Build
    SearchParams = Search
    copies = True
    _shard: Any

    def create(self, data: Data) -> None:
        """See `Engine.create`; indexes of attributes come first, as the graph has edges for them."""
        fields = list(fields_of(data).values())
        self._shard = edge.EdgeShard.create(str(self.folder), self._config(data))
        for field in fields:
            self._shard.update(edge.UpdateOperation.create_field_index(field.name, _INDEXES[field.value_type]))
        for chunk in chunks_of(data):
            self._shard.update(edge.UpdateOperation.upsert_points(_points(chunk, fields)))
        while self._shard.optimize():
            pass

    def _config(self, data: Data) -> Any:
        return edge.EdgeConfig(
            vectors=edge.EdgeVectorParams(size=data.source.shape[1], distance=_DISTANCES[data.metric]),
            hnsw_config=edge.HnswIndexConfig(
                m=self.params.M,
                ef_construct=self.params.ef_construction,
                full_scan_threshold=self.params.full_scan_threshold,
                max_indexing_threads=data.threads,
            ),
            optimizers=edge.EdgeOptimizersConfig(indexing_threshold=self.params.indexing_threshold),
            max_search_threads=data.threads,
        )

    def close(self) -> None:
        """See `Engine.close`."""
        self._shard.flush()
        self._shard.close()

    def open(self, data: Data) -> None:
        """See `Engine.open`."""
        self._shard = edge.EdgeShard.load(str(self.folder), self._config(data))
        self._language = QdrantJson(fields_of(data))

    def write(self, filter_: Filter) -> Any:
        """See `Engine.write`."""
        return _condition({"must": [self._language.write(filter_)]})

    def nearest(self, query: NDArray[np.float32], written: Any, k: int, params: Search) -> list[int]:
        """See `Engine.nearest`."""
        request = edge.QueryRequest(
            limit=k,
            query=edge.Query.Nearest(query.tolist()),
            filter=written,
            params=edge.SearchParams(hnsw_ef=params.ef, acorn=edge.AcornSearchParams(enable=params.acorn)),
        )
        return [point.id for point in self._shard.query(request)]


def _points(chunk: Chunk, fields: Sequence[Field]) -> list[Any]:
    """Return items as points; what an item lacks is not in its payload.

    Raises:
        Unsupported: a number is infinite.
    """
    columns = dict(chunk.columns)
    for field in fields:
        values = columns[field.name]
        if field.value_type is float and any(value is not None and math.isinf(value) for value in values):
            raise Unsupported("Qdrant keeps attributes as JSON, in which no number is infinite")
        if field.value_type is bool:
            columns[field.name] = [None if value is None else int(value) for value in values]
    rows = zip(*columns.values(), strict=True) if columns else [()] * len(chunk.vectors)
    payloads = ({n: value for n, value in zip(columns, row, strict=True) if value is not None} for row in rows)
    return list(map(edge.Point, chunk.ids, chunk.vectors.tolist(), payloads))


def _condition(json: Json) -> Any:
    """Return a condition as an object of the library."""
    match json:
        case {"key": key, "match": {"value": value}}:
            return edge.FieldCondition(key, match=edge.MatchValue(value))
        case {"key": key, "match": {"any": values}}:
            return edge.FieldCondition(key, match=edge.MatchAny(values))
        case {"key": key, "range": ends}:
            return edge.FieldCondition(key, range=edge.RangeFloat(**ends))
        case {"is_empty": {"key": key}}:
            return edge.IsEmptyCondition(key)
    return edge.Filter(**{name: [_condition(part) for part in parts] for name, parts in json.items()})
