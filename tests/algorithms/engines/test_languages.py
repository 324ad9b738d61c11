"""Filters in the languages of engines: what is written, and what passes it where something here can evaluate it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from algorithms.base import Data
from algorithms.engines.fields import Field, chunks_of, fields_of, table_of
from algorithms.engines.qdrant_json import QdrantJson
from algorithms.engines.sql import LanceSql, LiteralSql, PostgresSql, Sql, SqliteSql
from bench.core.attributes import Attributes
from bench.core.columns import Kind
from bench.core.errors import Unsupported
from bench.core.filters import And, Between, Contains, Equals, Everything, Filter, In, IsNull, Not, Or
from bench.core.leaf import LEAVES, FilterType, Leaf
from tests.support import awkward
from tests.support.naive import items_of, passes
from tests.support.strategies import FILTERS, columns

FIELDS = {
    "name": Field("a0", Kind.CATEGORICAL, str),
    "price": Field("a1", Kind.ORDERED, float),
    "words": Field("a2", Kind.SET, str),
    "tags": Field("a3", Kind.SET, int),
}
NESTED = And((Equals("name", "it's"), Not(Or((Contains("words", '"'), Between("price", 0.1, None, "()"))))))
NULL = "a\0b"


def data_of(attributes: Attributes) -> Data:
    vectors = np.zeros((attributes.n, 2), np.float32)
    return Data(vectors, attributes, tuple(attributes.kinds), FilterType.C, threads=1, seed=0)


def expected(attributes: Attributes, filter_: Filter) -> list[int]:
    return [item for item, values in enumerate(items_of(attributes)) if passes(filter_, values)]


def in_sqlite(data: Data) -> sqlite3.Connection:
    """Return a database as `algorithms.engines.sqlite_vec` fills it, without vectors."""
    fields, chunk = list(fields_of(data).values()), next(chunks_of(data))
    database = sqlite3.connect(":memory:")
    database.execute(f"CREATE TABLE items (id INTEGER PRIMARY KEY, {', '.join(field.name for field in fields)})")
    for field in fields:
        if field.is_set:
            database.execute(f"CREATE TABLE words_{field.name} (word, item)")
            pairs = [(w, i) for i, held in zip(chunk.ids, chunk.columns[field.name], strict=True) for w in held or ()]
            database.executemany(f"INSERT INTO words_{field.name} VALUES (?, ?)", pairs)
            chunk.columns[field.name] = [None if held is None else 1 for held in chunk.columns[field.name]]
    rows = zip(chunk.ids, *chunk.columns.values(), strict=True)
    database.executemany(f"INSERT INTO items VALUES ({', '.join('?' * (len(fields) + 1))})", rows)
    return database


def found_by_sqlite(database: sqlite3.Connection, data: Data, filter_: Filter) -> list[int]:
    condition = SqliteSql(fields_of(data)).condition(filter_)
    rows = database.execute(f"SELECT id FROM items WHERE {condition.text} ORDER BY id", condition.values)
    return [row[0] for row in rows]


def test_sql_finds_what_passes_whatever_the_values() -> None:
    data = data_of(awkward.attributes())
    database = in_sqlite(data)
    for filter_ in awkward.filters():
        assert found_by_sqlite(database, data, filter_) == expected(data.attributes, filter_), filter_


@settings(deadline=None)
@given(attributes=columns(), filter_=FILTERS)
def test_sql_finds_what_passes_any_filter(attributes: Attributes, filter_: Filter) -> None:
    data = data_of(attributes)
    assert found_by_sqlite(in_sqlite(data), data, filter_) == expected(attributes, filter_)


def matches(json: dict[str, Any], payload: dict[str, Any]) -> bool:
    """Return whether a payload passes a condition, as Qdrant documents it."""
    match json:
        case {"is_empty": {"key": key}}:
            return key not in payload
        case {"key": key, "range": ends}:
            test = {"gte": float.__ge__, "gt": float.__gt__, "lte": float.__le__, "lt": float.__lt__}
            return key in payload and all(test[name](float(payload[key]), end) for name, end in ends.items())
        case {"key": key, "match": match}:
            asked = match.get("any", [match.get("value")])
            held = payload.get(key, [])
            return any(value in asked for value in (held if isinstance(held, list) else [held]))
    some = json.get("should")
    return (
        all(matches(part, payload) for part in json.get("must", ()))
        and not any(matches(part, payload) for part in json.get("must_not", ()))
        and (not some or any(matches(part, payload) for part in some))
    )


def payloads(data: Data) -> list[dict[str, Any]]:
    chunk = next(chunks_of(data))
    rows = zip(*chunk.columns.values(), strict=True)
    return [{name: value for name, value in zip(chunk.columns, row, strict=True) if value is not None} for row in rows]


def test_qdrants_json_finds_what_passes_whatever_the_values() -> None:
    within = {"numbers": [-(2**53), -1, 0, 1, 2**53]}
    data = data_of(awkward.attributes(**within))
    points, language = payloads(data), QdrantJson(fields_of(data))
    for filter_ in awkward.filters(**within):
        json = language.write(filter_)
        assert [i for i, point in enumerate(points) if matches(json, point)] == expected(data.attributes, filter_)


@pytest.mark.parametrize("end", [2**53 + 1, 2**63 - 1])
def test_qdrants_ranges_end_at_float64_only(end: int) -> None:
    data = data_of(awkward.attributes())
    with pytest.raises(Unsupported, match=str(end)):
        QdrantJson(fields_of(data)).write(Not(Between("number", None, end)))


@dataclass(frozen=True)
class Dialect:
    """How a dialect writes `NESTED`, and with which values."""

    language: type[Sql]
    text: str
    values: tuple[object, ...] = ()


DIALECTS = [
    Dialect(Sql, "((a0 = ?) AND (((a2 && [?]) OR (a1 > ?)) IS NOT TRUE))", ("it's", '"', 0.1)),
    Dialect(PostgresSql, "((a0 = %s) AND (((a2 && ARRAY[%s]::text[]) OR (a1 > %s)) IS NOT TRUE))", ("it's", '"', 0.1)),
    Dialect(LiteralSql, "((a0 = 'it''s') AND (((a2 && ['\"']) OR (a1 > 0.1)) IS NOT TRUE))"),
    Dialect(LanceSql, "((a0 = 'it''s') AND ((array_has_any(a2, ['\"']) OR (a1 > 0.1)) IS NOT TRUE))"),
]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.language.__name__)
def test_a_dialect_writes_trees(dialect: Dialect) -> None:
    condition = dialect.language(FIELDS).condition(NESTED)
    assert (condition.text, condition.values) == (dialect.text, dialect.values)


@pytest.mark.parametrize(
    ("filter_", "text"),
    [
        (Everything(), "TRUE"),
        (Or(()), "FALSE"),
        (In("name", ()), "FALSE"),
        (In("name", ("a", "b")), "(a0 IN ('a', 'b'))"),
        (In("tags", (1, -2)), "(a3 && [1, -2])"),
        (IsNull("words"), "(a2 IS NULL)"),
        (Between("price", None, None), "(a1 IS NOT NULL)"),
        (Between("price", -0.0, 1e300, "[)"), "(a1 >= 0.0 AND a1 < 1e+300)"),
    ],
)
def test_a_leaf_in_sql(filter_: Filter, text: str) -> None:
    assert LiteralSql(FIELDS).condition(filter_).text == text


def test_postgresql_has_no_null_characters() -> None:
    with pytest.raises(Unsupported, match="null characters"):
        PostgresSql(FIELDS).condition(Equals("name", NULL))


class Odd(Leaf):
    """A leaf that no language has heard of."""

    operator = "odd"
    kinds = (Kind.ORDERED,)

    def mask(self, column: Any, items: Any) -> Any:
        return column.values % 2 == 1


del LEAVES[Odd.operator]  # for nobody else


def test_an_unknown_leaf_is_refused_by_name() -> None:
    with pytest.raises(Unsupported, match="Sql has no expression for 'odd'"):
        Sql(FIELDS).condition(Not(Odd("price")))


def test_a_table_has_typed_columns_with_nulls() -> None:
    table = table_of(data_of(awkward.attributes()))
    types = {"id": "int64", "vector": "fixed_size_list<item: float>[2]", "a0": "string", "a1": "int64"}
    types |= {"a2": "double", "a3": "bool", "a4": "list<item: string>", "a5": "list<item: int64>"}
    assert {name: str(type_) for name, type_ in zip(table.column_names, table.schema.types, strict=True)} == types
    assert table["a0"].null_count == 12
    assert table["a4"].null_count == 8
