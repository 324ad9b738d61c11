"""Filters as the condition of a WHERE clause: what SQL dialects share, and what each writes in its own way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from algorithms.engines.fields import Field, Fields, positive_zero
from algorithms.engines.language import Language
from bench.core.columns import Value
from bench.core.errors import Unsupported
from bench.core.filters import Between, Filter

_LEAST_INTEGER = -(2**63)
_COMPARISONS = {"[": ">=", "(": ">", "]": "<=", ")": "<"}


@dataclass(frozen=True)
class Condition:
    """The condition of a WHERE clause.

    Attributes:
        text: the condition.
        values: those of its placeholders, in their order.
    """

    text: str
    values: tuple[object, ...]


class Sql(Language[str]):
    """A dialect of SQL whose values are parameters, so that none needs to be quoted or rounded.

    Attributes:
        placeholder: what stands for a value.
    """

    placeholder = "?"

    def __init__(self, fields: Fields) -> None:
        super().__init__(fields)
        self._values: list[object] = []

    def condition(self, filter_: Filter) -> Condition:
        """Return a filter as a condition.

        Raises:
            Unsupported: the dialect cannot express it.
        """
        self._values = []
        return Condition(self.write(filter_), tuple(self._values))

    def value(self, field: Field, value: Value) -> str:
        """Return what stands for a value of a field, and note the value."""
        self._values.append(positive_zero(value) if field.value_type is float else value)
        return self.placeholder

    def all(self, parts: Sequence[str]) -> str:
        """See `Language.all`."""
        return f"({' AND '.join(parts)})" if parts else "TRUE"

    def any(self, parts: Sequence[str]) -> str:
        """See `Language.any`."""
        return f"({' OR '.join(parts)})" if parts else "FALSE"

    def negated(self, part: str) -> str:
        """See `Language.negated`; an unknown part does not pass, so that its negation does."""
        return f"({part} IS NOT TRUE)"

    def equals(self, field: Field, value: Value) -> str:
        """See `Language.equals`."""
        return f"({field.name} = {self.value(field, value)})"

    def between(self, field: Field, leaf: Between) -> str:
        """See `Language.between`; where both ends are open, a value is all that is asked for."""
        ends = [(leaf.low, leaf.ends[0]), (leaf.high, leaf.ends[1])]
        parts = [
            f"{field.name} {_COMPARISONS[bracket]} {self.value(field, end)}" for end, bracket in ends if end is not None
        ]
        return self.all(parts or [f"{field.name} IS NOT NULL"])

    def holds_any(self, field: Field, values: Sequence[Value]) -> str:
        """See `Language.holds_any`; an array that overlaps another, as DuckDB and PostgreSQL write it."""
        return f"({field.name} && {self.array(field, values)})"

    def array(self, field: Field, values: Sequence[Value]) -> str:
        """Return an array of values."""
        return f"[{', '.join(self.value(field, value) for value in values)}]"

    def is_one_of(self, field: Field, values: Sequence[Value]) -> str:
        """See `Language.is_one_of`."""
        return f"({field.name} IN ({', '.join(self.value(field, value) for value in values)}))"

    def is_null(self, field: Field) -> str:
        """See `Language.is_null`."""
        return f"({field.name} IS NULL)"


class SqliteSql(Sql):
    """The SQL of SQLite, which has no arrays: the words of sets are rows of a table of their own."""

    def holds_any(self, field: Field, values: Sequence[Value]) -> str:
        """See `Language.holds_any`."""
        words = ", ".join(self.value(field, value) for value in values)
        return f"(id IN (SELECT item FROM words_{field.name} WHERE word IN ({words})))"


class PostgresSql(Sql):
    """The SQL of PostgreSQL, as psycopg takes it."""

    placeholder = "%s"

    def value(self, field: Field, value: Value) -> str:
        """See `Sql.value`.

        Raises:
            Unsupported: the value is a string with a null character.
        """
        if isinstance(value, str) and "\0" in value:
            raise Unsupported(f"PostgreSQL has no strings with null characters, such as {value!r}")
        return super().value(field, value)

    def array(self, field: Field, values: Sequence[Value]) -> str:
        """See `Sql.array`."""
        return f"ARRAY{super().array(field, values)}::{postgres_type(field)}"


_POSTGRES_TYPES = {str: "text", int: "bigint", float: "double precision", bool: "boolean"}


def postgres_type(field: Field) -> str:
    """Return the type of a column in PostgreSQL."""
    return _POSTGRES_TYPES[field.value_type] + ("[]" if field.is_set else "")


class LiteralSql(Sql):
    """A dialect whose values are written into the text."""

    def value(self, field: Field, value: Value) -> str:
        """Return a literal; quotes in strings are doubled."""
        if isinstance(value, str):
            quoted = value.replace("'", "''")
            return f"'{quoted}'"
        if isinstance(value, bool):
            return str(value).upper()
        return repr(positive_zero(value))


class LanceSql(LiteralSql):
    """The SQL of DataFusion."""

    def value(self, field: Field, value: Value) -> str:
        """See `LiteralSql.value`; the least integer would be read as the negative of one that is too large."""
        if isinstance(value, float) and math.isinf(value):
            return f"CAST('{value}' AS DOUBLE)"
        if isinstance(value, int) and value == _LEAST_INTEGER:
            return f"CAST('{value}' AS BIGINT)"
        return super().value(field, value)

    def holds_any(self, field: Field, values: Sequence[Value]) -> str:
        """See `Language.holds_any`."""
        return f"array_has_any({field.name}, {self.array(field, values)})"
