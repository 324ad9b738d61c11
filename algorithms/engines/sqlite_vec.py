"""sqlite-vec: an exact scan in SQL, over rows that B-trees find."""

from __future__ import annotations

import apsw
import numpy as np
import sqlite_vec
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, Data, Info
from algorithms.engines.engine import Engine
from algorithms.engines.fields import Chunk, Field, chunks_of, fields_of
from algorithms.engines.sql import Condition, SqliteSql
from bench.core.filters import Filter
from bench.core.metrics import Metric

_DISTANCES = {Metric.L2: "vec_distance_L2", Metric.COSINE: "vec_distance_cosine"}
_TYPES = {str: "TEXT", int: "INTEGER", float: "REAL", bool: "INTEGER"}


class SqliteVec(Engine[Condition]):
    """Computes the distance to every row that passes.

    SQLite's planner chooses an index over an attribute, or several of them, by the statistics that ANALYZE gathers.
    The vectors are in an ordinary table: virtual tables of sqlite-vec are faster, but hold neither missing values nor
    sets, and take no condition with OR or NOT. A build and a search use one thread.
    """

    info = Info(
        holds_vectors=True,
        paper="sqlite-vec",
        year=2024,
        approach="pre-filtering",
        technique="none",
        serves=ALL_FILTERS,
        libraries=("apsw", "sqlite-vec"),
        metrics=frozenset(_DISTANCES),
    )
    _connection: apsw.Connection

    def create(self, data: Data) -> None:
        """See `Engine.create`; where an item has a set, its column holds 1."""
        fields = list(fields_of(data).values())
        self._connection = apsw.Connection(str(self.folder / "items.sqlite"))
        columns = [f"{field.name} {'INTEGER' if field.is_set else _TYPES[field.value_type]}" for field in fields]
        execute = self._connection.execute
        with self._connection:
            execute(f"CREATE TABLE items ({', '.join(['id INTEGER PRIMARY KEY', *columns, 'vector BLOB'])})")
            for field in filter(lambda field: field.is_set, fields):
                columns_of_words = f"word {_TYPES[field.value_type]}, item INTEGER, PRIMARY KEY (word, item)"
                execute(f"CREATE TABLE words_{field.name} ({columns_of_words}) WITHOUT ROWID")
            for chunk in chunks_of(data):
                self._insert(chunk, fields)
            for field in fields:
                execute(f"CREATE INDEX index_{field.name} ON items ({field.name})")
        execute("ANALYZE")

    def _insert(self, chunk: Chunk, fields: list[Field]) -> None:
        columns = dict(chunk.columns)
        for field in filter(lambda field: field.is_set, fields):
            words = columns[field.name]
            pairs = ((word, item) for item, held in zip(chunk.ids, words, strict=True) for word in held or ())
            self._connection.executemany(f"INSERT INTO words_{field.name} VALUES (?, ?)", pairs)
            columns[field.name] = [None if held is None else 1 for held in words]
        rows = zip(chunk.ids, *columns.values(), map(np.ndarray.tobytes, chunk.vectors), strict=True)
        self._connection.executemany(f"INSERT INTO items VALUES ({', '.join('?' * (len(fields) + 2))})", rows)

    def close(self) -> None:
        """See `Engine.close`."""
        self._connection.close()

    def open(self, data: Data) -> None:
        """See `Engine.open`."""
        path = (self.folder / "items.sqlite").absolute().as_uri()
        self._connection = apsw.Connection(f"{path}?immutable=1", apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
        self._connection.enable_load_extension(True)
        self._connection.load_extension(sqlite_vec.loadable_path())
        self._sql = SqliteSql(fields_of(data))
        distance = f"{_DISTANCES[data.metric]}(vector, ?)"
        self._statement = f"SELECT id FROM items WHERE {{}} ORDER BY {distance} LIMIT ?"

    def write(self, filter_: Filter) -> Condition:
        """See `Engine.write`."""
        return self._sql.condition(filter_)

    def nearest(self, query: NDArray[np.float32], written: Condition, k: int, params: object) -> list[int]:
        """See `Engine.nearest`."""
        statement = self._statement.format(written.text)
        return [row[0] for row in self._connection.execute(statement, (*written.values, query.tobytes(), k))]
