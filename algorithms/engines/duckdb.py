"""DuckDB: an exact scan in SQL, over columns."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, Data, Info
from algorithms.engines.engine import Engine
from algorithms.engines.fields import ID, VECTOR, fields_of, table_of
from algorithms.engines.sql import Condition, Sql
from bench.core.filters import Filter
from bench.core.metrics import Metric

_DISTANCES = {
    Metric.L2: "array_distance",
    Metric.COSINE: "array_cosine_distance",
    Metric.IP: "array_negative_inner_product",
}


class DuckDb(Engine[Condition]):
    """Scans the rows that pass, and keeps the nearest.

    DuckDB notes the least and greatest value of every block of rows by itself, and skips blocks that cannot pass; its
    documentation advises against other indexes where more than one row in a thousand passes.
    """

    info = Info(
        holds_vectors=True,
        paper="DuckDB",
        year=2019,
        approach="pre-filtering",
        technique="none",
        serves=ALL_FILTERS,
        libraries=("duckdb",),
        metrics=frozenset(_DISTANCES),
    )
    _connection: duckdb.DuckDBPyConnection

    def create(self, data: Data) -> None:
        """See `Engine.create`."""
        self._connect(data, read_only=False)
        self._connection.register("given", table_of(data))
        self._connection.execute("CREATE TABLE items AS SELECT * FROM given")
        self._connection.unregister("given")

    def _connect(self, data: Data, *, read_only: bool) -> None:
        settings: dict[str, Any] = {"threads": data.threads, "autoinstall_known_extensions": False}
        self._connection = duckdb.connect(str(self.folder / "items.duckdb"), read_only=read_only, config=settings)

    def close(self) -> None:
        """See `Engine.close`."""
        self._connection.close()

    def open(self, data: Data) -> None:
        """See `Engine.open`."""
        self._connect(data, read_only=True)
        self._sql = Sql(fields_of(data))
        distance = f"{_DISTANCES[data.metric]}({VECTOR}, ?::FLOAT[{data.source.shape[1]}])"
        self._statement = f"SELECT {ID} FROM items WHERE {{}} ORDER BY {distance} LIMIT ?"

    def write(self, filter_: Filter) -> Condition:
        """See `Engine.write`."""
        return self._sql.condition(filter_)

    def nearest(self, query: NDArray[np.float32], written: Condition, k: int, params: Any) -> list[int]:
        """See `Engine.nearest`."""
        statement = self._statement.format(written.text)
        rows = self._connection.execute(statement, [*written.values, query.tolist(), k]).fetchall()
        return [row[0] for row in rows]
