"""Kuzu, the database of NaviX's authors: an HNSW that is searched within a graph of what passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import kuzu
import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, Data, Info, param
from algorithms.engines.cypher import Cypher, quoted
from algorithms.engines.engine import Engine, Prepared
from algorithms.engines.fields import ID, VECTOR, fields_of, table_of
from bench.core.filters import Filter
from bench.core.masks import FilterBatch
from bench.core.metrics import Metric

_DISTANCES = {Metric.L2: "l2sq", Metric.COSINE: "cosine"}
_TYPES = {str: "STRING", int: "INT64", float: "DOUBLE", bool: "BOOL"}


@dataclass(frozen=True)
class Build:
    """Build parameters."""

    M: int = param(30, "edges per node in the upper layer (mu)", low=2)
    M_lower: int = param(60, "edges per node in the lower layer (ml)", low=2)
    ef_construction: int = param(200, "width of the search for edges (efc)", low=1)


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    ef: int = param(200, "width of the search (efs)", low=1)


class Kuzu(Engine[str]):
    """Evaluates the filter for all items, and lets its selectivity decide how the graph is walked (NaviX).

    A filter is a projected graph, which is defined in `prepare` and evaluated by every search. Kuzu has indexes over
    primary keys and vectors only, so that it reads the whole column of an attribute.
    """

    info = Info(
        holds_vectors=True,
        paper="Kuzu (Sehgal and Salihoglu, NaviX: A Native Vector Index Design for Graph DBMSs)",
        year=2025,
        approach="in-filtering",
        technique="graph",
        serves=ALL_FILTERS,
        libraries=("kuzu",),
        metrics=frozenset(_DISTANCES),
    )
    BuildParams = Build
    SearchParams = Search
    copies = True
    _database: kuzu.Database
    _connection: kuzu.Connection

    def create(self, data: Data) -> None:
        """See `Engine.create`."""
        self._connect(data)
        fields = fields_of(data).values()
        columns = [f"{field.name} {_TYPES[field.value_type]}{'[]' if field.is_set else ''}" for field in fields]
        columns = [f"{ID} INT64 PRIMARY KEY", f"{VECTOR} FLOAT[{data.source.shape[1]}]", *columns]
        self._connection.execute(f"CREATE NODE TABLE items ({', '.join(columns)})")
        file = self.folder / "items.parquet"
        pq.write_table(table_of(data), file)
        self._connection.execute(f"COPY items FROM {quoted(str(file))}")
        file.unlink()
        self._connection.execute(
            f"CALL CREATE_VECTOR_INDEX('items', 'graph', '{VECTOR}', mu := {self.params.M}, "
            f"ml := {self.params.M_lower}, efc := {self.params.ef_construction}, "
            f"metric := '{_DISTANCES[data.metric]}')"
        )

    def _connect(self, data: Data) -> None:
        path = str(self.folder / "items.kuzu")
        self._database = kuzu.Database(path, max_num_threads=data.threads)
        self._connection = kuzu.Connection(self._database, num_threads=data.threads)

    def close(self) -> None:
        """See `Engine.close`."""
        self._connection.close()
        self._database.close()

    def open(self, data: Data) -> None:
        """See `Engine.open`."""
        self._connect(data)
        self._cypher = Cypher(fields_of(data))
        self._graphs: list[str] = []

    def prepare(self, filters: FilterBatch) -> Prepared[str]:
        """Define a projected graph per filter, in place of those of the filters before."""
        for name in self._graphs:
            self._connection.execute(f"CALL DROP_PROJECTED_GRAPH('{name}')")
        self._graphs = []
        return super().prepare(filters)

    def write(self, filter_: Filter) -> str:
        """Return the name of a projected graph of the items that pass a filter."""
        name = f"graph{len(self._graphs)}"
        predicate = quoted(self._cypher.write(filter_))
        self._connection.execute(f"CALL PROJECT_GRAPH('{name}', {{'items': {predicate}}}, [])")
        self._graphs.append(name)
        return name

    def nearest(self, query: NDArray[np.float32], written: str, k: int, params: Search) -> list[int]:
        """See `Engine.nearest`."""
        result: Any = self._connection.execute(
            f"CALL QUERY_VECTOR_INDEX('{written}', 'graph', $query, {k}, efs := {max(params.ef, k)}) "
            f"RETURN node.{ID} ORDER BY distance",
            {"query": query.tolist()},
        )
        return [row[0] for row in result.get_all()]
